# Numbers of R for regressions, group comparisons and correlations. Run in this folder:
# Rscript make.R. R 4.2.2; MASS 7.3-58.2, nnet 7.3-18, sandwich 3.0-2, lmtest 0.9-40, ordinal
# 2022.11-16, nlme 3.1-162, lme4 1.1-31, brglm2 0.9, survival 3.5-3, clubSandwich 0.5.8.
suppressMessages({library(MASS); library(sandwich); library(lmtest); library(survival)})
set.seed(11)
n <- 160
d <- data.frame(
  x = round(rnorm(n), 3), z = round(rnorm(n), 3), w = sample(c("a", "b", "c"), n, TRUE),
  centre = sprintf("c%02d", sample(1:34, n, TRUE)), donor = sprintf("d%02d", rep(1:16, each = 10))
)
d$site <- c(rep(0, 80), rep(1, 80))  # the same for all rows of a donor
b <- rnorm(16)[rep(1:16, each = 10)]
eta <- 0.7 * d$x - 0.4 * d$z + 0.3 * (d$w == "b")
d$yes <- as.integer(runif(n) < plogis(eta - 0.3))
d$all_in_c <- ifelse(d$w == "c", 1L, d$yes)  # every row of level c has the outcome
d$cut <- as.integer(d$x + 0.05 * d$z > 0.2)  # x and z separate it
lat <- eta + rlogis(n)
d$grade <- c("low", "mid", "high", "top")[findInterval(lat, c(-1, 0.3, 1.6)) + 1]
d$type <- c("A", "B", "C")[apply(cbind(rlogis(n), 0.5 * d$x + rlogis(n), 0.8 * d$z + rlogis(n)), 1, which.max)]
d$area <- round(runif(n, 0.5, 3), 2)
d$count <- rnbinom(n, mu = d$area * exp(0.5 + 0.3 * eta), size = 1.5)
d$number <- round(eta + b + 0.5 * d$x * rnorm(16, 0, 0.4)[rep(1:16, each = 10)] + rnorm(n), 4)
d$tied <- round(d$number)
d$fine <- round(d$number, 1)
write.csv(d, "data.csv", row.names = FALSE)

rows <- list()
add <- function(case, term, quantity, value)
  rows[[length(rows) + 1]] <<- data.frame(case, term, quantity, value = formatC(value, digits = 17, format = "g"))
table_of <- function(case, f, v = vcov(f), terms = names(coef(f)), cf = coef(f)) for (t in terms) {
  add(case, t, "estimate", cf[[t]]); add(case, t, "std_error", sqrt(v[t, t]))
}
tight <- glm.control(epsilon = 1e-15, maxit = 100)
bias_reduced <- function(case, f, cluster) {
  t <- clubSandwich::coef_test(f, vcov = "CR2", cluster = cluster, test = "Satterthwaite")
  for (i in seq_len(nrow(t))) {
    name <- names(coef(f))[i]; add(case, name, "estimate", t$beta[i]); add(case, name, "std_error", t$SE[i])
    add(case, name, "df", t$df_Satt[i]); add(case, name, "p_value", t$p_Satt[i])
  }
}

# logistic: sandwiches, clusters, likelihood ratio, profile limits by root finding
g <- glm(yes ~ x + z + w, binomial, d, control = tight)
table_of("logistic", g)
for (ty in paste0("HC", 0:3)) table_of(paste0("logistic_", ty), g, vcovHC(g, type = ty))
table_of("logistic_cluster", g, vcovCL(g, cluster = d$centre)); bias_reduced("logistic_CR2", g, d$centre)
add("logistic", "x", "p_lr", anova(update(g, . ~ . - x), g, test = "LRT")[2, 5])
limits <- function(f, data, y, columns, j) {
  m <- model.matrix(reformulate(columns), data); m <- m[, -1]; best <- coef(f)[[j]]
  s <- sqrt(vcov(f)[j, j]); top <- f$deviance
  loss <- function(v) glm.fit(cbind(1, m[, colnames(m) != j]), data[[y]], offset = v * m[, j], family = binomial(), control = tight)$deviance - top - qchisq(0.95, 1)
  c(uniroot(loss, c(best - 6 * s, best), tol = 1e-13)$root, uniroot(loss, c(best, best + 6 * s), tol = 1e-13)$root)
}
for (t in c("x", "z", "wb", "wc")) { l <- limits(g, d, "yes", c("x", "z", "w"), t); add("logistic_profile", t, "ci_low", l[1]); add("logistic_profile", t, "ci_high", l[2]) }
# level c decides its rows: the limit of the other estimates is the fit without them
g <- glm(all_in_c ~ x + z + w, binomial, subset(d, w != "c"), control = tight)
table_of("logistic_limit", g); add("logistic_limit", "x", "p_lr", anova(update(g, . ~ . - x), g, test = "LRT")[2, 5])
table_of("logistic_limit_HC0", g, vcovHC(g, type = "HC0"))
g <- glm(cut ~ x + z, binomial, d, method = brglm2::brglmFit, type = "AS_mean", control = list(epsilon = 1e-12, maxit = 5000))
for (t in c("x", "z")) add("logistic_firth_brglm2", t, "estimate", coef(g)[[t]])

# linear
m <- lm(number ~ x + z + w, d)
for (ty in paste0("HC", 0:3)) table_of(paste0("linear_", ty), m, vcovHC(m, type = ty))
table_of("linear_cluster", m, vcovCL(m, cluster = d$centre)); bias_reduced("linear_CR2", m, d$centre)
bias_reduced("linear_CR2_donor", lm(number ~ x + z + site, d), d$donor)

# ordinal: clm with its likelihood-ratio tests of the terms and of their proportionality
d$grade <- factor(d$grade, levels = c("low", "mid", "high", "top"), ordered = TRUE)
for (link in c("logit", "probit", "cloglog")) {
  f <- ordinal::clm(grade ~ x + z, data = d, link = link, control = ordinal::clm.control(gradTol = 1e-12, maxIter = 500))
  case <- paste0("ordinal_", link)
  table_of(case, f, terms = c("x", "z")); add(case, "x", "p_lr", anova(ordinal::clm(grade ~ z, data = d, link = link), f)[2, 6])
  for (t in c("x", "z")) {
    wide <- ordinal::clm(grade ~ x + z, nominal = reformulate(t), data = d, link = link)
    add(case, t, "p_proportional", pchisq(2 * (wide$logLik - f$logLik), 2, lower.tail = FALSE))
  }
}
p <- polr(grade ~ x + z, d, Hess = TRUE, control = list(reltol = 1e-16, maxit = 1000))
# sandwich's estfun of a polr fit; bread of clm, whose Hessian is exact
f <- ordinal::clm(grade ~ x + z, data = d, control = ordinal::clm.control(gradTol = 1e-12, maxIter = 500))
s <- estfun(p); s <- s[, c(3:5, 1:2)]; bread <- vcov(f)
v <- bread %*% crossprod(s) %*% bread; dimnames(v) <- dimnames(bread); table_of("ordinal_HC0", f, v, c("x", "z"))
u <- rowsum(s, d$centre); v <- bread %*% crossprod(u) %*% bread * nrow(u) / (nrow(u) - 1)
dimnames(v) <- dimnames(bread); table_of("ordinal_cluster", f, v, c("x", "z"))

# multinomial; B is the reference
d$type <- relevel(factor(d$type), "B")
f <- nnet::multinom(type ~ x + z, d, trace = FALSE, reltol = 1e-16, abstol = 1e-16, maxit = 5000, Hess = TRUE)
r <- nnet::multinom(type ~ z, d, trace = FALSE, reltol = 1e-16, abstol = 1e-16, maxit = 5000)
v <- vcov(f); P <- fitted(f); X <- model.matrix(~ x + z, d)
s <- do.call(cbind, lapply(c("A", "C"), function(l) ((d$type == l) - P[, l]) * X)); colnames(s) <- colnames(v)
u <- rowsum(s, d$centre); robust <- v %*% crossprod(s) %*% v; byc <- v %*% crossprod(u) %*% v * nrow(u) / (nrow(u) - 1)
for (l in c("A", "C")) for (t in c("x", "z")) {
  at <- paste0(l, ":", t); add("multinomial", at, "estimate", coef(f)[l, t]); add("multinomial", at, "std_error", sqrt(v[at, at]))
  add("multinomial_HC0", at, "std_error", sqrt(robust[at, at])); add("multinomial_cluster", at, "std_error", sqrt(byc[at, at]))
}
add("multinomial", "x", "p_lr", pchisq(as.numeric(2 * (logLik(f) - logLik(r))), 2, lower.tail = FALSE))

# counts per area
g <- glm(count ~ x + z + offset(log(area)), poisson, d, control = tight)
table_of("poisson", g); for (ty in paste0("HC", 0:3)) table_of(paste0("poisson_", ty), g, vcovHC(g, type = ty))
table_of("poisson_cluster", g, vcovCL(g, cluster = d$centre)); bias_reduced("poisson_CR2", g, d$centre)
add("poisson", "x", "dispersion", sum(residuals(g, "pearson")^2) / g$df.residual)
add("poisson", "x", "p_lr", anova(update(g, . ~ . - x), g, test = "LRT")[2, 5])
g <- glm.nb(count ~ x + z + offset(log(area)), d, control = glm.control(epsilon = 1e-14, maxit = 200))
r <- glm.nb(count ~ z + offset(log(area)), d, control = glm.control(epsilon = 1e-14, maxit = 200))
table_of("negative_binomial", g); add("negative_binomial", "x", "theta", g$theta); add("negative_binomial", "x", "theta_std_error", g$SE.theta)
add("negative_binomial", "x", "p_lr", pchisq(as.numeric(2 * (logLik(g) - logLik(r))), 1, lower.tail = FALSE))
table_of("negative_binomial_HC0", g, vcovHC(g, type = "HC0")); table_of("negative_binomial_cluster", g, vcovCL(g, cluster = d$centre))

# errors of clusters by jackknife: every model again without each centre, Student's t
jackknife <- function(case, coefs) {
  b <- coefs(d); centres <- unique(d$centre); df <- length(centres) - 1
  moved <- sapply(centres, function(g) coefs(d[d$centre != g, ]) - b)
  se <- sqrt(rowSums(moved^2) * df / (df + 1))
  for (t in names(b)) {
    add(case, t, "estimate", b[[t]]); add(case, t, "std_error", se[[t]])
    add(case, t, "df", df); add(case, t, "p_value", 2 * pt(-abs(b[[t]] / se[[t]]), df))
  }
}
jackknife("linear_jackknife", function(d) coef(lm(number ~ x + z, d))[-1])
jackknife("logistic_jackknife", function(d) coef(glm(yes ~ x + z, binomial, d, control = tight))[-1])
jackknife("poisson_jackknife", function(d)
  coef(glm(count ~ x + z + offset(log(area)), poisson, d, control = tight))[-1])
jackknife("negative_binomial_jackknife", function(d)
  coef(glm.nb(count ~ x + z + offset(log(area)), d, control = glm.control(epsilon = 1e-14, maxit = 200)))[-1])
jackknife("ordinal_jackknife", function(d)
  ordinal::clm(grade ~ x + z, data = d, control = ordinal::clm.control(gradTol = 1e-12, maxIter = 500))$beta)
jackknife("multinomial_jackknife", function(d) {
  f <- coef(nnet::multinom(type ~ x + z, d, trace = FALSE, reltol = 1e-16, abstol = 1e-16, maxit = 5000))
  setNames(as.vector(f[, -1]), outer(rownames(f), colnames(f)[-1], paste, sep = ":"))
})

# mixed: lme4 for the fits, nlme for degrees of freedom and t-tests
ctl <- lme4::lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-12, maxfun = 1e5))
for (reml in c(TRUE, FALSE)) {
  case <- if (reml) "mixed_REML" else "mixed_ML"
  f <- lme4::lmer(number ~ x + z + site + (1 | donor), d, REML = reml, control = ctl); cf <- lme4::fixef(f)
  table_of(case, f, as.matrix(vcov(f)), c("x", "z", "site"), cf)
  add(case, "x", "sd_group", attr(lme4::VarCorr(f)$donor, "stddev")); add(case, "x", "sd_residual", sigma(f))
  if (!reml) { r <- lme4::lmer(number ~ z + site + (1 | donor), d, REML = FALSE, control = ctl); add("mixed_REML", "x", "p_lr", anova(r, f)[2, 8]) }
}
f <- nlme::lme(number ~ x + z + site, d, random = ~ 1 | donor, control = nlme::lmeControl(tolerance = 1e-12, msTol = 1e-14, opt = "optim", reltol = 1e-15))
tt <- summary(f)$tTable
for (t in c("x", "z", "site")) { add("mixed_nlme", t, "df", tt[t, "DF"]); add("mixed_nlme", t, "p_value", tt[t, "p-value"]) }
f <- lme4::lmer(number ~ x + z + (x | donor), d, control = ctl); table_of("mixed_slope", f, as.matrix(vcov(f)), c("x", "z"), lme4::fixef(f))
vc <- as.data.frame(lme4::VarCorr(f)); for (i in 1:4) add("mixed_slope", "x", c("sd_group", "sd_slope", "cor_slope", "sd_residual")[i], vc$sdcor[i])

# groups
d2 <- subset(d, w != "c")
compare <- function(case, v, group, ...) {
  k <- wilcox.test(v[group == "b"], v[group == "a"], conf.int = TRUE, tol.root = 1e-12, ...)
  add(case, "x", "statistic", k$statistic); add(case, "x", "p_value", k$p.value)
  add(case, "x", "ci_low", k$conf.int[1]); add(case, "x", "ci_high", k$conf.int[2])
  add(case, "x", "shift", median(outer(v[group == "b"], v[group == "a"], "-"))); add(case, "x", "biserial", mean(sign(outer(v[group == "b"], v[group == "a"], "-"))))
}
compare("wilcoxon", d2$number, d2$w)
small <- d2[c(1:9, 40:49), ]; compare("wilcoxon_exact", small$number, small$w, exact = TRUE)
suppressWarnings(compare("wilcoxon_ties", d2$tied, d2$w, exact = FALSE))
for (pair in list(c("a", "b"), c("a", "c"), c("b", "c"))) for (first in c(160, 130, 100, 70)) {
  part <- d[seq_len(first), ]; part <- part[part$w %in% pair, ]
  suppressWarnings(compare(paste(c("wilcoxon_fine", pair, first), collapse = "_"), part$fine, ifelse(part$w == pair[2], "b", "a"), exact = FALSE))
}
for (v in c("number", "tied")) { k <- kruskal.test(d[[v]], d$w); add(paste0("kruskal_", v), "x", "statistic", k$statistic); add(paste0("kruskal_", v), "x", "p_value", k$p.value); add(paste0("kruskal_", v), "x", "epsilon2", k$statistic / (n - 1)); add(paste0("kruskal_", v), "x", "eta2", rstatix::kruskal_effsize(d, reformulate("w", v))$effsize) }

# correlations; partial ones from what is left of least squares
k <- cor.test(d$x, d$number); add("pearson", "x", "estimate", k$estimate); add("pearson", "x", "p_value", k$p.value); add("pearson", "x", "ci_low", k$conf.int[1]); add("pearson", "x", "ci_high", k$conf.int[2])
for (m in c("spearman", "kendall")) { k <- suppressWarnings(cor.test(d$x, d$tied, method = m, exact = FALSE)); add(m, "x", "estimate", k$estimate); add(m, "x", "p_value", k$p.value) }
partial <- function(case, x, y, left) {
  a <- resid(lm(x ~ ., left)); b <- resid(lm(y ~ ., left)); r <- cor(a, b); f <- n - 2 - ncol(model.matrix(~ ., left)) + 1
  add(case, "x", "estimate", r); add(case, "x", "p_value", 2 * pt(-abs(r * sqrt(f / (1 - r^2))), f))
}
partial("pearson_partial", d$x, d$number, d[c("z", "area")]); partial("pearson_partial_factor", d$x, d$number, d[c("z", "w")])
partial("spearman_partial", rank(d$x), rank(d$tied), data.frame(z = rank(d$z), area = rank(d$area)))

# The fits of scripts/31_models.R, other reference numbers of the tests, stop early; the same models run to the end
lung <- survival::lung; lung$dead1y <- as.numeric(lung$time < 365 & lung$status == 2)
lu <- lung[!is.na(lung$ph.ecog) & lung$ph.ecog < 3, ]; lu$y <- factor(lu$ph.ecog, ordered = TRUE)
for (link in c("logit", "probit", "cloglog")) { f <- ordinal::clm(y ~ age + sex, data = lu, link = link, control = ordinal::clm.control(gradTol = 1e-12, maxIter = 500)); table_of(paste0("lung_ordinal_", link), f, terms = c("age", "sex")) }
f <- nnet::multinom(y ~ age + sex, transform(lu, age = (age - 60) / 10), trace = FALSE, reltol = 1e-16, abstol = 1e-16, maxit = 5000, Hess = TRUE); v <- vcov(f)
for (l in c("1", "2")) for (t in c("age", "sex")) { at <- paste0(l, ":", t); u <- if (t == "age") 10 else 1; add("lung_multinomial", at, "estimate", coef(f)[l, t] / u); add("lung_multinomial", at, "std_error", sqrt(v[at, at]) / u) }
lg <- na.omit(lung[c("dead1y", "age", "sex", "ph.ecog")]); g <- glm(dead1y ~ age + sex + ph.ecog, binomial, lg, control = tight)
for (t in c("age", "sex", "ph.ecog")) { l <- limits(g, lg, "dead1y", c("age", "sex", "ph.ecog"), t); add("lung_profile", t, "ci_low", l[1]); add("lung_profile", t, "ci_high", l[2]) }
ps <- survival::pbcseq; ps$lb <- log(ps$bili); ps$yr <- ps$day / 365.25
f <- lme4::lmer(lb ~ yr + sex + (yr | id), ps, control = ctl); table_of("pbcseq_slope", f, as.matrix(vcov(f)), c("yr", "sexf"), lme4::fixef(f))
vc <- as.data.frame(lme4::VarCorr(f)); for (i in 1:4) add("pbcseq_slope", "yr", c("sd_group", "sd_slope", "cor_slope", "sd_residual")[i], vc$sdcor[i])
write.csv(do.call(rbind, rows), "expected.csv", row.names = FALSE, quote = FALSE)
