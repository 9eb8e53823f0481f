# R 4.2.2 with survival 3.5-3 and riskRegression 2022.11.28 (Debian 12): Rscript make_tables.R, in
# this folder. Simulated patients with tied times; all numbers are printed with 17 digits.
suppressMessages({library(survival); library(riskRegression); library(prodlim)})
write <- function(d, name) {
  for (j in which(vapply(d, is.double, TRUE))) d[[j]] <- sprintf("%.17g", d[[j]])
  write.csv(d, paste0(name, ".csv"), row.names = FALSE, quote = FALSE)
}
set.seed(2026)
n <- 150
d <- data.frame(stage = sample(1:3, n, TRUE), age = round(rnorm(n, 62, 9)),
                score = round(rnorm(n), 2), rival = round(rnorm(n), 1))
hidden <- rexp(n, exp(-7 + .4 * d$stage + .6 * d$score + .2 * d$rival))
censored <- runif(n, 200, 2500)
d$days <- 20 * ceiling(pmin(hidden, censored) / 20)
d$dead <- as.numeric(hidden <= censored)
write(d, "patients")
times <- c(200, 500, 1000)
y <- with(d, Surv(days, dead))

one <- function(case, c) data.frame(case, index = unname(c$concordance), std_error = sqrt(c$var))
write(rbind(
  one("harrell", concordance(y ~ score, d, reverse = TRUE)),
  one("uno", concordance(y ~ score, d, reverse = TRUE, timewt = "n/G2")),
  one("uno to 1000", concordance(y ~ score, d, reverse = TRUE, timewt = "n/G2", ymax = 1000)),
  one("harrell to 500", concordance(y ~ score, d, reverse = TRUE, ymax = 500)),
  one("within stage", concordance(y ~ score + strata(stage), d, reverse = TRUE)),
  one("uno within stage", concordance(y ~ score + strata(stage), d, reverse = TRUE, timewt = "n/G2")),
  one("uno to 1000 within stage",
      concordance(y ~ score + strata(stage), d, reverse = TRUE, timewt = "n/G2", ymax = 1000))), "concordance")

base <- coxph(y ~ age + stage, d, x = TRUE)
full <- coxph(y ~ age + stage + score, d, x = TRUE)
other <- coxph(y ~ age + rival, d, x = TRUE)
both <- concordance(full, other)
contrast <- c(1, -1)
write(data.frame(first = both$concordance[[1]], second = both$concordance[[2]],
                 std_error = sqrt(drop(contrast %*% both$var %*% contrast))), "two_models")
lr <- anova(base, full)
write(data.frame(statistic = lr$Chisq[2], p = lr[["Pr(>|Chi|)"]][2]), "likelihood_ratio")

s <- Score(list(base = base, full = full), formula = Surv(days, dead) ~ 1, data = d, times = times,
           metrics = c("auc", "brier"), cens.model = "km", se.fit = TRUE)
auc <- as.data.frame(s$AUC$score)
brier <- as.data.frame(s$Brier$score)
write(data.frame(model = as.character(auc$model), time = auc$times, auc = auc$AUC, se = auc$se), "auc")
write(data.frame(model = sub(" model", "", as.character(brier$model)), time = brier$times,
                 brier = brier$Brier, se = brier$se), "brier")

d$cause <- ifelse(d$dead == 1, 1 + (seq_len(n) %% 3 == 0), 0)
k <- Score(list(score = matrix(plogis(d$score), n, 3)), formula = Hist(days, cause) ~ 1, data = d,
           times = times, metrics = "auc", cause = 1, cens.model = "km", se.fit = TRUE)
k <- as.data.frame(k$AUC$score)
write(data.frame(time = k$times, auc = k$AUC, se = k$se), "auc_competing")

risk <- 1 - summary(survfit(full, newdata = d), times = 500)$surv[1, ]
seen <- function(rows) {
  if (!any(rows)) return(0)
  curve <- survfit(Surv(days, dead) ~ 1, d[rows, ])
  1 - min(1, curve$surv[curve$time <= 500])
}
benefit <- function(p, r) mean(r >= p) * (seen(r >= p) - (1 - seen(r >= p)) * p / (1 - p))
p <- c(.1, .2, .3, .4, .5, .6)
write(data.frame(threshold = p, model = sapply(p, benefit, r = risk),
                 treat_all = sapply(p, benefit, r = rep(1, n))), "net_benefit")
group <- floor((rank(risk, ties.method = "min") - 1) * 5 / n)
write(data.frame(group = 1:5, predicted = as.vector(tapply(risk, group, mean)),
                 observed = sapply(0:4, function(g) seen(group == g))), "calibration")
