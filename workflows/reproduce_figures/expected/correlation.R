# correlation.csv: Spearman's rho of signatures with immune, vascular and metabolic scores.
# R 4.2.2: cor.test(x, y, method = "spearman", exact = FALSE) on combined z-scores in base R.
source("common.R")
rows <- c("GO.AXONOGENESIS", "GO.AXON_GUIDANCE", "GO.SEMAPHORIN_PLEXIN",
          "GO.NEUROTROPHIN_SIGNALING", "NTF.RECEPTORS", "NTR.ALL111", "GLIA.REPAIR_SCHWANN",
          "GO.ADRENERGIC_RECEPTOR_SIGNALING")
columns <- c("IMM.ESTIMATE_IMMUNE", "IMM.EXPANDED_IMMUNE18", "SUPP.MDSC_WANG",
             "HALLMARK.ANGIOGENESIS", "HALLMARK.HYPOXIA", "HALLMARK.GLYCOLYSIS",
             "HALLMARK.OXIDATIVE_PHOSPHORYLATION")
x <- read_matrix("gse4335_expression.tsv")
sets <- scorable(genes_of(c(rows, columns)), x)
scores <- sapply(sets, function(genes) score_zscore(x, genes))
for (row in rows) for (column in columns) {
  test <- cor.test(scores[, row], scores[, column], method = "spearman", exact = FALSE)
  key <- sprintf("[%s, %s]", row, column)
  expect(paste0("estimate", key), test$estimate)
  if (row == rows[1]) {
    expect(paste0("p_value", key), test$p.value)
    expect(paste0("n_shared_genes", key), length(intersect(sets[[row]], sets[[column]])))
  }
}
write_expected("correlation")
