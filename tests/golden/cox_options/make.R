# Numbers of R for combinations of options. Run in this folder: Rscript make.R
# R 4.2.2, survival 3.5-3 (packageVersion("survival")).
library(survival)
options(digits = 17)
set.seed(5)
n <- 90
d <- data.frame(
  x = round(rnorm(n), 3), z = round(rnorm(n), 3), s = rep(1:2, length.out = n),
  id = 1:n, g = sample(1:15, n, TRUE), w = sample(c(0.5, 1, 1.5, 2), n, TRUE), o = round(rnorm(n) / 4, 3)
)
d$stop <- pmax(2, ceiling(rexp(n, 0.08 * exp(0.6 * d$x))))
d$start <- ifelse(runif(n) < 0.5, 0, floor(d$stop * runif(n)))
d$event <- as.numeric(runif(n) < 0.75)
write.csv(d, "data.csv", row.names = FALSE)

models <- list(
  entry_weights_cluster_efron = coxph(Surv(start, stop, event) ~ x + z, d, weights = w, cluster = g),
  entry_weights_cluster_breslow =
    coxph(Surv(start, stop, event) ~ x + z, d, weights = w, cluster = g, ties = "breslow"),
  entry_strata_offset_robust =
    coxph(Surv(start, stop, event) ~ x + z + strata(s) + offset(o), d, id = id, robust = TRUE),
  right_weights_strata_robust =
    coxph(Surv(stop, event) ~ x + z + strata(s), d, weights = w, robust = TRUE)
)
coefs <- do.call(rbind, lapply(names(models), function(m) {
  f <- models[[m]]
  data.frame(
    model = m, term = names(coef(f)), coef = coef(f), se = sqrt(diag(f$naive.var)),
    robust_se = sqrt(diag(f$var)), loglik0 = f$loglik[1], loglik1 = f$loglik[2]
  )
}))
write.csv(coefs, "coef.csv", row.names = FALSE)

zph <- do.call(rbind, lapply(names(models), function(m) {
  do.call(rbind, lapply(c("km", "rank", "identity"), function(tr) {
    z <- cox.zph(models[[m]], transform = tr)$table
    data.frame(model = m, transform = tr, term = rownames(z), chisq = z[, 1], p = z[, 3])
  }))
}))
write.csv(zph, "zph.csv", row.names = FALSE)

resid <- do.call(rbind, lapply(names(models), function(m) {
  f <- models[[m]]
  data.frame(
    model = m, row = seq_len(n), martingale = residuals(f, "martingale"),
    deviance = residuals(f, "deviance"), score = residuals(f, "score"),
    dfbeta = residuals(f, "dfbeta")
  )
}))
write.csv(resid, "residuals.csv", row.names = FALSE)

new <- data.frame(x = c(0, 1), z = c(0, -1), o = 0)
surv <- do.call(rbind, lapply(names(models), function(m) {
  f <- models[[m]]
  if (m == "entry_strata_offset_robust" || m == "right_weights_strata_robust") {
    grid <- merge(new, data.frame(s = 1:2))
  } else {
    grid <- new
  }
  do.call(rbind, lapply(seq_len(nrow(grid)), function(i) {
    s <- survfit(f, newdata = grid[i, ])
    data.frame(
      model = m, x = grid$x[i], s = if (is.null(grid$s)) NA else grid$s[i], time = s$time,
      surv = s$surv, std.err = s$std.err, lower = s$lower, upper = s$upper
    )
  }))
}))
write.csv(surv, "survival.csv", row.names = FALSE)

# hazard ratios by period: up to and after the median event time
m <- median(d$stop[d$event == 1])
early <- coxph(Surv(pmin(stop, m), event * (stop <= m)) ~ x + z, d)
late <- coxph(Surv(stop, event) ~ x + z, d, subset = stop > m)
write.csv(data.frame(
  period = c("early", "late"), split = m, coef = c(coef(early)[1], coef(late)[1]),
  se = c(sqrt(vcov(early)[1, 1]), sqrt(vcov(late)[1, 1]))
), "periods.csv", row.names = FALSE)

# interaction, and the Wald and likelihood-ratio tests of non-linearity of a natural spline
k <- quantile(d$x, c(.05, .35, .65, .95)); k[c(1, 4)] <- sort(d$x)[c(5, n - 4)]
nl <- coxph(Surv(stop, event) ~ splines::ns(x, knots = k[2:3], Boundary.knots = k[c(1, 4)]) + z, d)
li <- coxph(Surv(stop, event) ~ x + z, d)
lr <- 2 * (nl$loglik[2] - li$loglik[2])
it <- coxph(Surv(stop, event) ~ x * z, d)
write.csv(data.frame(
  quantity = c("spline_loglik", "linear_loglik", "lr", "lr_p", "x:z", "x:z_se", "interaction_loglik"),
  value = c(
    nl$loglik[2], li$loglik[2], lr, pchisq(lr, 2, lower.tail = FALSE), coef(it)[3],
    sqrt(vcov(it)[3, 3]), it$loglik[2]
  )
), "terms.csv", row.names = FALSE)

# jackknife of clusters: every model again without each cluster, Student's t of clusters - 1
jackknife <- function(f, data, group) {
  groups <- unique(data[[group]])
  moved <- sapply(groups, function(g) {
    coef(update(f, data = data[data[[group]] != g, ], cluster = NULL)) - coef(f)
  })
  if (is.null(dim(moved))) moved <- t(moved)
  list(v = moved %*% t(moved) * (length(groups) - 1) / length(groups), df = length(groups) - 1)
}
exact <- coxph.control(eps = 1e-11, iter.max = 50)
l <- na.omit(lung[, c("time", "status", "age", "sex", "inst")])
up_to_m <- transform(d, event = event * (stop <= m), stop = pmin(stop, m))
after_m <- d[d$stop > m, ]
clustered <- list(
  entry_weights_cluster_efron =
    list(coxph(Surv(start, stop, event) ~ x + z, d, weights = w, control = exact), d, "g"),
  entry_weights_cluster_breslow =
    list(coxph(Surv(start, stop, event) ~ x + z, d, weights = w, ties = "breslow", control = exact), d, "g"),
  entry_strata_offset =
    list(coxph(Surv(start, stop, event) ~ x + z + strata(s) + offset(o), d, control = exact), d, "g"),
  interaction = list(coxph(Surv(stop, event) ~ x * z, d, control = exact), d, "g"),
  early = list(coxph(Surv(stop, event) ~ x, up_to_m, control = exact), up_to_m, "g"),
  late = list(coxph(Surv(stop, event) ~ x, after_m, control = exact), after_m, "g"),
  lung = list(coxph(Surv(time, status) ~ age + sex, l, control = exact), l, "inst")
)
jackknives <- do.call(rbind, lapply(names(clustered), function(name) {
  f <- clustered[[name]][[1]]; of <- jackknife(f, clustered[[name]][[2]], clustered[[name]][[3]])
  se <- sqrt(diag(of$v))
  data.frame(model = name, term = names(coef(f)), coef = coef(f), se = se, df = of$df,
             p = 2 * pt(-abs(coef(f) / se), of$df), width = qt(0.975, of$df) * se)
}))
write.csv(jackknives, "jackknife.csv", row.names = FALSE)

# Wald's tests of a spline with the same errors, from Harrell's truncated cubes
truncated <- function(v) pmax(v, 0)^3
bend <- function(x, j) (truncated(x - k[j]) - truncated(x - k[3]) * (k[4] - k[j]) / (k[4] - k[3]) +
  truncated(x - k[4]) * (k[3] - k[j]) / (k[4] - k[3])) / (k[4] - k[1])^2
d$b1 <- bend(d$x, 1); d$b2 <- bend(d$x, 2)
bent <- coxph(Surv(stop, event) ~ x + b1 + b2 + z, d, control = exact); of <- jackknife(bent, d, "g")
wald_f <- function(at) as.numeric(coef(bent)[at] %*% solve(of$v[at, at]) %*% coef(bent)[at])
chi <- c(wald_f(2:3), wald_f(1:3))
write.csv(data.frame(term = c("nonlinear", "overall"), chisq = chi,
  p = pf(chi / c(2, 3), c(2, 3), of$df, lower.tail = FALSE)), "jackknife_spline.csv", row.names = FALSE)

# robust errors of patients in several rows, with a covariate that changes
early <- transform(d, start = 0, stop = pmin(stop, 7), event = event * (stop <= 7))
late <- transform(d[d$stop > 7, ], start = 7, x = x - 0.5 * z)
both <- rbind(early, late)
of_patients <- do.call(rbind, lapply(c("efron", "breslow"), function(ties) {
  do.call(rbind, lapply(c(FALSE, TRUE), function(weighted) {
    weight <- if (weighted) both$w else rep(1, nrow(both))
    f <- coxph(
      Surv(start, stop, event) ~ x, both, weights = weight, id = id, robust = TRUE, ties = ties
    )
    data.frame(ties, weighted, coef = coef(f), robust_se = sqrt(diag(f$var)))
  }))
}))
write.csv(of_patients, "patients.csv", row.names = FALSE)
