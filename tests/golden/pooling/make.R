# Reference numbers for tests/golden/test_pooling_goldens.py, run in this folder: Rscript make.R
# R 4.2.2, metafor 3.8-1, survival 3.5-3. The data are made here and printed; nothing is random on
# the reading side.
suppressMessages({library(metafor); library(survival)})
options(digits = 17)
write <- function(table, name) {
  table[] <- lapply(table, function(v) if (is.numeric(v)) trimws(formatC(v, digits = 15, format = "g")) else v)
  write.csv(table, paste0(name, ".csv"), row.names = FALSE, quote = FALSE)
}
printed <- function(table) { # what a reader of the file gets
  table[] <- lapply(table, function(v) if (is.numeric(v)) as.numeric(formatC(v, digits = 15, format = "g")) else v)
  table
}

# ---- effects of cohorts: differing, alike, nearly equal, few, and with a small-study effect
set.seed(5)
made <- function(case, k, tau, slope = 0, exact = FALSE) {
  se <- round(runif(k, 0.08, 0.4), 3)
  y <- 0.25 + slope * se + rnorm(k, 0, if (exact) 0.005 else sqrt(tau^2 + se^2))
  data.frame(case = case, estimate = round(y, 4), std_error = se)
}
effects <- rbind(made("differing", 12, 0.3), made("alike", 6, 0), made("nearly_equal", 7, 0, exact = TRUE),
                 made("few", 3, 0.25), made("two", 2, 0.25), made("small_studies", 14, 0.05, slope = 1.5))
write(effects, "effects")

# metafor stops Fisher scoring at a step of 1e-5 and its root finder early; `exact` runs them on
control <- list(ML = list(threshold = 1e-12, maxiter = 10000), PM = list(tol = 1e-14, maxiter = 10000))
control$REML <- control$ML
pooled <- list(); omitted <- list(); egger <- list()
for (case in unique(effects$case)) {
  d <- effects[effects$case == case, ]
  for (method in c("FE", "DL", "HE", "SJ", "ML", "REML", "PM")) for (test in c("z", "knha")) {
    if (method == "FE" && test == "knha") next
    for (stop in c("default", if (method %in% names(control)) "exact")) {
      con <- if (stop == "exact") control[[method]] else list()
      r <- suppressWarnings(rma(yi = estimate, sei = std_error, data = d, method = method, test = test, control = con))
      p <- predict(r)
      ci <- if (method == "FE") NULL else suppressWarnings(confint(r, control = list(tol = 1e-14))$random)
      bound <- function(row, side) if (is.null(ci)) NA else ci[row, side]
      pooled[[length(pooled) + 1]] <- data.frame(
        case, method, test, stop, estimate = as.numeric(r$b), std_error = r$se, statistic = r$zval,
        p_value = r$pval, ci_low = r$ci.lb, ci_high = r$ci.ub, tau2 = r$tau2, i2 = r$I2, h2 = r$H2,
        q = r$QE, q_p_value = r$QEp,
        prediction_low = if (is.null(p$pi.lb)) NA else p$pi.lb, prediction_high = if (is.null(p$pi.ub)) NA else p$pi.ub,
        tau2_low = bound("tau^2", "ci.lb"), tau2_high = bound("tau^2", "ci.ub"),
        i2_low = bound("I^2(%)", "ci.lb"), i2_high = bound("I^2(%)", "ci.ub"),
        h2_low = bound("H^2", "ci.lb"), h2_high = bound("H^2", "ci.ub"))
    }
  }
  if (nrow(d) > 2) for (method in c("FE", "DL", "REML", "PM")) for (test in c("z", "knha")) {
    if (method == "FE" && test == "knha") next
    l <- as.data.frame(leave1out(rma(yi = estimate, sei = std_error, data = d, method = method, test = test)))
    l <- l[seq_len(nrow(d)), ]
    value <- function(name) if (is.null(l[[name]])) NA else l[[name]]
    omitted[[length(omitted) + 1]] <- data.frame(
      case, method, test, omitted = seq_len(nrow(d)), estimate = l$estimate, std_error = l$se,
      p_value = l$pval, ci_low = l$ci.lb, ci_high = l$ci.ub, q = l$Q, q_p_value = l$Qp,
      tau2 = value("tau2"), i2 = l$I2, h2 = l$H2)
  }
  if (nrow(d) > 2) {
    e <- regtest(rma(yi = estimate, sei = std_error, data = d), model = "lm")
    egger[[length(egger) + 1]] <- data.frame(case, statistic = e$zval, p_value = e$pval, df = e$dfs,
      limit = as.numeric(e$est), limit_low = e$ci.lb, limit_high = e$ci.ub,
      slope = coef(summary(e$fit))["Xsei", 1], slope_std_error = coef(summary(e$fit))["Xsei", 2])
  }
}
write(do.call(rbind, pooled), "pooled"); write(do.call(rbind, omitted), "leave_one_out")
write(do.call(rbind, egger), "egger")

# ---- patients of three cohorts: one model with a baseline hazard for each cohort
middle <- c(0, 0.4, -2); width <- c(1, 1.3, 0.5)
patients <- do.call(rbind, lapply(1:3, function(i) {
  n <- c(60, 80, 50)[i]
  x <- rnorm(n, middle[i], width[i]); age <- round(rnorm(n, 60, 9))
  grade <- sample(1:3, n, TRUE)
  z <- (x - middle[i]) / width[i]
  t <- rexp(n, 0.02 * exp(c(0.6, 0.3, 0.1)[i] * z + 0.02 * (age - 60) + 0.25 * grade)); cens <- rexp(n, 0.015)
  data.frame(cohort = c("A", "B", "C")[i], id = paste0(c("a", "b", "c")[i], seq_len(n)),
             time = pmax(ceiling(pmin(t, cens)), 1), event = as.integer(t <= cens),
             score = round(x, 3), age, grade = paste0("g", grade))
}))
patients <- printed(patients); write(patients, "patients")
standard <- function(x) x / sd(x)
patients$z <- ave(patients$score, patients$cohort, FUN = standard)
models <- list(alone = "", age = "+ age", age_grade = "+ age + grade")
one_stage <- list()
for (name in names(models)) for (ties in c("efron", "breslow")) {
  f <- as.formula(paste("Surv(time, event) ~ z", models[[name]], "+ strata(cohort)"))
  g <- as.formula(paste("Surv(time, event) ~ z", models[[name]], "+ z:cohort + strata(cohort)"))
  fit <- coxph(f, patients, ties = ties); wide <- coxph(g, patients, ties = ties)
  test <- 2 * (wide$loglik[2] - fit$loglik[2])
  s <- summary(fit)$coefficients
  lr <- 2 * (fit$loglik[2] - coxph(update(f, . ~ . - z), patients, ties = ties)$loglik[if (name == "alone") 1 else 2])
  zph <- cox.zph(fit)$table
  one_stage[[length(one_stage) + 1]] <- data.frame(
    model = name, ties, term = sub("grade(.*)", "grade[\\1]", sub("^z$", "score", rownames(s))),
    estimate = s[, 1], std_error = s[, "se(coef)"], p_value = s[, "Pr(>|z|)"], n = fit$n, n_events = fit$nevent,
    p_lr = pchisq(lr, 1, lower.tail = FALSE), p_ph = zph["z", "p"],
    lr_heterogeneity = test, p_heterogeneity = pchisq(test, 2, lower.tail = FALSE))
}
write(do.call(rbind, one_stage), "one_stage")

# ---- a model of cohort A, everything frozen, in cohort B
a <- patients[patients$cohort == "A", ]; b <- patients[patients$cohort == "B", ]
frozen <- function(x) (x - mean(a$score)) / sd(a$score)
a$z <- frozen(a$score); b$z <- frozen(b$score)
centre <- c(z = 0, age = mean(a$age), gradeg2 = mean(a$grade == "g2"), gradeg3 = mean(a$grade == "g3"))
validation <- list(); coefs <- list(); predictions <- list()
for (name in names(models)) {
  f <- as.formula(paste("Surv(time, event) ~ z", models[[name]]))
  fit <- coxph(f, a)
  lp_of <- function(d) as.numeric(model.matrix(f, d)[, names(coef(fit)), drop = FALSE] %*% coef(fit) - sum(coef(fit) * centre[names(coef(fit))]))
  coefs[[name]] <- data.frame(model = name, term = sub("grade(.*)", "grade[\\1]", sub("^z$", "score", names(coef(fit)))), estimate = coef(fit))
  hz <- basehaz(fit, centered = FALSE); shift <- exp(sum(coef(fit) * centre[names(coef(fit))]))
  H <- stepfun(hz$time, c(0, hz$hazard * shift))
  b$lp <- lp_of(b); lp_a <- lp_of(a)
  slope <- coxph(Surv(time, event) ~ lp, b)
  last <- max(a$time[a$event == 1])
  seen <- pmin(b$time, last); e <- ifelse(b$time <= last, b$event, 0)
  expected <- H(seen) * exp(b$lp)
  large <- glm(e ~ 1, offset = log(expected), family = poisson, subset = expected > 0,
               control = glm.control(epsilon = 1e-14))
  again <- coxph(f, b)
  harrell <- concordance(Surv(time, event) ~ lp, b, reverse = TRUE)
  uno <- concordance(Surv(time, event) ~ lp, b, reverse = TRUE, timewt = "n/G2")
  cut <- median(lp_a); b$high <- b$lp > cut
  groups <- survdiff(Surv(time, event) ~ high, b); hr <- coxph(Surv(time, event) ~ high, b)
  risk30 <- 1 - exp(-H(30) * exp(b$lp)); km <- summary(survfit(Surv(time, event) ~ 1, b), times = 30)
  validation[[name]] <- data.frame(model = name,
    harrell = harrell$concordance, harrell_se = sqrt(harrell$var), uno = uno$concordance, uno_se = sqrt(uno$var),
    slope = coef(slope), slope_se = sqrt(vcov(slope)[1]),
    observed = sum(e), expected = sum(expected), large = coef(large), large_se = sqrt(vcov(large)[1]),
    score = coef(again)[["z"]], score_se = sqrt(vcov(again)["z", "z"]), score_p = summary(again)$coefficients["z", "Pr(>|z|)"],
    cut = cut, n_high = sum(b$high), chisq = groups$chisq, group = coef(hr), group_se = sqrt(vcov(hr)[1]),
    predicted30 = mean(risk30), observed30 = 1 - km$surv)
  predictions[[name]] <- data.frame(model = name, id = b$id, linear_predictor = b$lp, risk30)
}
write(do.call(rbind, validation), "validation"); write(do.call(rbind, coefs), "coefficients")
write(do.call(rbind, predictions), "predictions")
