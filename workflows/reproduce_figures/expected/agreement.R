# agreement.csv: six scoring methods written down in base R, Spearman's rho between each two and
# Kendall's W of all. R 4.2.2: cor(method = "spearman"), W with the correction for ties.
source("common.R")
x <- read_matrix("gse4335_expression.tsv")
sets <- scorable(genes_of(panel_ids("headline")), x)
n <- nrow(x)

plage <- function(genes) {
  z <- t(z_genes(x[genes, ]))
  first <- svd(z, nu = 1, nv = 0)$u[, 1]
  first * sign(cor(first, rowMeans(z)))
}
# Barbie 2009 as in GSVA: ranks truncated, weights rank^0.25, genes from the top down.
ranks <- apply(x, 2, function(column) trunc(rank(column)))
from_top <- apply(x, 2, function(column) order(column, decreasing = TRUE))
ssgsea <- function(genes) {
  sapply(seq_len(ncol(x)), function(i) {
    placed <- rownames(x)[from_top[, i]]
    inside <- placed %in% genes
    w <- ifelse(inside, ranks[placed, i]^0.25, 0)
    sum(cumsum(w) / sum(w) - cumsum(!inside) / sum(!inside))
  })
}
# Foroutan 2018: mean rank (ties: lowest) between its limits, centred.
low_ranks <- apply(x, 2, rank, ties.method = "min")
singscore <- function(genes) {
  k <- length(genes)
  low <- (k + 1) / 2
  high <- (2 * n - k + 1) / 2
  (colMeans(low_ranks[genes, ]) - low) / (high - low) - 0.5
}
# Haenzelmann 2013: Gaussian kernel with h = sd / 4, then a walk with tau = 1. GSVA reads pnorm from
# a table of 10,000 steps up to 10.
phi <- function(v) {
  p <- ifelse(abs(v) > 10, 1, pnorm(trunc(abs(v) / 10 * 10000) * 10 / 10000))
  ifelse(v < 0, 1 - p, p)
}
varying <- apply(x, 1, sd) > 0
cdf <- t(apply(x[varying, ], 1, function(values)
  rowSums(phi(outer(values, values, `-`) / (sd(values) / 4))) / length(values)))
walk_order <- apply(cdf, 2, function(column) order(column, decreasing = TRUE))
gsva <- function(genes) {
  m <- nrow(cdf)
  weight <- abs(m / 2 - (m - seq_len(m) + 1))
  sapply(seq_len(ncol(cdf)), function(i) {
    inside <- rownames(cdf)[walk_order[, i]] %in% genes
    walk <- cumsum(weight * inside) / sum(weight * inside) - cumsum(!inside) / sum(!inside)
    max(0, walk) + min(0, walk)
  })
}
kendall_w <- function(scores) {
  r <- apply(scores, 2, rank)
  ties <- sum(apply(scores, 2, function(s) sum(table(s)^3 - table(s))))
  s <- sum((rowSums(r) - mean(rowSums(r)))^2)
  12 * s / (ncol(r)^2 * (nrow(r)^3 - nrow(r)) - ncol(r) * ties)
}

for (name in names(sets)) {
  genes <- sets[[name]]
  scores <- cbind(mean = colMeans(x[genes, ]), zscore = score_zscore(x, genes),
                  plage = plage(genes), ssgsea = ssgsea(genes), singscore = singscore(genes),
                  gsva = gsva(genes))
  rho <- cor(scores, method = "spearman")
  for (i in 1:5) for (j in (i + 1):6)
    expect(sprintf("rho[%s, %s, %s]", name, colnames(rho)[i], colnames(rho)[j]), rho[i, j])
  expect(sprintf("agreement[%s]", name), kendall_w(scores))
}
write_expected("agreement")
