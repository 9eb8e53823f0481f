# The tests of null_tests.py in R, on the cohorts of a folder: Rscript null_r.R FOLDER
# wanted.csv has place, number, test, p; checked.csv gets R's p-value and the call beside it.
# The calls stand in null_r_*.R; a test that draws random numbers has none, as its p-value differs.
suppressMessages({
  library(survival); library(cmprsk); library(maxstat); library(rms)
})
folder <- commandArgs(trailingOnly = TRUE)[1]
script <- sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)[1])
wanted <- read.csv(file.path(folder, "wanted.csv"), stringsAsFactors = FALSE)

terms <- function(d, first = "score") c(first, if (d$adjusted[1] == 1) c("z1", "z2"))
formula_of <- function(d, left = "Surv(time, event)", more = NULL)
  as.formula(paste(left, "~", paste(c(terms(d), more), collapse = " + ")))
by <- function(left, d, more = terms(d)) as.formula(paste(left, "~", paste(c("1", more), collapse = "+")))
chi <- function(x, df = 1) pchisq(x, df, lower.tail = FALSE)

for (theme in c("cox", "curves", "means", "regressions", "pooled"))
  source(file.path(dirname(script), paste0("null_r_", theme, ".R")))
calls <- c(cox_calls, curves_calls, means_calls, regressions_calls, pooled_calls)

wanted$p_r <- NA_real_
wanted$call <- ""
key <- ""
for (i in order(wanted$place, wanted$number)) {
  now <- paste(wanted$place[i], wanted$number[i], sep = "_")
  if (now != key) { d <- read.csv(file.path(folder, paste0("cohort_", now, ".csv"))); key <- now }
  entry <- calls[[wanted$test[i]]]
  if (is.null(entry)) next
  p <- try(suppressWarnings(entry[[2]](d)), silent = TRUE)
  if (!inherits(p, "try-error")) wanted$p_r[i] <- as.numeric(p)
  wanted$call[i] <- entry[[1]]
}
write.csv(wanted, file.path(folder, "checked.csv"), row.names = FALSE)
