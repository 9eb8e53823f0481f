# oligodendroglioma.csv, blood_cells.csv: UCell scores in base R, and by group their mean, the share
# of high cells and the AUC. R 4.2.2: rank(), mean(), quantile(type = 7), wilcox.test()$statistic.
source("common.R")

# Andreatta 2021: descending ranks, ties averaged, cut at the largest that counts; absent genes rank
# last.
ucell <- function(x, sets) {
  most <- min(1500, nrow(x))
  ranks <- pmin(apply(-x, 2, rank), most)
  sapply(sets, function(genes) {
    k <- length(genes)
    found <- found_in(genes, x)
    total <- colSums(ranks[found, , drop = FALSE]) + (k - length(found)) * most
    lowest <- k * (k + 1) / 2
    1 - (total - lowest) / (k * most - lowest)
  })
}
summarised <- function(data, file, ids) {
  x <- read_matrix(paste0(data, "_cells.tsv"))
  groups <- read.delim(file.path(work, paste0(data, "_groups.tsv")), quote = "")
  stopifnot(identical(groups$cell, colnames(x)))
  scores <- ucell(x, genes_of(ids))
  for (id in ids) {
    high <- quantile(scores[, id], 0.75)
    for (group in sort(unique(groups$group))) {
      inside <- groups$group == group
      if (sum(inside) < 10) next
      s <- scores[, id]
      w <- suppressWarnings(wilcox.test(s[inside], s[!inside], exact = FALSE)$statistic)
      key <- sprintf("[%s, %s]", id, group)
      expect(paste0("mean", key), mean(s[inside]))
      expect(paste0("fraction_high", key), mean(s[inside] > high))
      expect(paste0("auc", key), w / sum(inside) / sum(!inside))
    }
  }
  sizes <- table(groups$group)
  expect(sprintf("n_cells[%s, %s]", ids[1], names(sizes)), sizes)
  write_expected(file)
}
summarised("oligodendroglioma", "oligodendroglioma",
           c("GO.AXONOGENESIS", "GO.AXON_EXTENSION", "GO.NEUROTROPHIN_TRK", "NTR.GLUTAMATE_AMPA",
             "SYN.NEURON_GLIOMA", "GO.MYELINATION", "IMM.MHCII_MFP", "IMM.MCP_MONOCYTIC",
             "HALLMARK.GLYCOLYSIS", "HALLMARK.OXIDATIVE_PHOSPHORYLATION"))
summarised("pbmc68k_reduced", "blood_cells",
           c("IMM.DANAHER.B_CELLS", "IMM.DANAHER.CYTOTOXIC_CELLS", "IMM.CD8_TEFF8",
             "IMM.EFFECTOR_MFP", "IMM.EXPANDED_IMMUNE18", "IMM.MHCII_MFP"))
