# Intervals and corrections that rest on resampling, of the patients in ../discrimination:
# Rscript make.R, R 4.2.2, survival 3.5-3, maxstat 0.7-25; about two minutes.
# cut.csv: best cut of the score on 4,000 bootstrap samples (percentiles), and the hazard ratio of
# groups that the other nine folds chose, 100 times. increment.csv: what the score adds to age and
# stage, in C and in the Brier score at 500, with Harrell's optimism and Noma's interval, 4,000
# samples. se: Monte-Carlo standard error (of percentiles: from ten parts of the samples).
library(survival)
library(maxstat)
patients <- read.csv("../discrimination/patients.csv")
set.seed(20240517)

searched <- function(rows) {
  found <- maxstat.test(Surv(days, dead) ~ score, rows, smethod = "LogRank", pmethod = "none",
                        minprop = 0.25, maxprop = 0.75)
  cut <- unname(found$estimate)
  worse <- coef(coxph(Surv(days, dead) ~ I(score > cut), rows))
  list(cut = cut, high_is_worse = unname(worse) > 0)
}
percentiles <- function(x) {
  parts <- sapply(split(x, rep(1:10, length.out = length(x))), quantile, c(0.025, 0.975))
  cbind(value = quantile(x, c(0.025, 0.975)), se = apply(parts, 1, sd) / sqrt(10))
}

n <- nrow(patients)
cuts <- replicate(4000, searched(patients[sample(n, replace = TRUE), ])$cut)
whole <- searched(patients)
apparent <- coef(coxph(Surv(days, dead) ~ I((score > whole$cut) == whole$high_is_worse), patients))
folds <- replicate(100, {
  order <- sample(n)
  order <- order[order(patients$dead[order])]
  fold <- integer(n)
  fold[order] <- (seq_len(n) - 1) %% 10
  high <- logical(n)
  for (held in 0:9) {
    other <- searched(patients[fold != held, ])
    own <- fold == held
    high[own] <- (patients$score[own] > other$cut) == other$high_is_worse
  }
  unname(coef(coxph(Surv(days, dead) ~ high, patients)))
})
limits <- percentiles(cuts)
write.csv(data.frame(
  quantity = c("cut", "cut_low", "cut_high", "log_hr_apparent", "log_hr_validated"),
  value = c(whole$cut, limits[, "value"], unname(apparent), mean(folds)),
  se = c(0, limits[, "se"], 0, sd(folds) / 10)
), "cut.csv", row.names = FALSE)

at <- 500
formulas <- list(base = Surv(days, dead) ~ age + stage,
                 full = Surv(days, dead) ~ age + stage + score)
brier <- function(fit, rows) {
  base <- basehaz(fit, centered = FALSE)
  hazard <- max(c(0, base$hazard[base$time <= at]))
  x <- as.matrix(rows[names(coef(fit))])
  risk <- 1 - exp(-hazard * exp(drop(x %*% coef(fit))))
  # of a death and a censoring at one time the death comes first: times are multiples of 20
  censoring <- survfit(Surv(days - dead, 1 - dead) ~ 1, rows)
  before <- function(t) {  # G(t-)
    k <- findInterval(t, censoring$time, left.open = TRUE)
    c(1, censoring$surv)[k + 1]
  }
  upto <- c(1, censoring$surv)[findInterval(at, censoring$time) + 1]
  early <- rows$days <= at
  weight <- ifelse(early, rows$dead / before(rows$days), 1 / upto)
  mean(weight * (early - risk)^2)
}
measures <- function(fits, rows) {
  each <- sapply(fits, function(fit) {
    lp <- drop(as.matrix(rows[names(coef(fit))]) %*% coef(fit))
    c(concordance(Surv(days, dead) ~ lp, rows, reverse = TRUE)$concordance, brier(fit, rows))
  })
  each[, "full"] - each[, "base"]
}
fit_both <- function(rows) lapply(formulas, function(f) coxph(f, data = rows, model = TRUE))
observed <- measures(fit_both(patients), patients)
draws <- replicate(4000, {
  rows <- patients[sample(n, replace = TRUE), ]
  fits <- fit_both(rows)
  inside <- measures(fits, rows)
  c(inside, inside - measures(fits, patients))
})
rows <- lapply(1:2, function(k) {
  optimism <- mean(draws[2 + k, ])
  limits <- percentiles(draws[k, ])
  data.frame(measure = c("Harrell C", "Brier")[k],
             quantity = c("apparent", "estimate", "ci_low", "ci_high"),
             value = c(observed[k], observed[k] - optimism, limits[, "value"] - optimism),
             se = c(0, sd(draws[2 + k, ]) / sqrt(4000), limits[, "se"]),
             spread = sd(draws[k, ]))
})
write.csv(do.call(rbind, rows), "increment.csv", row.names = FALSE)
