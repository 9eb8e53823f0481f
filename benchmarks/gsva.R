# Time of one method of the R package GSVA on a matrix that Python wrote, on one thread.
# Rscript gsva.R VALUES N_GENES N_SAMPLES SETS METHOD
# VALUES: float64, one sample after another; SETS: a line a set, its gene numbers from 1.
# Prints the version of GSVA, processor seconds and the peak memory in MB.
given <- commandArgs(trailingOnly = TRUE)
n_genes <- as.integer(given[2])
n_samples <- as.integer(given[3])
x <- matrix(readBin(given[1], "double", n_genes * n_samples), n_genes, n_samples,
            dimnames = list(paste0("g", seq_len(n_genes)), paste0("s", seq_len(n_samples))))
sets <- lapply(strsplit(readLines(given[4]), " "), function(genes) paste0("g", genes))
names(sets) <- paste0("set", seq_along(sets))
suppressPackageStartupMessages(library(GSVA))
one <- BiocParallel::SerialParam()
run <- if (exists("gsvaParam", asNamespace("GSVA"))) {
  function() {
    asked <- switch(given[5],
      zscore = zscoreParam(x, sets), plage = plageParam(x, sets), ssgsea = ssgseaParam(x, sets),
      gsva = gsvaParam(x, sets, kcdf = "Gaussian"), none = gsvaParam(x, sets, kcdf = "none"))
    gsva(asked, verbose = FALSE, BPPARAM = one)
  }
} else { # before 1.50
  method <- if (given[5] == "none") "gsva" else given[5]
  kcdf <- if (given[5] == "none") "none" else "Gaussian"
  function() gsva(x, sets, method = method, kcdf = kcdf, parallel.sz = 1L, verbose = FALSE)
}
spent <- system.time(scores <- run())
stopifnot(ncol(scores) == n_samples)
status <- if (file.exists("/proc/self/status")) readLines("/proc/self/status") else "VmHWM: NA"
peak <- as.numeric(gsub("\\D", "", grep("^VmHWM", status, value = TRUE))) / 1024
cat(as.character(packageVersion("GSVA")), sum(spent[c("user.self", "sys.self")]), peak, "\n")
