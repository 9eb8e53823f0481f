# Reference numbers for tests/golden/test_survival_tables.py, run in this folder: Rscript make.R
# R 4.2.2, survival 3.5-3, cmprsk 2.2-11. The data are made here and printed; nothing is random
# on the reading side.
suppressMessages({library(survival); library(cmprsk)})
options(digits = 17)
write <- function(table, name) {
  table[] <- lapply(table, function(v) if (is.numeric(v)) trimws(formatC(v, digits = 15, format = "g")) else v)
  write.csv(table, paste0(name, ".csv"), row.names = FALSE, quote = FALSE)
}

set.seed(20)
n <- 120
d <- data.frame(
  group = sample(c("a", "b", "c"), n, TRUE),
  stratum = sample(1:2, n, TRUE),
  score = round(rnorm(n), 3),
  age = round(rnorm(n, 60, 8), 1)
)
risk <- exp(0.4 * d$score + 0.3 * (d$group == "c"))
own <- rexp(n, 0.05 * risk); other <- rexp(n, 0.04); censored <- rexp(n, 0.03)
last <- pmin(own, other, censored)
d$time <- pmax(ceiling(last), 1)                          # with ties
d$cause <- ifelse(last == censored, 0, ifelse(last == own, 1, 2))
d$event <- as.integer(d$cause == 1)
d$stop <- round(last + 3, 4)                              # without ties
d$entry <- round(d$stop * runif(n, 0, 0.7), 4)
d$weight <- rep(c(1, 2, 0.5, 1.5), length.out = n)
write(d, "data")
d$any <- as.integer(d$cause > 0)

# Kaplan-Meier with entry and with weights; numbers at risk with entry
km <- function(fit, case) {
  s <- summary(fit, censored = TRUE)
  data.frame(case = case, time = s$time, n_risk = s$n.risk, n_event = s$n.event,
             survival = s$surv, std_error = s$std.err, ci_low = s$lower, ci_high = s$upper)
}
entry <- survfit(Surv(entry, stop, event) ~ 1, d, conf.type = "log-log")
both <- survfit(Surv(entry, stop, event) ~ 1, d, weights = weight, conf.type = "log")
curves <- rbind(km(entry, "entry"), km(both, "both"),
                km(survfit(Surv(time, event) ~ 1, d, weights = weight, conf.type = "logit"), "weights"))
write(curves, "kaplan_meier")

# log-rank: with delayed entry (score test without ties), trend (exact score test), each two groups
exact <- function(formula) coxph(formula, d, ties = "exact", iter = 0)$score
d$number <- as.integer(factor(d$group))
d$uneven <- c(0, 1, 5)[d$number]
pair <- function(x, y) survdiff(Surv(time, event) ~ group, d[d$group %in% c(x, y), ])$chisq
tests <- data.frame(
  case = c("entry", "trend", "trend_uneven", "trend_strata", "pair_b_a", "pair_c_a", "pair_c_b"),
  statistic = c(coxph(Surv(entry, stop, event) ~ group, d, iter = 0)$score,
                exact(Surv(time, event) ~ number), exact(Surv(time, event) ~ uneven),
                exact(Surv(time, event) ~ number + strata(stratum)),
                pair("a", "b"), pair("a", "c"), pair("b", "c")))
write(tests, "rank_tests")

# cumulative incidence: cuminc's variance, survfit's with five intervals
ci <- cuminc(d$time, d$cause, d$group, cencode = 0)
steps <- do.call(rbind, lapply(setdiff(names(ci), "Tests"), function(name) {
  s <- aggregate(cbind(est, var) ~ time, data.frame(ci[[name]]), function(v) v[length(v)])
  s <- s[s$time > 0, ]
  part <- strsplit(name, " ")[[1]]
  data.frame(group = part[1], cause = part[2], time = s$time, incidence = s$est, variance = s$var)
}))
write(steps, "incidence_aalen")
limit <- function(v, k) matrix(v, ncol = 3)[, k + 1]      # some scales lose their dimensions
kinds <- c("log", "log-log", "plain", "logit", "arcsin")
jack <- do.call(rbind, lapply(kinds, function(kind) {
  s <- summary(survfit(Surv(time, factor(cause, 0:2)) ~ 1, d, conf.type = kind), censored = TRUE)
  do.call(rbind, lapply(1:2, function(k) data.frame(
    interval = kind, cause = k, time = s$time, incidence = s$pstate[, k + 1],
    std_error = s$std.err[, k + 1], ci_low = limit(s$lower, k), ci_high = limit(s$upper, k))))
}))
write(jack, "incidence_jackknife")

# Gray's test of three groups
gray <- function(case, ...) {
  t <- cuminc(d$time, d$cause, d$group, cencode = 0, ...)$Tests
  data.frame(case = case, cause = rownames(t), statistic = t[, 1], p_value = t[, 2], df = t[, 3])
}
write(rbind(gray("plain"), gray("rho", rho = 1), gray("strata", strata = d$stratum)), "gray")

# Fine-Gray; the first stratum ends early, with an event, in "short"
short <- d$stratum == 2 | d$time <= 10
stopifnot(all(d$cause[short & d$stratum == 1 & d$time == 10] > 0))
fit <- function(case, x, ..., rows = rep(TRUE, n)) {
  r <- crr(d$time[rows], d$cause[rows], as.matrix(x[rows, , drop = FALSE]), cencode = 0,
           gtol = 1e-12, maxiter = 50, ...)
  data.frame(case = case, term = colnames(x), estimate = r$coef, std_error = sqrt(diag(r$var)),
             loglik = r$loglik, loglik_null = r$loglik.null)
}
write(rbind(fit("score", d["score"]), fit("adjusted", d[c("score", "age")]),
            fit("other", d[c("score", "age")], failcode = 2),
            fit("groups", d[c("score", "age")], cengroup = d$stratum),
            fit("short", d[c("score", "age")], cengroup = d$stratum[short], rows = short)),
      "fine_gray")
