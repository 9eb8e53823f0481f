# Rscript null_r_imputed.R COHORTS.csv: the p-values of mice on null cohorts, one column `number`.
suppressMessages({ library(survival); library(mice) })
all <- read.csv(commandArgs(trailingOnly = TRUE)[1])
p_value <- function(d) {
  d$hazard <- nelsonaalen(d, "time", "event")
  drawn <- mice(d[c("score", "z1", "z2", "event", "hazard")], m = 10, printFlag = FALSE, seed = d$number[1] + 1)
  fits <- lapply(1:10, function(i)
    coxph(Surv(d$time, d$event) ~ score + z1 + z2, complete(drawn, i)))
  summary(pool(as.mira(fits)))$p.value[1]
}
p <- sapply(split(all, all$number), function(d) tryCatch(p_value(d), error = function(e) NA))
cat(sum(p <= 0.05, na.rm = TRUE), sum(p <= 0.01, na.rm = TRUE), sum(!is.na(p)), "\n")
