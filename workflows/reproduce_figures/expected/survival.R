# forest.csv, forest_pooled.csv, kaplan_meier.csv: from the expression matrix to the figure's
# numbers. R 4.2.2, survival 3.5-3: coxph(Surv(time, event) ~ score + covariates), ties efron,
# score per standard deviation of the rows used; survfit(conf.type = "log-log"), survdiff.
# metafor 3.8-1: rma(yi, sei, method = "REML", test = "knha") and rma(method = "FE").
source("common.R")
suppressMessages({library(survival); library(metafor)})
headline <- panel_ids("headline")

cohort <- function(name, covariates) {
  x <- read_matrix(paste0(name, "_expression.tsv"))
  clinic <- read_clinical(name)
  stopifnot(identical(clinic$pid, colnames(x)))
  sets <- scorable(genes_of(headline), x)
  list(scores = sapply(sets, function(genes) score_zscore(x, genes)),
       time = as.numeric(clinic$time), event = as.numeric(clinic$event),
       covariates = covariates(clinic))
}
cohorts <- list(
  GSE4335 = cohort("gse4335", function(d) data.frame(
    age = as.numeric(d$num_age), er = factor(d$fac_er_status), node = factor(d$fac_node_status),
    grade = as.numeric(d$fac_grade))),
  GSE3143 = cohort("gse3143", function(d) data.frame(er_level = factor(d$fac_erlev))),
  GSE1992 = cohort("gse1992", function(d) data.frame(
    age = as.numeric(d$num_age), er = factor(d$fac_er_positive), node = factor(d$fac_node_status),
    grade = as.numeric(d$fac_grade)))
)

fitted <- function(data, signature) {
  d <- data.frame(time = data$time, event = data$event, score = data$scores[, signature],
                  data$covariates)
  d <- d[complete.cases(d), ]
  d$score <- d$score / sd(d$score)
  fit <- coxph(Surv(time, event) ~ ., data = d, ties = "efron",
               control = coxph.control(eps = 1e-10, iter.max = 100))
  row <- summary(fit)$coefficients["score", ]
  list(beta = row[["coef"]], se = row[["se(coef)"]], p = row[["Pr(>|z|)"]], n = fit$n,
       events = fit$nevent)
}
expect_effect <- function(key, beta, se, p) {
  limits <- beta + c(-1, 1) * qnorm(0.975) * se
  expect(paste0(c("effect", "effect_low", "effect_high"), key), exp(c(beta, limits)))
  expect(paste0("p_value", key), p)
}
expect_pooled <- function(key, signature) {
  fits <- lapply(cohorts[c("GSE4335", "GSE3143")], fitted, signature)
  beta <- sapply(fits, `[[`, "beta")
  se <- sapply(fits, `[[`, "se")
  strict <- list(threshold = 1e-12, maxiter = 1000)
  random <- rma(beta, sei = se, method = "REML", test = "knha", control = strict)
  common <- rma(beta, sei = se, method = "FE")
  expect(paste0(c("effect", "effect_low", "effect_high"), key),
         exp(c(random$beta, random$ci.lb, random$ci.ub)))
  expect(paste0(c("p_value", "tau2", "i2"), key), c(random$pval, random$tau2, random$I2))
  expect(paste0(c("effect_common", "effect_low_common", "effect_high_common"), key),
         exp(c(common$beta, common$ci.lb, common$ci.ub)))
  expect(paste0(c("n", "n_events"), key),
         c(sum(sapply(fits, `[[`, "n")), sum(sapply(fits, `[[`, "events"))))
}

for (name in names(cohorts)) {
  fit <- fitted(cohorts[[name]], "GO.AXONOGENESIS")
  key <- sprintf("[%s]", name)
  expect_effect(key, fit$beta, fit$se, fit$p)
  expect(paste0(c("n", "n_events"), key), c(fit$n, fit$events))
}
expect_pooled("[pooled]", "GO.AXONOGENESIS")
write_expected("forest")

for (signature in headline) expect_pooled(sprintf("[%s]", signature), signature)
write_expected("forest_pooled")

data <- cohorts$GSE3143
score <- data$scores[, "GO.AXONOGENESIS"]
group <- factor(ifelse(score > median(score), "high", "low"), c("low", "high"))
curves <- survfit(Surv(data$time, data$event) ~ group, conf.type = "log-log")
for (at in c(0, 24, 48, 72, 96, 120)) {
  shown <- summary(curves, times = at, extend = TRUE)
  expect(sprintf("n_risk[%s, %g]", levels(group), at), shown$n.risk)
  expect(sprintf("survival[%s, %g]", levels(group), at), shown$surv)
}
medians <- summary(curves)$table
for (level in levels(group)) {
  row <- medians[paste0("group=", level), ]
  known <- is.finite(row[c("median", "0.95LCL", "0.95UCL")])
  expect(sprintf("%s[%s]", c("median", "median_low", "median_high"), level)[known],
         row[c("median", "0.95LCL", "0.95UCL")][known])
}
fit <- fitted(list(time = data$time, event = data$event, scores = data$scores,
                   covariates = data.frame(row.names = seq_along(score))), "GO.AXONOGENESIS")
expect_effect("", fit$beta, fit$se, fit$p)
expect("logrank_p", 1 - pchisq(survdiff(Surv(data$time, data$event) ~ group)$chisq, 1))
write_expected("kaplan_meier")
