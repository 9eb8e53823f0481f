wald <- function(fit, name) summary(fit)$coefficients[name, "Pr(>|z|)"]
without <- function(d) if (d$adjusted[1] == 1) coxph(Surv(time, event) ~ z1 + z2, d) else NULL
likelihood <- function(d, fit) {
  less <- without(d)
  chi(2 * (fit$loglik[2] - if (is.null(less)) fit$loglik[1] else less$loglik[2]))
}
rank_score <- function(d) {  # the score test of the score at the covariates' estimates
  less <- without(d)
  init <- c(0, if (is.null(less)) NULL else coef(less))
  fit <- coxph(formula_of(d), d, init = init, control = coxph.control(iter.max = 0))
  chi(fit$score)
}
zph <- function(d, transform, row) cox.zph(coxph(formula_of(d), d), transform = transform)$table[row, "p"]
spline <- function(d, test, term) {
  knots <- rcspline.eval(d$score, nk = 4, knots.only = TRUE)
  b <- rcspline.eval(d$score, knots, inclx = TRUE)
  x <- cbind(b, if (d$adjusted[1] == 1) as.matrix(d[, c("z1", "z2")]))
  full <- coxph(Surv(d$time, d$event) ~ x)
  at <- if (term == "nonlinear") 2:3 else 1:3
  if (test == "Wald") return(chi(drop(coef(full)[at] %*% solve(vcov(full)[at, at], coef(full)[at])), length(at)))
  less <- if (term == "nonlinear") coxph(formula_of(d), d) else without(d)
  base <- if (is.null(less)) full$loglik[1] else less$loglik[2]
  chi(2 * (full$loglik[2] - base), length(at))
}
two_models <- function(d) {
  a <- coxph(Surv(time, event) ~ noise, d); b <- coxph(Surv(time, event) ~ z2, d)
  con <- concordance(a, b)
  z <- diff(con$concordance) / sqrt(sum(c(1, -1) * (con$var %*% c(1, -1))))
  2 * pnorm(-abs(z))
}
landmark <- function(d) {
  at <- quantile(d$time, 0.25)
  later <- d[d$time > at, ]; later$time <- later$time - at
  wald(coxph(formula_of(later), later), "score")
}
jackknife <- function(d) {
  fit <- function(d) unname(coef(coxph(Surv(cluster_time, cluster_event) ~ cluster_score, d)))
  groups <- unique(d$cluster); b <- fit(d)
  apart <- sapply(groups, function(g) fit(d[d$cluster != g, ])) - b
  2 * pt(-abs(b) / sqrt(sum(apart^2) * (length(groups) - 1) / length(groups)), length(groups) - 1)
}

cox_calls <- list(
  "interplay, product of two scores" = list("coxph", function(d)
    wald(coxph(formula_of(d, more = c("noise", "I(scale(score) * scale(noise))")), d), "I(scale(score) * scale(noise))")),
  "interplay, product of two scores, beside their squares" = list("coxph", function(d) {
    d$a <- drop(scale(d$score)); d$b <- drop(scale(d$noise)); d$ab <- d$a * d$b; d$aa <- d$a^2; d$bb <- d$b^2
    wald(coxph(formula_of(d, more = c("b", "aa", "bb", "ab")), d), "ab")
  }),
  "Cox, delayed entry" = list("coxph(Surv(entry, time, event))", function(d)
    wald(coxph(formula_of(d, "Surv(entry, time, event)"), d[d$entry < d$time, ]), "score")),
  "Cox, stratified" = list("coxph, strata", function(d)
    wald(coxph(formula_of(d, "Surv(strata_time, event)", "strata(half)"), d), "score")),
  "Cox, Wald" = list("coxph", function(d) wald(coxph(formula_of(d), d), "score")),
  "Cox, likelihood ratio" = list("coxph, anova", function(d) likelihood(d, coxph(formula_of(d), d))),
  "Cox, score" = list("coxph(iter.max = 0)$score", rank_score),
  "Cox, robust" = list("coxph(robust = TRUE)", function(d) wald(coxph(formula_of(d), d, robust = TRUE), "score")),
  "Cox, clusters" = list("coxph without each cluster, pt", jackknife),
  "Cox, clusters, sandwich" = list("coxph(cluster = )", function(d)
    wald(coxph(Surv(cluster_time, cluster_event) ~ cluster_score, d, cluster = cluster), "cluster_score")),
  "Cox, interaction" = list("coxph", function(d)
    wald(coxph(as.formula(paste("Surv(time, event) ~ score * z1", if (d$adjusted[1] == 1) "+ z2")), d), "score:z1")),
  "Cox, after a landmark" = list("coxph", landmark),
  "proportional hazards, km" = list("cox.zph", function(d) zph(d, "km", "score")),
  "proportional hazards, km, all terms" = list("cox.zph", function(d) zph(d, "km", "GLOBAL")),
  "proportional hazards, rank" = list("cox.zph", function(d) zph(d, "rank", "score")),
  "proportional hazards, identity" = list("cox.zph", function(d) zph(d, "identity", "score")),
  "proportional hazards, log" = list("cox.zph", function(d) zph(d, "log", "score")),
  "spline, nonlinear, Wald" = list("rcspline.eval, coxph", function(d) spline(d, "Wald", "nonlinear")),
  "spline, nonlinear, likelihood ratio" = list("rcspline.eval, coxph", function(d) spline(d, "LR", "nonlinear")),
  "spline, overall, Wald" = list("rcspline.eval, coxph", function(d) spline(d, "Wald", "overall")),
  "spline, overall, likelihood ratio" = list("rcspline.eval, coxph", function(d) spline(d, "LR", "overall")),
  "concordance of two models" = list("concordance", two_models),
  "added value, likelihood ratio" = list("coxph, anova", function(d)
    chi(2 * diff(c(coxph(Surv(time, event) ~ z1 + z2, d)$loglik[2], coxph(Surv(time, event) ~ score + z1 + z2, d)$loglik[2]))))
)
