# The tests of null_tests.py in R, on the cohorts of a folder: Rscript null_r.R FOLDER
# wanted.csv has place, number, test, p; checked.csv gets R's p-value and the call beside it.
suppressMessages({
  library(survival); library(cmprsk); library(maxstat); library(rms)
})
folder <- commandArgs(trailingOnly = TRUE)[1]
wanted <- read.csv(file.path(folder, "wanted.csv"), stringsAsFactors = FALSE)

terms <- function(d, first = "score") c(first, if (d$adjusted[1] == 1) c("z1", "z2"))
formula_of <- function(d, left = "Surv(time, event)", more = NULL)
  as.formula(paste(left, "~", paste(c(terms(d), more), collapse = " + ")))
wald <- function(fit, name) summary(fit)$coefficients[name, "Pr(>|z|)"]
chi <- function(x, df = 1) pchisq(x, df, lower.tail = FALSE)
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
survdiff_p <- function(...) { s <- survdiff(...); chi(s$chisq, sum(rowSums(as.matrix(s$exp)) > 0) - 1) }
mean_contrast <- function(d, which) {
  high <- as.integer(d$group > 0)
  tau <- min(tapply(d$time, high, max), quantile(d$time, 0.75))
  fit <- survfit(Surv(time, event) ~ high, d)
  m <- summary(fit, rmean = tau)$table
  a <- m[, grep("^rmean", colnames(m))]; s <- m[, grep("^se\\(rmean", colnames(m))]
  z <- switch(which,
    difference = (a[2] - a[1]) / sqrt(sum(s^2)),
    ratio = log(a[2] / a[1]) / sqrt(sum((s / a)^2)),
    lost_ratio = log((tau - a[2]) / (tau - a[1])) / sqrt(sum((s / (tau - a))^2)))
  2 * pnorm(-abs(z))
}
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
gray <- function(d, ...) cuminc(d$time, d$cause, d$group, ...)$Tests["1", "pv"]
crr_fit <- function(d) crr(d$time, d$cause, as.matrix(d[, terms(d)]), gtol = 1e-10, maxiter = 50)
crr_lr <- function(d) {
  full <- crr_fit(d)
  base <- if (d$adjusted[1] == 1) crr(d$time, d$cause, as.matrix(d[, c("z1", "z2")]))$loglik else full$loglik.null
  chi(2 * (full$loglik - base))
}
cut <- function(d, method) maxstat.test(Surv(time, event) ~ noise, d, smethod = "LogRank",
  pmethod = method, minprop = 0.25, maxprop = 0.75)$p.value
two_models <- function(d) {
  a <- coxph(Surv(time, event) ~ noise, d); b <- coxph(Surv(time, event) ~ z2, d)
  con <- concordance(a, b)
  z <- diff(con$concordance) / sqrt(sum(c(1, -1) * (con$var %*% c(1, -1))))
  2 * pnorm(-abs(z))
}
logistic <- function(d, more = terms(d)) glm(as.formula(paste("binary ~", paste(c("1", more), collapse = "+"))),
  binomial, d, control = glm.control(epsilon = 1e-14, maxit = 100))
landmark <- function(d) {
  at <- quantile(d$time, 0.25)
  later <- d[d$time > at, ]; later$time <- later$time - at
  wald(coxph(formula_of(later), later), "score")
}

# pseudo-values by leaving each row out, least squares, HC2 errors, Satterthwaite's degrees of freedom
pseudo_mean <- function(d, x, tau) {
  one <- function(k) {
    fit <- survfit(Surv(time, event) ~ 1, k)
    at <- c(0, fit$time[fit$time < tau], tau)
    sum(diff(at) * c(1, fit$surv[fit$time < tau]))
  }
  n <- nrow(d); all <- one(d)
  y <- sapply(seq_len(n), function(i) n * all - (n - 1) * one(d[-i, ]))
  m <- model.matrix(~ x); h <- m %*% solve(crossprod(m)) %*% t(m); left <- diag(n) - h
  a <- (m %*% solve(crossprod(m)))[, 2]; e <- left %*% y
  w <- a^2 / (1 - diag(h)); md <- left %*% diag(w)
  2 * pt(-abs(sum(a * y) / sqrt(sum(w * e^2))), sum(diag(md))^2 / sum(md * t(md)))
}
regression_tau <- function(d) min(tapply(d$time, d$group > 0, max), quantile(d$time, 0.75))
by <- function(left, d, more = terms(d)) as.formula(paste(left, "~", paste(c("1", more), collapse = "+")))
drop_of <- function(fit, d, left) {
  less <- fit(by(left, d, setdiff(terms(d), "score")))
  chi(2 * as.numeric(logLik(fit(by(left, d))) - logLik(less)), attr(logLik(fit(by(left, d))), "df") - attr(logLik(less), "df"))
}
poisson_fit <- function(d) function(f) glm(f, poisson, d, control = glm.control(epsilon = 1e-14, maxit = 100))
nb_fit <- function(d) function(f) MASS::glm.nb(f, d, control = glm.control(epsilon = 1e-12, maxit = 200))
ordinal_fit <- function(d) function(f) { d$grade <- factor(d$grade); ordinal::clm(f, data = d) }
multinomial_fit <- function(d) function(f) nnet::multinom(f, d, trace = FALSE, Hess = TRUE, reltol = 1e-14, abstol = 1e-14, maxit = 1000)

calls <- list(
  "restricted mean, regression, difference" = list("survfit without each row, lm", function(d)
    if (nrow(d) <= 200) pseudo_mean(d, d$noise, regression_tau(d)) else NA),
  "Poisson, Wald" = list("glm", function(d) summary(poisson_fit(d)(by("count", d)))$coefficients["score", 4]),
  "Poisson, likelihood ratio" = list("glm", function(d) drop_of(poisson_fit(d), d, "count")),
  "negative binomial, Wald" = list("MASS::glm.nb", function(d) summary(nb_fit(d)(by("scattered_count", d)))$coefficients["score", 4]),
  "negative binomial, likelihood ratio" = list("MASS::glm.nb", function(d) drop_of(nb_fit(d), d, "scattered_count")),
  "ordinal, Wald" = list("ordinal::clm", function(d) summary(ordinal_fit(d)(by("grade", d)))$coefficients["score", 4]),
  "ordinal, likelihood ratio" = list("ordinal::clm", function(d) drop_of(ordinal_fit(d), d, "grade")),
  "multinomial, Wald" = list("nnet::multinom", function(d) {
    s <- summary(multinomial_fit(d)(by("grade", d)))
    2 * pnorm(-abs(s$coefficients[1, "score"] / s$standard.errors[1, "score"]))
  }),
  "multinomial, likelihood ratio" = list("nnet::multinom", function(d) drop_of(multinomial_fit(d), d, "grade")),
  "mixed, Wald" = list("nlme::lme", function(d)
    summary(nlme::lme(cluster_measured ~ cluster_score, d, random = ~ 1 | cluster))$tTable["cluster_score", "p-value"]),
  "linear, HC3" = list("sandwich::vcovHC", function(d) {
    fit <- lm(by("measured", d), d); z <- coef(fit)["score"] / sqrt(sandwich::vcovHC(fit, "HC3")["score", "score"])
    2 * pt(-abs(z), fit$df.residual)
  }),
  "Wilcoxon" = list("wilcox.test", function(d) wilcox.test(noise ~ group > 0, d)$p.value),
  "Kruskal-Wallis" = list("kruskal.test", function(d) kruskal.test(noise ~ group, d)$p.value),
  "Pearson correlation" = list("cor.test", function(d) cor.test(d$noise, d$measured)$p.value),
  "interplay, product of two scores" = list("coxph", function(d)
    wald(coxph(formula_of(d, more = c("noise", "I(scale(score) * scale(noise))")), d), "I(scale(score) * scale(noise))")),
  "Cox, Wald" = list("coxph", function(d) wald(coxph(formula_of(d), d), "score")),
  "Cox, likelihood ratio" = list("coxph, anova", function(d) likelihood(d, coxph(formula_of(d), d))),
  "Cox, score" = list("coxph(iter.max = 0)$score", rank_score),
  "Cox, robust" = list("coxph(robust = TRUE)", function(d) wald(coxph(formula_of(d), d, robust = TRUE), "score")),
  "Cox, clusters" = list("coxph(cluster = )", function(d)
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
  "log-rank" = list("survdiff", function(d) survdiff_p(Surv(time, event) ~ group, d)),
  "log-rank, two groups" = list("survdiff", function(d) survdiff_p(Surv(time, event) ~ I(group > 0), d)),
  "log-rank, early weights (rho 1)" = list("survdiff(rho = 1)", function(d) survdiff_p(Surv(time, event) ~ group, d, rho = 1)),
  "log-rank, trend" = list("coxph(ties = exact), score test", function(d)
    if (nrow(d) <= 100) chi(coxph(Surv(time, event) ~ group, d, ties = "exact")$score) else NA),
  "log-rank, smallest q of three pairs" = list("survdiff, p.adjust", function(d)
    min(p.adjust(sapply(0:2, function(g) survdiff_p(Surv(time, event) ~ group, d[d$group != g, ])), "BH"))),
  "log-rank, stratified" = list("survdiff", function(d) survdiff_p(Surv(strata_time, event) ~ group + strata(half), d)),
  "log-rank, one pair of three" = list("survdiff", function(d) survdiff_p(Surv(time, event) ~ group, d[d$group < 2, ])),
  "restricted means, difference" = list("survfit, rmean", function(d) mean_contrast(d, "difference")),
  "restricted means, ratio" = list("survfit, rmean", function(d) mean_contrast(d, "ratio")),
  "restricted means, lost_ratio" = list("survfit, rmean", function(d) mean_contrast(d, "lost_ratio")),
  "Gray" = list("cuminc", function(d) gray(d)),
  "Gray, stratified" = list("cuminc", function(d) gray(d, strata = d$half)),
  "Fine-Gray, Wald" = list("crr", function(d) { f <- crr_fit(d); 2 * pnorm(-abs(f$coef[1] / sqrt(f$var[1, 1]))) }),
  "Fine-Gray, Wald, groups of censoring" = list("crr(cengroup = )", function(d) {
    f <- crr(d$time, d$cause, as.matrix(d[, terms(d)]), cengroup = d$half, gtol = 1e-10, maxiter = 50)
    2 * pnorm(-abs(f$coef[1] / sqrt(f$var[1, 1])))
  }),
  "Fine-Gray, likelihood ratio" = list("crr", crr_lr),
  "cutpoint, Lausen 1992" = list("maxstat.test", function(d) min(1, cut(d, "Lau92"))),
  "cutpoint, Lausen 1994" = list("maxstat.test", function(d) min(1, cut(d, "Lau94"))),
  "concordance of two models" = list("concordance", two_models),
  "added value, likelihood ratio" = list("coxph, anova", function(d)
    chi(2 * diff(c(coxph(Surv(time, event) ~ z1 + z2, d)$loglik[2], coxph(Surv(time, event) ~ score + z1 + z2, d)$loglik[2])))),
  "logistic, Wald" = list("glm", function(d) summary(logistic(d))$coefficients["score", 4]),
  "logistic, likelihood ratio" = list("glm, anova", function(d) {
    less <- setdiff(terms(d), "score")
    chi(deviance(logistic(d, less)) - deviance(logistic(d)))
  }),
  "linear" = list("lm", function(d) summary(lm(as.formula(paste("measured ~", paste(terms(d), collapse = "+"))), d))$coefficients["score", 4]),
  "rank correlation" = list("cor.test", function(d) cor.test(d$noise, d$measured, method = "spearman", exact = FALSE)$p.value)
)

wanted$p_r <- NA_real_
wanted$call <- ""
key <- ""
for (i in order(wanted$place, wanted$number)) {
  now <- paste(wanted$place[i], wanted$number[i], sep = "_")
  if (now != key) { d <- read.csv(file.path(folder, paste0("cohort_", now, ".csv"))); key <- now }
  entry <- calls[[wanted$test[i]]]
  if (is.null(entry)) next
  p <- try(suppressWarnings(entry[[2]](d)), silent = TRUE)
  if (!inherits(p, "try-error")) wanted$p_r[i] <- as.numeric(p)
  wanted$call[i] <- entry[[1]]
}
write.csv(wanted, file.path(folder, "checked.csv"), row.names = FALSE)
