# pseudo-values by leaving each row out, least squares (or Newton steps for a ratio), HC2 errors of
# the last step, Satterthwaite's degrees of freedom
pseudo_mean <- function(d, x, tau, ratio = FALSE) {
  one <- function(k) {
    fit <- survfit(Surv(time, event) ~ 1, k)
    at <- c(0, fit$time[fit$time < tau], tau)
    sum(diff(at) * c(1, fit$surv[fit$time < tau]))
  }
  n <- nrow(d); all <- one(d)
  y <- sapply(seq_len(n), function(i) n * all - (n - 1) * one(d[-i, ]))
  m <- model.matrix(~ x); b <- c(if (ratio) log(mean(y)) else mean(y), 0)
  mean_of <- function(b) drop(if (ratio) exp(m %*% b) else m %*% b)
  slope_of <- function(b) if (ratio) mean_of(b) else rep(1, n)
  for (step in 1:60) b <- b + drop(solve(crossprod(m, m * slope_of(b)), crossprod(m, y - mean_of(b))))
  root <- sqrt(slope_of(b)); e <- (y - mean_of(b)) / root; m <- m * root
  h <- m %*% solve(crossprod(m)) %*% t(m); left <- diag(n) - h
  a <- (m %*% solve(crossprod(m)))[, 2]; w <- a^2 / (1 - diag(h)); md <- left %*% diag(w)
  2 * pt(-abs(b[2] / sqrt(sum(w * e^2))), sum(diag(md))^2 / sum(md * t(md)))
}
regression_tau <- function(d) min(tapply(d$time, d$group > 0, max), quantile(d$time, 0.75))
# Tian, Zhao and Wei: weights 1 / G at min(T, tau), a sandwich with the part of the estimated G
weighted_mean_regression <- function(d, ratio) {
  tau <- regression_tau(d); y <- pmin(d$time, tau); known <- d$event == 1 | d$time >= tau
  g <- survfit(Surv(y, !known) ~ 1)
  w <- known / g$surv[match(y, g$time)]
  x <- cbind(1, d$noise)
  if (ratio) {
    b <- c(log(weighted.mean(y, w)), 0)
    for (step in 1:60) {
      m <- drop(exp(x %*% b)); b <- b + drop(solve(crossprod(x, x * w * m), crossprod(x, w * (y - m))))
    }
    m <- drop(exp(x %*% b)); bread <- solve(crossprod(x, x * m))
  } else {
    b <- coef(lm.wfit(x, y, w)); m <- drop(x %*% b); bread <- solve(crossprod(x))
  }
  score <- x * w * (y - m)
  later <- outer(y, y, "<=")  # row i, column j: j is at risk at y_i
  beyond <- (later %*% score) * (!known) / rowSums(later)
  part <- score + beyond - t(later) %*% (beyond / rowSums(later))
  error <- sqrt(diag(bread %*% crossprod(part) %*% bread))
  2 * pnorm(-abs(b[2] / error[2]))
}
mean_contrast <- function(d, which) {
  high <- as.integer(d$group > 0)
  tau <- min(tapply(d$time, high, max), quantile(d$time, 0.75))
  fit <- survfit(Surv(time, event) ~ high, d)
  m <- summary(fit, rmean = tau)$table
  a <- m[, grep("^rmean", colnames(m))]; s <- m[, grep("^se\\(rmean", colnames(m))]
  z <- switch(which,
    difference = (a[2] - a[1]) / sqrt(sum(s^2)),
    ratio = log(a[2] / a[1]) / sqrt(sum((s / a)^2)),
    lost_ratio = log((tau - a[2]) / (tau - a[1])) / sqrt(sum((s / (tau - a))^2)))
  2 * pnorm(-abs(z))
}

means_calls <- list(
  "restricted mean, regression, difference" = list("survfit without each row, lm", function(d)
    if (nrow(d) <= 200) pseudo_mean(d, d$noise, regression_tau(d)) else NA),
  "restricted mean, regression, ratio" = list("survfit without each row, Newton, vcovHC(HC2)", function(d)
    if (nrow(d) <= 200) pseudo_mean(d, d$noise, regression_tau(d), ratio = TRUE) else NA),
  "restricted mean, regression, difference, by weights" = list("survfit of the censoring, lm, sandwich by formula", function(d)
    weighted_mean_regression(d, FALSE)),
  "restricted mean, regression, ratio, by weights" = list("survfit of the censoring, Newton, sandwich by formula", function(d)
    weighted_mean_regression(d, TRUE)),
  "restricted means, difference" = list("survfit, rmean", function(d) mean_contrast(d, "difference")),
  "restricted means, ratio" = list("survfit, rmean", function(d) mean_contrast(d, "ratio")),
  "restricted means, lost_ratio" = list("survfit, rmean", function(d) mean_contrast(d, "lost_ratio"))
)
