# What the scripts share: signatures from the YAML files of the catalogue, the exported data, scores
# in base R, and the table of expected numbers. Packages: yaml.

arguments <- commandArgs(trailingOnly = TRUE)
work <- arguments[1]
catalogue <- arguments[2]

as_text <- list("bool#yes" = function(x) x, "bool#no" = function(x) x)

panel_ids <- function(name) {
  yaml::read_yaml(file.path(catalogue, "panels.yaml"), handlers = as_text)$panels[[name]]$ids
}

genes_of <- function(ids) {
  files <- list.files(catalogue, "\\.yaml$", recursive = TRUE, full.names = TRUE)
  names(files) <- sub("\\.yaml$", "", basename(files))
  sapply(ids, function(id) {
    entry <- yaml::read_yaml(files[[id]], handlers = as_text)
    stopifnot(entry$id == id)
    as.character(unlist(entry$genes))
  }, simplify = FALSE)
}

read_matrix <- function(name) {
  table <- read.delim(file.path(work, name), check.names = FALSE, quote = "", na.strings = "")
  matrix <- as.matrix(table[, -1])
  rownames(matrix) <- as.character(table[[1]])
  stopifnot(!anyDuplicated(rownames(matrix)), !anyNA(matrix))
  matrix
}

read_clinical <- function(name) {
  read.delim(file.path(work, paste0(name, "_clinical.tsv")), check.names = FALSE, quote = "",
             colClasses = "character", na.strings = c("missing", "na", "x"))
}

found_in <- function(genes, matrix) genes[genes %in% rownames(matrix)]

# A signature is scored where half of its genes, and at least three, are measured.
scorable <- function(sets, matrix) {
  found <- lapply(sets, found_in, matrix)
  share <- lengths(found) / lengths(sets)
  found[share >= 0.5 & lengths(found) >= pmin(3, lengths(sets))]
}

z_genes <- function(matrix) t(scale(t(matrix)))

# Lee 2008: sum of the genes' z over the square root of their number.
score_zscore <- function(matrix, genes) {
  z <- z_genes(matrix[genes, , drop = FALSE])
  z <- z[!is.nan(z[, 1]), , drop = FALSE]
  colSums(z) / sqrt(nrow(z))
}

expected <- data.frame(quantity = character(), value = numeric())
expect <- function(quantity, value) {
  stopifnot(length(quantity) == length(value), all(is.finite(value)))
  expected <<- rbind(expected, data.frame(quantity = quantity, value = as.numeric(value)))
}
write_expected <- function(name) {
  expected$value <- vapply(expected$value, format, "", digits = 15, trim = TRUE)
  write.csv(expected, paste0(name, ".csv"), row.names = FALSE, quote = 1)
  expected <<- expected[0, ]
  expected$value <<- numeric()
}
