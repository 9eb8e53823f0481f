# coverage.csv: how many genes of each signature of the core panel each data set measures.
# R 4.2.2, yaml 2.3.7: counting names with %in%.
source("common.R")
sets <- genes_of(panel_ids("core"))
files <- c(GSE4335 = "gse4335_expression.tsv", GSE3143 = "gse3143_expression.tsv",
           GSE1992 = "gse1992_expression.tsv", oligodendroglioma = "oligodendroglioma_cells.tsv",
           pbmc68k_reduced = "pbmc68k_reduced_cells.tsv")
for (data in names(files)) {
  genes <- read.delim(file.path(work, files[[data]]), check.names = FALSE, quote = "")[[1]]
  n_found <- vapply(sets, function(set) sum(unique(set) %in% genes), 0)
  expect(sprintf("n_found[%s, %s]", names(sets), data), n_found)
}
expect(sprintf("n_genes[%s, GSE4335]", names(sets)), lengths(lapply(sets, unique)))
write_expected("coverage")
