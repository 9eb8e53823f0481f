# heatmap.csv: standardised combined z-scores (Lee 2008) in GSE4335, base R's scale().
# R 4.2.2: every scored signature in the first two samples, four signatures in ten more.
source("common.R")
x <- read_matrix("gse4335_expression.tsv")
sets <- scorable(genes_of(panel_ids("core")), x)
scores <- sapply(sets, function(genes) score_zscore(x, genes))
z <- scale(scores)
for (sample in rownames(z)[1:2]) expect(sprintf("z[%s, %s]", colnames(z), sample), z[sample, ])
few <- c("GO.AXONOGENESIS", "NTR.ALL111", "SUPP.MDSC_WANG", "HALLMARK.ANGIOGENESIS")
for (sample in rownames(z)[seq(12, 112, by = 11)])
  expect(sprintf("z[%s, %s]", few, sample), z[sample, few])
write_expected("heatmap")
