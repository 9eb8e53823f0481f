logistic <- function(d, more = terms(d)) glm(as.formula(paste("binary ~", paste(c("1", more), collapse = "+"))),
  binomial, d, control = glm.control(epsilon = 1e-14, maxit = 100))
drop_of <- function(fit, d, left) {
  less <- fit(by(left, d, setdiff(terms(d), "score")))
  chi(2 * as.numeric(logLik(fit(by(left, d))) - logLik(less)), attr(logLik(fit(by(left, d))), "df") - attr(logLik(less), "df"))
}
poisson_fit <- function(d) function(f) glm(f, poisson, d, control = glm.control(epsilon = 1e-14, maxit = 100))
nb_fit <- function(d) function(f) MASS::glm.nb(f, d, control = glm.control(epsilon = 1e-12, maxit = 200))
ordinal_fit <- function(d) function(f) { d$grade <- factor(d$grade); ordinal::clm(f, data = d) }
multinomial_fit <- function(d) function(f) nnet::multinom(f, d, trace = FALSE, Hess = TRUE, reltol = 1e-14, abstol = 1e-14, maxit = 1000)

robust <- function(fit, type, df = Inf)
  2 * pt(-abs(coef(fit)[["score"]] / sqrt(sandwich::vcovHC(fit, type)["score", "score"])), df)
linear_robust <- function(type) list("lm, sandwich::vcovHC", function(d) { m <- lm(by("measured", d), d); robust(m, type, m$df.residual) })
of_clusters <- list(
  linear = function(d) lm(cluster_measured ~ cluster_score, d),
  logistic = function(d) glm(cluster_binary ~ cluster_score, binomial, d, control = glm.control(epsilon = 1e-14, maxit = 100)),
  Poisson = function(d) glm(cluster_count ~ cluster_score, poisson, d, control = glm.control(epsilon = 1e-14, maxit = 100)))
bias_reduced <- function(kind) list("clubSandwich::coef_test(CR2, Satterthwaite)", function(d) if (nrow(d) <= 200)
  clubSandwich::coef_test(of_clusters[[kind]](d), vcov = "CR2", cluster = d$cluster, test = "Satterthwaite")$p_Satt[2] else NA)
plain_clusters <- function(kind) list("sandwich::vcovCL", function(d) {
  fit <- of_clusters[[kind]](d); z <- coef(fit)[2] / sqrt(sandwich::vcovCL(fit, d$cluster)[2, 2])
  2 * pt(-abs(z), if (kind == "linear") fit$df.residual else Inf)
})
with_grade <- function(d) { d$cluster_grade <- factor(d$cluster_grade); d }
estimates_of <- list(  # of the score, in the first equation
  ordinal = function(d) ordinal::clm(cluster_grade ~ cluster_score, data = with_grade(d))$beta[[1]],
  multinomial = function(d) coef(nnet::multinom(cluster_grade ~ cluster_score, with_grade(d), trace = FALSE, reltol = 1e-14, maxit = 1000))[1, 2],
  "negative binomial" = function(d)
    coef(MASS::glm.nb(cluster_count ~ cluster_score, d, control = glm.control(epsilon = 1e-12, maxit = 200)))[[2]])
without_each <- function(kind) list("fits without each cluster, pt", function(d) {
  groups <- unique(d$cluster); df <- length(groups) - 1; b <- estimates_of[[kind]](d)
  moved <- sapply(groups, function(g) estimates_of[[kind]](d[d$cluster != g, ]) - b)
  2 * pt(-abs(b) / sqrt(sum(moved^2) * df / (df + 1)), df)
})
summed <- function(b, bread, scores, d) {  # CR1
  u <- rowsum(scores, d$cluster); v <- bread %*% crossprod(u) %*% bread * nrow(u) / (nrow(u) - 1)
  2 * pnorm(-abs(b / sqrt(v[2, 2])))
}
ordinal_cr1 <- function(d) {
  f <- MASS::polr(cluster_grade ~ cluster_score, with_grade(d), Hess = TRUE, control = list(reltol = 1e-15, maxit = 1000)); s <- sandwich::estfun(f)
  at <- c("0|1", "cluster_score", "1|2"); summed(coef(f)[[1]], vcov(f)[at, at], s[, at], d)
}
multinomial_cr1 <- function(d) {
  d <- with_grade(d); f <- nnet::multinom(cluster_grade ~ cluster_score, d, trace = FALSE, Hess = TRUE, reltol = 1e-14, maxit = 1000)
  x <- model.matrix(~ cluster_score, d)
  s <- do.call(cbind, lapply(2:3, function(l) ((d$cluster_grade == levels(d$cluster_grade)[l]) - fitted(f)[, l]) * x))
  summed(coef(f)[1, 2], vcov(f), s, d)
}
nb_cr1 <- function(d) {
  f <- MASS::glm.nb(cluster_count ~ cluster_score, d, control = glm.control(epsilon = 1e-12, maxit = 200))
  2 * pnorm(-abs(coef(f)[2] / sqrt(sandwich::vcovCL(f, d$cluster)[2, 2])))
}
partial_ranks <- function(d) {
  a <- resid(lm(rank(d$score) ~ rank(d$z1))); b <- resid(lm(rank(d$measured) ~ rank(d$z1))); r <- cor(a, b); f <- nrow(d) - 3
  2 * pt(-abs(r * sqrt(f / (1 - r^2))), f)
}
mixed_ml <- function(f, d) nlme::lme(f, d, random = ~ 1 | cluster, method = "ML")

regressions_calls <- list(
  "linear, HC0" = linear_robust("HC0"), "linear, HC1" = linear_robust("HC1"),
  "linear, HC2" = linear_robust("HC2"), "linear, HC3" = linear_robust("HC3"),
  "logistic, HC0" = list("glm, sandwich::vcovHC", function(d) robust(logistic(d), "HC0")),
  "logistic, HC3" = list("glm, sandwich::vcovHC", function(d) robust(logistic(d), "HC3")),
  "Poisson, HC0" = list("glm, sandwich::vcovHC", function(d) robust(poisson_fit(d)(by("count", d)), "HC0")),
  "Poisson, HC3" = list("glm, sandwich::vcovHC", function(d) robust(poisson_fit(d)(by("count", d)), "HC3")),
  "linear, clusters" = bias_reduced("linear"), "linear, clusters, CR1" = plain_clusters("linear"),
  "logistic, clusters" = bias_reduced("logistic"), "logistic, clusters, CR1" = plain_clusters("logistic"),
  "Poisson, clusters" = bias_reduced("Poisson"), "Poisson, clusters, CR1" = plain_clusters("Poisson"),
  "ordinal, clusters" = without_each("ordinal"),
  "ordinal, clusters, CR1" = list("MASS::polr, sandwich::estfun", ordinal_cr1),
  "multinomial, clusters" = without_each("multinomial"),
  "multinomial, clusters, CR1" = list("nnet::multinom, scores by hand", multinomial_cr1),
  "negative binomial, clusters" = without_each("negative binomial"),
  "negative binomial, clusters, CR1" = list("MASS::glm.nb, sandwich::vcovCL", nb_cr1),
  "logistic, product of two scores" = list("glm", function(d) {
    d$a <- drop(scale(d$score)); d$b <- drop(scale(d$noise)); d$ab <- d$a * d$b
    summary(logistic(d, c("ab", "a", "b", setdiff(terms(d), "score"))))$coefficients["ab", 4]
  }),
  "ordinal, proportional odds" = list("ordinal::clm, nominal = ~ score", function(d) {
    d$grade <- factor(d$grade); less <- setdiff(terms(d), "score")
    f <- ordinal::clm(by("grade", d), data = d)
    wide <- ordinal::clm(by("grade", d, less), nominal = ~ score, data = d)
    chi(2 * as.numeric(logLik(wide) - logLik(f)))
  }),
  "mixed, likelihood ratio" = list("nlme::lme(method = ML)", function(d)
    chi(2 * as.numeric(logLik(mixed_ml(cluster_measured ~ cluster_score, d)) - logLik(mixed_ml(cluster_measured ~ 1, d))))),
  "rank correlation, partial" = list("lm of ranks, t", partial_ranks),
  "Kendall correlation" = list("cor.test", function(d) cor.test(d$noise, d$measured, method = "kendall", exact = FALSE)$p.value),
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
  "Wilcoxon" = list("wilcox.test", function(d) wilcox.test(noise ~ group > 0, d)$p.value),
  "Kruskal-Wallis" = list("kruskal.test", function(d) kruskal.test(noise ~ group, d)$p.value),
  "Pearson correlation" = list("cor.test", function(d) cor.test(d$noise, d$measured)$p.value),
  "logistic, Wald" = list("glm", function(d) summary(logistic(d))$coefficients["score", 4]),
  "logistic, likelihood ratio" = list("glm, anova", function(d) {
    less <- setdiff(terms(d), "score")
    chi(deviance(logistic(d, less)) - deviance(logistic(d)))
  }),
  "linear" = list("lm", function(d) summary(lm(as.formula(paste("measured ~", paste(terms(d), collapse = "+"))), d))$coefficients["score", 4]),
  "rank correlation" = list("cor.test", function(d) cor.test(d$noise, d$measured, method = "spearman", exact = FALSE)$p.value)
)
