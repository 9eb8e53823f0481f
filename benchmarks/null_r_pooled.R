pool <- function(d, test, method = "REML") metafor::rma(estimate, sei = std_error, data = d, method = method, test = test)

pooled_calls <- list(
  "pooled, REML, Hartung-Knapp" = list("metafor::rma(test = knha)", function(d) pool(d, "knha")$pval),
  "pooled, REML, normal" = list("metafor::rma", function(d) pool(d, "z")$pval),
  "pooled, DerSimonian-Laird, normal" = list("metafor::rma(method = DL)", function(d) pool(d, "z", "DL")$pval),
  "pooled, wider interval of the two" = list("metafor::rma, the wider of knha and z", function(d) {
    z <- pool(d, "z"); t <- pool(d, "knha")
    if (diff(c(z$ci.lb, z$ci.ub)) > diff(c(t$ci.lb, t$ci.ub))) z$pval else t$pval
  }),
  "pooled, common effect" = list("metafor::rma(method = EE)", function(d) pool(d, "z", "EE")$pval),
  "pooled, heterogeneity (Q)" = list("metafor::rma", function(d) pool(d, "z")$QEp),
  "small studies (Egger)" = list("metafor::regtest(model = lm)", function(d)
    metafor::regtest(d$estimate, sei = d$std_error, model = "lm")$pval)
)
