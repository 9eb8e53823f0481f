survdiff_p <- function(...) { s <- survdiff(...); chi(s$chisq, sum(rowSums(as.matrix(s$exp)) > 0) - 1) }
# a weighted log-rank test of k groups from the risk table; weight: of S(t-) and the number at risk
weighted_logrank <- function(d, weight) {
  at <- sort(unique(d$time[d$event == 1])); groups <- sort(unique(d$group)); k <- length(groups)
  n <- sapply(groups, function(g) sapply(at, function(t) sum(d$time >= t & d$group == g)))
  dead <- sapply(groups, function(g) sapply(at, function(t) sum(d$time == t & d$event == 1 & d$group == g)))
  all <- rowSums(n); died <- rowSums(dead)
  w <- weight(c(1, cumprod(1 - died / all))[seq_along(at)], all)
  u <- colSums(w * (dead - n * died / all)); v <- matrix(0, k, k)
  for (i in which(all > 1)) {
    share <- n[i, ] / all[i]
    v <- v + w[i]^2 * died[i] * (all[i] - died[i]) / (all[i] - 1) * (diag(share, k) - share %o% share)
  }
  chi(drop(u[-1] %*% solve(v[-1, -1, drop = FALSE], u[-1])), k - 1)
}
gray <- function(d, ...) cuminc(d$time, d$cause, d$group, ...)$Tests["1", "pv"]
crr_fit <- function(d) crr(d$time, d$cause, as.matrix(d[, terms(d)]), gtol = 1e-10, maxiter = 50)
crr_lr <- function(d) {
  full <- crr_fit(d)
  base <- if (d$adjusted[1] == 1) crr(d$time, d$cause, as.matrix(d[, c("z1", "z2")]))$loglik else full$loglik.null
  chi(2 * (full$loglik - base))
}
cut <- function(d, method) maxstat.test(Surv(time, event) ~ noise, d, smethod = "LogRank",
  pmethod = method, minprop = 0.25, maxprop = 0.75)$p.value

curves_calls <- list(
  "log-rank, late weights (gamma 1)" = list("weighted differences by formula", function(d) weighted_logrank(d, function(s, n) 1 - s)),
  "log-rank, Gehan" = list("weighted differences by formula", function(d) weighted_logrank(d, function(s, n) n)),
  "log-rank, Tarone-Ware" = list("weighted differences by formula", function(d) weighted_logrank(d, function(s, n) sqrt(n))),
  "not offered: log-rank at the best cut" = list("maxstat.test, survdiff", function(d) {
    at <- maxstat.test(Surv(time, event) ~ noise, d, smethod = "LogRank", minprop = 0.25, maxprop = 0.75)$estimate
    survdiff_p(Surv(time, event) ~ I(noise <= at), d)
  }),
  "log-rank" = list("survdiff", function(d) survdiff_p(Surv(time, event) ~ group, d)),
  "log-rank, two groups" = list("survdiff", function(d) survdiff_p(Surv(time, event) ~ I(group > 0), d)),
  "log-rank, early weights (rho 1)" = list("survdiff(rho = 1)", function(d) survdiff_p(Surv(time, event) ~ group, d, rho = 1)),
  "log-rank, trend" = list("coxph(ties = exact), score test", function(d)
    if (nrow(d) <= 100) chi(coxph(Surv(time, event) ~ group, d, ties = "exact")$score) else NA),
  "log-rank, smallest q of three pairs" = list("survdiff, p.adjust", function(d)
    min(p.adjust(sapply(0:2, function(g) survdiff_p(Surv(time, event) ~ group, d[d$group != g, ])), "BH"))),
  "log-rank, stratified" = list("survdiff", function(d) survdiff_p(Surv(strata_time, event) ~ group + strata(half), d)),
  "log-rank, one pair of three" = list("survdiff", function(d) survdiff_p(Surv(time, event) ~ group, d[d$group < 2, ])),
  "Gray" = list("cuminc", function(d) gray(d)),
  "Gray, stratified" = list("cuminc", function(d) gray(d, strata = d$half)),
  "Fine-Gray, Wald" = list("crr", function(d) { f <- crr_fit(d); 2 * pnorm(-abs(f$coef[1] / sqrt(f$var[1, 1]))) }),
  "Fine-Gray, Wald, groups of censoring" = list("crr(cengroup = )", function(d) {
    f <- crr(d$time, d$cause, as.matrix(d[, terms(d)]), cengroup = d$half, gtol = 1e-10, maxiter = 50)
    2 * pnorm(-abs(f$coef[1] / sqrt(f$var[1, 1])))
  }),
  "Fine-Gray, likelihood ratio" = list("crr", crr_lr),
  "cutpoint, Lausen 1992" = list("maxstat.test", function(d) min(1, cut(d, "Lau92"))),
  "cutpoint, Lausen 1994" = list("maxstat.test", function(d) min(1, cut(d, "Lau94")))
)
