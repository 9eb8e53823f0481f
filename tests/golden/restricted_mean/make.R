# Regression of the restricted mean on pseudo-values, by brute force: the curve of survfit without
# each row, Newton steps, sandwich::vcovHC(type = "HC2") of lm at the last step and the degrees of
# freedom of Bell and McCaffrey from the whole n x n matrices. R 4.2.2, survival 3.5-3, sandwich
# 3.0-2. Rscript make.R writes data.csv, pseudo.csv and regression.csv beside this file.
suppressMessages({library(survival); library(sandwich)})
set.seed(20261126)
n <- 90
d <- data.frame(score = round(exp(rnorm(n)), 3), age = round(rnorm(n, 60, 9)), arm = rep(0:1, length.out = n))
dead <- rexp(n, exp(0.02 * (d$age - 60)) / 30); lost <- rexp(n, 1 / ifelse(d$arm == 1, 25, 50))
d$time <- pmax(1, ceiling(pmin(dead, lost))); d$event <- as.integer(dead <= lost)  # months, many ties
write.csv(d, "data.csv", row.names = FALSE)

rmean <- function(d, tau) {
  fit <- survfit(Surv(time, event) ~ 1, d)
  at <- fit$time < tau
  sum(diff(c(0, fit$time[at], tau)) * c(1, fit$surv[at]))
}
leave_out <- function(d, tau) {
  all <- rmean(d, tau)
  sapply(seq_len(nrow(d)), function(i) nrow(d) * all - (nrow(d) - 1) * rmean(d[-i, ], tau))
}
values <- function(d, tau, arms) {
  if (!arms) return(leave_out(d, tau))
  y <- numeric(nrow(d))
  for (a in 0:1) y[d$arm == a] <- leave_out(d[d$arm == a, ], tau)
  y
}
degrees <- function(x, j, leverage) {  # x: design times the root of the working weights
  h <- x %*% solve(crossprod(x)) %*% t(x); left <- diag(nrow(x)) - h
  a <- (x %*% solve(crossprod(x)))[, j]
  md <- left %*% diag(a^2 / (1 - leverage))
  sum(diag(md))^2 / sum(md * t(md))
}
options(digits = 15)
pseudo <- NULL; rows <- NULL
for (tau in c(20, max(d$time[d$arm == 1]))) for (arms in c(FALSE, TRUE)) for (adjust in c(FALSE, TRUE)) {
  y <- values(d, tau, arms)
  if (!adjust) pseudo <- rbind(pseudo, data.frame(tau, arms, row = seq_len(n), y = y))
  terms <- c("score", if (adjust) c("age", "arm"))
  for (effect in c("difference", "ratio")) {
    x <- model.matrix(reformulate(terms), d); b <- c(if (effect == "ratio") log(mean(y)), rep(0, 9))[seq_len(ncol(x))]
    mean_of <- function(b) drop(if (effect == "ratio") exp(x %*% b) else x %*% b)
    slope_of <- function(b) if (effect == "ratio") mean_of(b) else rep(1, n)
    for (step in 1:60) b <- b + drop(solve(crossprod(x, x * slope_of(b)), crossprod(x, y - mean_of(b))))
    root <- sqrt(slope_of(b)); scaled <- x * root
    fit <- lm((y - mean_of(b)) / root ~ 0 + scaled)  # the last step: coefficients 0
    stopifnot(max(abs(coef(fit))) < 1e-10)
    se <- sqrt(diag(vcovHC(fit, type = "HC2")))
    df <- sapply(seq_len(ncol(x)), function(j) degrees(scaled, j, hatvalues(fit)))
    rows <- rbind(rows, data.frame(tau, arms, adjust, effect, term = colnames(x), estimate = b,
      std_error = se, df = df, p_value = 2 * pt(-abs(b / se), df), row.names = NULL))
  }
}
write.csv(pseudo, "pseudo.csv", row.names = FALSE)
write.csv(rows, "regression.csv", row.names = FALSE)
