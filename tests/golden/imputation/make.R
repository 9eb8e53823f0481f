# Reference numbers for tests/golden/test_imputation_goldens.py, run in this folder: Rscript make.R
# R 4.2.2, mice 3.15.0, survival 3.5-3. The data are made here and printed; the random numbers of
# mice are not ours, so that its imputations are compared in distribution, its pooling to 1e-10.
suppressMessages({library(mice); library(survival)})
options(digits = 17)
write <- function(table, name) {
  table[] <- lapply(table, function(v) if (is.numeric(v)) trimws(formatC(v, digits = 15, format = "g")) else v)
  write.csv(table, paste0(name, ".csv"), row.names = FALSE, quote = FALSE)
}

set.seed(2009)
n <- 400
score <- round(rnorm(n), 4)
age <- round(60 + 4 * score + rnorm(n, 0, 8), 1)
grade <- cut(0.5 * score + (age - 60) / 10 + rlogis(n), c(-Inf, -0.7, 0.9, Inf), c("G1", "G2", "G3"))
sex <- ifelse(runif(n) < plogis(0.4 * score), "m", "f")
hazard <- 0.1 * exp(0.5 * score + 0.04 * (age - 60) + 0.5 * (grade == "G2") + 1.0 * (grade == "G3") + 0.3 * (sex == "m"))
own <- rexp(n, hazard); censored <- runif(n, 1, 25)
full <- data.frame(time = round(pmin(own, censored), 3) + 0.001, event = as.integer(own <= censored),
                   score = score, age = age, grade = grade, sex = sex)
lost <- function(x) runif(n) < plogis(x)
d <- full
d$age[lost(-1.6 + 1.2 * full$event + 0.5 * score)] <- NA
d$grade[lost(-1.4 - 0.9 * full$event + 0.5 * score)] <- NA
d$sex[lost(-2.5 + 0.5 * full$event)] <- NA
d$sex <- factor(d$sex); d$pain <- as.integer(runif(n) < plogis(-0.5 + 0.6 * score + 0.03 * (full$age - 60)))
write(transform(d, grade = as.character(grade), sex = as.character(sex)), "data")

# the whole procedure on these data
d$hazard <- nelsonaalen(d, time, event)
mice_of <- function(data, leave, m, method = NULL) {
  p <- quickpred(data, mincor = 0); p[, leave] <- 0
  if (is.null(method)) method <- make.method(data)
  mice(data, m = m, maxit = 10, predictorMatrix = p, method = method, printFlag = FALSE, seed = 1)
}
pooled_of <- function(fits, analysis) {
  p <- pool(fits)$pooled
  term <- sub("factor(grade, ordered = FALSE)", "grade", as.character(p$term), fixed = TRUE)
  data.frame(analysis = analysis, term = term, m = p$m, estimate = p$estimate, within = p$ubar,
             between = p$b, total = p$t, df_complete = p$dfcom, df = p$df, riv = p$riv, fmi = p$fmi)
}
survival <- mice_of(d, c("time", "pain"), 200)
cox <- with(survival, coxph(Surv(time, event) ~ score + age + grade + sex))
ordered <- d; ordered$grade <- factor(ordered$grade, ordered = TRUE)
by_order <- mice_of(ordered, c("time", "pain"), 200)
cox_ordinal <- with(by_order, coxph(Surv(time, event) ~ score + age + factor(grade, ordered = FALSE) + sex))
logistic <- mice_of(d[c("pain", "score", "age", "grade", "sex")], character(), 200)
glm_fits <- with(logistic, glm(pain ~ score + age + grade + sex, family = binomial))
normal <- make.method(d[c("pain", "score", "age", "sex")]); normal["age"] <- "norm"
by_norm <- mice_of(d[c("pain", "score", "age", "sex")], character(), 200, normal)
lm_fits <- with(by_norm, lm(pain ~ score + age + sex))
write(rbind(pooled_of(cox, "cox"), pooled_of(cox_ordinal, "cox_ordinal"), pooled_of(glm_fits, "logistic"),
            pooled_of(lm_fits, "linear")), "procedure")

# pooling alone: the estimates of the first imputations and what mice::pool makes of them
few <- function(fits, analysis, m) {
  fits <- fits$analyses[1:m]
  each <- do.call(rbind, lapply(seq_along(fits), function(i) {
    s <- summary(fits[[i]])$coefficients
    se <- if (analysis == "cox") s[, "se(coef)"] else s[, "Std. Error"]
    data.frame(analysis = analysis, m = m, imputation = i, term = rownames(s), estimate = s[, 1], std_error = se)
  }))
  pooled <- pooled_of(as.mira(fits), analysis)
  s <- summary(pool(as.mira(fits)), conf.int = TRUE)
  pooled$ci_low <- s[["2.5 %"]]; pooled$ci_high <- s[["97.5 %"]]; pooled$p_value <- s$p.value
  list(each = each, pooled = pooled)
}
cases <- list(few(cox, "cox", 5), few(cox, "cox", 20), few(glm_fits, "logistic", 5), few(lm_fits, "linear", 3))
write(do.call(rbind, lapply(cases, `[[`, "each")), "estimates")
write(do.call(rbind, lapply(cases, `[[`, "pooled")), "pooled")
