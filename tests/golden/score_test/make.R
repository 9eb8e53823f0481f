# Score tests of one more column in a fitted Cox model, by R's survival: the model with the column
# started at (0, gamma) and stopped there reports the score statistic. In a fitted logistic model:
# Rao's test of anova. Rscript make.R writes the tables beside this file.
library(survival)
set.seed(20240611)
n <- 80
d <- data.frame(age = round(rnorm(n, 60, 9)), grade = sample(0:2, n, TRUE), centre = sample(1:3, n, TRUE))
d$score_a <- round(0.05 * d$age + rnorm(n), 3)
d$score_b <- round(rnorm(n), 3)
d$score_c <- rbinom(n, 1, 0.4)
hazard <- exp(0.04 * (d$age - 60) + 0.4 * d$grade + 0.3 * d$score_b)
dead <- rexp(n, hazard / 10); lost <- rexp(n, 1 / 15)
d$time <- pmax(1, round(pmin(dead, lost)))  # many ties
d$event <- as.integer(dead <= lost)
rows <- list()
for (ties in c("efron", "breslow")) for (adjust in c("none", "age+grade")) for (strata in c("none", "centre"))
  for (score in c("score_a", "score_b", "score_c")) {
    z <- if (adjust == "none") character() else c("age", "grade")
    s <- if (strata == "none") NULL else "strata(centre)"
    gamma <- if (length(z)) coef(coxph(reformulate(c(z, s), "Surv(time, event)"), d, ties = ties)) else NULL
    full <- reformulate(c(score, z, s), "Surv(time, event)")
    fit <- coxph(full, d, ties = ties, init = c(0, gamma), control = coxph.control(iter.max = 0))
    rows[[length(rows) + 1]] <- data.frame(ties, adjust, strata, score, statistic = fit$score)
  }
expected <- do.call(rbind, rows)
expected$statistic <- formatC(expected$statistic, digits = 15, format = "g")
write.csv(d, "data.csv", row.names = FALSE)
write.csv(expected, "expected.csv", row.names = FALSE)
rows <- list()
for (adjust in c("none", "age+grade")) for (score in c("score_a", "score_b", "score_c")) {
  z <- if (adjust == "none") "1" else c("age", "grade")
  tight <- glm.control(epsilon = 1e-14, maxit = 100)
  reduced <- glm(reformulate(z, "event"), binomial, d, control = tight)
  full <- glm(reformulate(c(z, score), "event"), binomial, d, control = tight)
  rows[[length(rows) + 1]] <- data.frame(adjust, score, statistic = anova(reduced, full, test = "Rao")$Rao[2])
}
logistic <- do.call(rbind, rows)
logistic$statistic <- formatC(logistic$statistic, digits = 15, format = "g")
write.csv(logistic, "expected_logistic.csv", row.names = FALSE)
cat(R.version.string, "survival", as.character(packageVersion("survival")), "\n")
