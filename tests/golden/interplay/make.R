# Numbers of R for interactions of two scores and for mediation. Run here: Rscript make.R
# R 4.2.2, survival 3.5-3 (packageVersion("survival")); no other package. Nothing here follows
# neurosig's code: slopes are differences of predictions, limits of regions are roots found by
# uniroot, gradients are numeric, mediators are integrated by integrate().
library(survival)
basehaz <- function(...) suppressWarnings(survival::basehaz(...))  # of curves at column means
options(digits = 17)
set.seed(11)
n <- 240
d <- data.frame(nerve = rnorm(n, 2, 1.5), age = round(rnorm(n, 60, 9)), centre = rep(1:2, length.out = n))
d$vessel <- 0.3 * d$nerve + 0.02 * (d$age - 60) + rnorm(n, 0, 0.8) + 1
zn <- as.numeric(scale(d$nerve)); zv <- as.numeric(scale(d$vessel))
d$time <- pmax(1, ceiling(40 * rexp(n, exp(0.3 * zn + 0.4 * zv + 0.35 * zn * zv))))
censored <- ceiling(runif(n, 20, 120))
d$event <- as.numeric(d$time <= censored); d$time <- pmin(d$time, censored)
d$growth <- 0.5 * zn + 0.7 * zv - 0.3 * zn * zv + 0.02 * d$age + rnorm(n)
d$invasion <- ifelse(runif(n) < plogis(-0.3 + 0.5 * zn + 0.6 * zv + 0.4 * zn * zv), "yes", "no")
d$weight <- sample(c(0.5, 1, 2), n, TRUE); d$site <- sample(1:40, n, TRUE)
d[1:4] <- lapply(d[1:4], round, 4)
write.csv(d, "data.csv", row.names = FALSE)
d$a <- (d$nerve - mean(d$nerve)) / sd(d$nerve)
d$b <- (d$vessel - mean(d$vessel)) / sd(d$vessel)
d$y <- as.numeric(d$invasion == "yes")

models <- list(
  cox = coxph(Surv(time, event) ~ a * b, d),
  cox_adjusted = coxph(Surv(time, event) ~ a * b + age + strata(centre), d),
  cox_breslow = coxph(Surv(time, event) ~ a * b + age, d, ties = "breslow"),
  cox_cluster = coxph(Surv(time, event) ~ a * b, d, weights = weight, cluster = site),
  logistic = glm(y ~ a * b + age, binomial, d, epsilon = 1e-14, maxit = 50),
  linear = lm(growth ~ a * b + age, d)
)
squared <- list(
  cox = coxph(Surv(time, event) ~ a * b + I(a^2) + I(b^2), d),
  cox_adjusted = coxph(Surv(time, event) ~ a * b + I(a^2) + I(b^2) + age + strata(centre), d),
  logistic = glm(y ~ a * b + I(a^2) + I(b^2) + age, binomial, d, epsilon = 1e-14, maxit = 50),
  linear = lm(growth ~ a * b + I(a^2) + I(b^2) + age, d)
)
reduced <- list(
  cox = coxph(Surv(time, event) ~ a + b, d),
  cox_adjusted = coxph(Surv(time, event) ~ a + b + age + strata(centre), d),
  cox_breslow = coxph(Surv(time, event) ~ a + b + age, d, ties = "breslow"),
  logistic = glm(y ~ a + b + age, binomial, d, epsilon = 1e-14, maxit = 50)
)
df_of <- function(f) if (inherits(f, "lm") && !inherits(f, "glm")) f$df.residual else Inf

# slope of one score at m of the other = contrast of the linear predictor at 1 and at 0
contrast <- function(f, of, m) {
  k <- names(coef(f)); x <- setNames(numeric(length(k)), k)
  x[of] <- 1; x["a:b"] <- m
  c(estimate = sum(x * coef(f)), se = sqrt(as.numeric(t(x) %*% vcov(f) %*% x)))
}
slopes <- do.call(rbind, lapply(names(models), function(name) {
  f <- models[[name]]
  do.call(rbind, lapply(c("a", "b"), function(of) do.call(rbind, lapply(c(-1, 0, 1.5), function(m) {
    s <- contrast(f, of, m)
    data.frame(model = name, of = of, at = m, estimate = s[1], se = s[2],
               p = 2 * pt(-abs(s[1] / s[2]), df_of(f)))
  }))))
}))
write.csv(slopes, "slopes.csv", row.names = FALSE)

products <- do.call(rbind, lapply(names(models), function(name) {
  f <- models[[name]]
  x <- cbind(d$a, d$b, d$a * d$b)
  if (any(grepl("age", names(coef(f))))) x <- cbind(x, d$age)
  vif <- max(sapply(1:3, function(j) 1 / (1 - summary(lm(x[, j] ~ x[, -j]))$r.squared)))
  lr <- NA
  if (name %in% names(reduced)) {
    lr <- pchisq(2 * as.numeric(logLik(f) - logLik(reduced[[name]])), 1, lower.tail = FALSE)
  }
  q <- if (name %in% names(squared)) squared[[name]] else NULL
  reri <- reri_se <- NA
  if (name != "linear") {
    r <- function(v) exp(v[1] + v[2] + v[3]) - exp(v[1]) - exp(v[2]) + 1
    keep <- c("a", "b", "a:b"); b0 <- coef(f)[keep]; v0 <- vcov(f)[keep, keep]
    g <- sapply(1:3, function(j) { h <- replace(numeric(3), j, 1e-5); (r(b0 + h) - r(b0 - h)) / 2e-5 })
    reri <- r(b0); reri_se <- sqrt(as.numeric(t(g) %*% v0 %*% g))
  }
  s <- contrast(f, "a", 0)
  est <- coef(f)["a:b"]; se <- sqrt(vcov(f)["a:b", "a:b"])
  data.frame(model = name, estimate = est, se = se, p = 2 * pt(-abs(est / se), df_of(f)), p_lr = lr,
             r = cor(d$a, d$b), vif = vif,
             estimate_squares = if (is.null(q)) NA else coef(q)["a:b"],
             p_squares = if (is.null(q)) NA else
               2 * pt(-abs(coef(q)["a:b"] / sqrt(vcov(q)["a:b", "a:b"])), df_of(q)),
             reri = reri, reri_se = reri_se)
}))
write.csv(products, "products.csv", row.names = FALSE)

regions <- do.call(rbind, lapply(names(models), function(name) {
  f <- models[[name]]; df <- df_of(f)
  do.call(rbind, lapply(c("a", "b"), function(of) do.call(rbind, lapply(c("pointwise", "simultaneous"), function(band) {
    crit <- if (band == "pointwise") qt(0.975, df) else sqrt(if (is.finite(df)) 2 * qf(0.95, 2, df) else qchisq(0.95, 2))
    other <- d[[setdiff(c("a", "b"), of)]]
    g <- function(m) sapply(m, function(one) { s <- contrast(f, of, one); abs(s[1]) - crit * s[2] })
    grid <- seq(min(other), max(other), length.out = 2001)
    v <- g(grid); change <- which(v[-1] * v[-length(v)] < 0)
    limits <- sapply(change, function(i) uniroot(g, grid[i + 0:1], tol = 1e-12)$root)
    edges <- c(min(other), limits, max(other))
    out <- do.call(rbind, lapply(seq_len(length(edges) - 1), function(i) {
      middle <- mean(edges[i + 0:1])
      if (g(middle) > 0) data.frame(model = name, of = of, band = band, low = edges[i], high = edges[i + 1],
                                    sign = sign(contrast(f, of, middle)[1]))
    }))
    if (is.null(out)) data.frame(model = name, of = of, band = band, low = NA, high = NA, sign = 0) else out
  }))))
}))
write.csv(regions, "regions.csv", row.names = FALSE)

# Corners. survfit of a row; averages over rows; the variance by numeric gradients of the averaged
# survival in the coefficients (baseline refitted at fixed coefficients) and what survfit's variance
# at one covariate value leaves for the baseline.
corner_rows <- function(a, b) { e <- d; e$a <- a; e$b <- b; e }
corners <- list(c(-1, -1), c(-1, 1), c(1, -1), c(1, 1))
times <- c(10, 30, 60)
plain <- do.call(rbind, lapply(corners, function(z) {
  s <- summary(survfit(models$cox, newdata = data.frame(a = z[1], b = z[2])), times = times)
  data.frame(model = "cox", a = z[1], b = z[2], time = times, estimate = s$surv, se = s$std.err,
             low = s$lower, high = s$upper)
}))
at_beta <- function(beta) coxph(Surv(time, event) ~ a * b + age + strata(centre), d, init = beta,
                                control = coxph.control(iter.max = 0))
mean_survival <- function(beta, z, t, fit = at_beta(beta), only = NULL) {
  e <- corner_rows(z[1], z[2]); h <- basehaz(fit, centered = FALSE)
  h0 <- sapply(c("1", "2"), function(s) { k <- grepl(paste0("=?", s, "$"), h$strata) & h$time <= t
                                          if (any(k)) max(h$hazard[k]) else 0 })
  x <- cbind(e$a, e$b, e$age, e$a * e$b)
  s <- exp(-h0[e$centre] * exp(x %*% beta))
  mean(s)
}
f <- models$cox_adjusted; beta <- coef(f)
hazard_at <- function(fit, s, t) { h <- basehaz(fit, centered = FALSE); k <- grepl(paste0("=?", s, "$"), h$strata) & h$time <= t
                                   if (any(k)) max(h$hazard[k]) else 0 }
baseline_variance <- function(s, t) {  # of the hazard at z = 0, given the coefficients
  g <- sapply(seq_along(beta), function(j) { h <- replace(numeric(length(beta)), j, 1e-5)
    (hazard_at(at_beta(beta + h), s, t) - hazard_at(at_beta(beta - h), s, t)) / 2e-5 })
  one <- survfit(f, newdata = data.frame(a = 0, b = 0, age = 0, centre = s))
  total <- approx(c(0, one$time), c(0, one$std.err^2), t, method = "constant", f = 0)$y  # of log S
  total - as.numeric(t(g) %*% vcov(f) %*% g)
}
adjusted <- do.call(rbind, lapply(corners, function(z) do.call(rbind, lapply(times, function(t) {
  g <- sapply(seq_along(beta), function(j) { h <- replace(numeric(length(beta)), j, 1e-5)
    (mean_survival(beta + h, z, t) - mean_survival(beta - h, z, t)) / 2e-5 })
  e <- corner_rows(z[1], z[2]); x <- cbind(e$a, e$b, e$age, e$a * e$b); r <- exp(x %*% beta)
  of_baseline <- sum(sapply(1:2, function(s) { k <- e$centre == s; h <- hazard_at(f, s, t)
    (sum(exp(-h * r[k]) * r[k]) / nrow(d))^2 * baseline_variance(s, t) }))
  s <- mean_survival(beta, z, t, f); se <- sqrt(as.numeric(t(g) %*% vcov(f) %*% g) + of_baseline)
  data.frame(model = "cox_adjusted", a = z[1], b = z[2], time = t, estimate = s, se = se,
             low = s * exp(-qnorm(0.975) * se / s), high = pmin(1, s * exp(qnorm(0.975) * se / s)))
}))))
others <- do.call(rbind, lapply(c("logistic", "linear"), function(name) do.call(rbind, lapply(corners, function(z) {
  f <- models[[name]]; e <- corner_rows(z[1], z[2]); x <- model.matrix(delete.response(terms(f)), e)
  m <- function(beta) mean(if (name == "logistic") plogis(x %*% beta) else x %*% beta)
  g <- sapply(seq_along(coef(f)), function(j) { h <- replace(numeric(length(coef(f))), j, 1e-5)
    (m(coef(f) + h) - m(coef(f) - h)) / 2e-5 })
  est <- m(coef(f)); se <- sqrt(as.numeric(t(g) %*% vcov(f) %*% g)); w <- qt(0.975, df_of(f)) * se
  lim <- if (name == "linear") est + c(-w, w) else plogis(qlogis(est) + c(-w, w) / (est * (1 - est)))
  data.frame(model = name, a = z[1], b = z[2], time = NA, estimate = est, se = se, low = lim[1], high = lim[2])
}))))
write.csv(rbind(plain, adjusted, others), "corners.csv", row.names = FALSE)

# Mediation: nerve -> vessel -> outcome, exposure from -1 to 1 SD
med <- function(d) lm(b ~ a + age, d)
worlds <- list(c(-1, -1), c(1, -1), c(-1, 1), c(1, 1))  # outcome sees, mediator as at
g_formula <- function(d, g, of_mediator = med(d), residuals = NULL) sapply(worlds, function(w) {
  expected <- predict(of_mediator, data.frame(a = w[2], age = d$age))
  s <- summary(of_mediator)$sigma
  mean(sapply(seq_len(nrow(d)), function(i) {
    if (!is.null(residuals)) return(mean(g(w[1], expected[i] + residuals, d$age[i])))
    integrate(function(u) g(w[1], expected[i] + s * u, d$age[i]) * dnorm(u), -9, 9,
              rel.tol = 1e-12, subdivisions = 2000L)$value
  }))
})
cox_g <- function(d, formula, what, t) {
  # model = TRUE: otherwise basehaz would read the global d, not the sample
  f <- coxph(formula, d, model = TRUE, x = TRUE, y = TRUE); h <- basehaz(f, centered = FALSE); k <- coef(f)
  k3 <- if ("a:b" %in% names(k)) k["a:b"] else 0
  eta <- function(x, m, age) k["a"] * x + k["b"] * m + k["age"] * age + k3 * x * m
  if (what == "survival") {
    h0 <- max(c(0, h$hazard[h$time <= t]))
    function(x, m, age) exp(-h0 * exp(eta(x, m, age)))
  } else {
    at <- h$time < t; edges <- c(0, h$time[at], t); haz <- c(0, h$hazard[at])
    function(x, m, age) { r <- exp(eta(x, m, age))
      colSums(diff(edges) * exp(-outer(haz, r))) }
  }
}
glm_g <- function(d, formula) {
  f <- glm(formula, binomial, d, epsilon = 1e-14, maxit = 50); k <- coef(f)
  k3 <- if ("a:b" %in% names(k)) k["a:b"] else 0
  function(x, m, age) plogis(k[1] + k["a"] * x + k["b"] * m + k["age"] * age + k3 * x * m)
}
plain_cox <- Surv(time, event) ~ a + b + age; product_cox <- Surv(time, event) ~ a * b + age
few <- d[1:150, ]
means <- rbind(
  data.frame(case = "survival", t(g_formula(d, cox_g(d, plain_cox, "survival", 30)))),
  data.frame(case = "survival_product", t(g_formula(d, cox_g(d, product_cox, "survival", 30)))),
  data.frame(case = "rmst", t(g_formula(d, cox_g(d, plain_cox, "rmst", 50)))),
  data.frame(case = "rmst_product", t(g_formula(d, cox_g(d, product_cox, "rmst", 50)))),
  data.frame(case = "logistic", t(g_formula(d, glm_g(d, y ~ a + b + age)))),
  data.frame(case = "logistic_product", t(g_formula(d, glm_g(d, y ~ a * b + age)))),
  data.frame(case = "survival_residuals", t(g_formula(d, cox_g(d, product_cox, "survival", 30), residuals = resid(med(d))))),
  data.frame(case = "logistic_residuals_few", t({
    few$a <- as.numeric(scale(few$nerve)); few$b <- as.numeric(scale(few$vessel))
    g_formula(few, glm_g(few, y ~ a * b + age), residuals = resid(med(few))) }))
)
names(means)[-1] <- c("q00", "q10", "q01", "q11")
write.csv(means, "means.csv", row.names = FALSE)

# linear: products of coefficients (VanderWeele 2015, Explanation in Causal Inference, section 2.2)
am <- coef(med(d)); f1 <- coef(lm(growth ~ a + b + age, d)); f2 <- coef(lm(growth ~ a * b + age, d))
x0 <- -1; x1 <- 1; expected0 <- am[1] + am["a"] * x0 + am["age"] * mean(d$age)
expected1 <- am[1] + am["a"] * x1 + am["age"] * mean(d$age)
write.csv(data.frame(
  case = c("linear", "linear_product"),
  pure_direct = c(f1["a"] * 2, (f2["a"] + f2["a:b"] * expected0) * 2),
  total_indirect = c(f1["b"] * am["a"] * 2, (f2["b"] + f2["a:b"] * x1) * am["a"] * 2),
  total_direct = c(f1["a"] * 2, (f2["a"] + f2["a:b"] * expected1) * 2),
  pure_indirect = c(f1["b"] * am["a"] * 2, (f2["b"] + f2["a:b"] * x0) * am["a"] * 2)
), "linear.csv", row.names = FALSE)

# sensitivity: maximum likelihood of both linear models with the correlation of their errors fixed
fixed_rho <- function(rho) {
  x <- cbind(1, d$a, d$age - mean(d$age))
  nll <- function(p) {
    em <- d$b - x %*% p[1:3]; ey <- d$growth - x %*% p[4:6] - p[7] * d$b
    s1 <- exp(p[8]); s2 <- exp(p[9])
    q <- (em / s1)^2 - 2 * rho * em * ey / (s1 * s2) + (ey / s2)^2
    sum(log(s1) + log(s2) + 0.5 * log(1 - rho^2) + q / (2 * (1 - rho^2)))
  }
  start <- c(coef(lm(d$b ~ x - 1)), coef(lm(d$growth ~ x - 1)), 0, 0, 0)
  p <- start
  for (i in 1:6) p <- optim(p, nll, method = "BFGS", control = list(maxit = 2000, reltol = 1e-16))$par
  2 * p[2] * p[7]
}
rho <- c(-0.6, -0.3, 0, 0.3, 0.6)
r <- cor(resid(lm(b ~ a + age, d)), resid(lm(growth ~ a + age, d)))
write.csv(data.frame(rho = c(rho, r), indirect = sapply(c(rho, r), fixed_rho)), "rho.csv", row.names = FALSE)

# bootstrap of survival at 30 (no product), the mediator by midpoints of 400 normal quantiles
set.seed(2)
u <- qnorm((1:400 - 0.5) / 400)
one <- function(d) {
  g <- cox_g(d, plain_cox, "survival", 30); m <- med(d); s <- summary(m)$sigma
  q <- sapply(worlds, function(w) mean(sapply(seq_len(nrow(d)), function(i)
    mean(g(w[1], predict_m(m, w[2], d$age[i]) + s * u, d$age[i])))))
  c(total = q[4] - q[1], pure_direct = q[2] - q[1], total_indirect = q[4] - q[2])
}
predict_m <- function(m, a, age) sum(coef(m) * c(1, a, age))
draws <- t(replicate(1000, one(d[sample(n, n, TRUE), ])))
write.csv(data.frame(effect = colnames(draws), sd = apply(draws, 2, sd),
                     low = apply(draws, 2, quantile, 0.025), high = apply(draws, 2, quantile, 0.975)),
          "bootstrap.csv", row.names = FALSE)
