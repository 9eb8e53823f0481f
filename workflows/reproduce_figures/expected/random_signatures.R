# random_signatures.csv: the score test of each signature, and its p among random signatures.
# R 4.2.2, survival 3.5-3: coxph(Surv(time, event) ~ score, iter = 0)$score is z^2. The random
# signatures are R's own draws (Mersenne-Twister, seed 1): 20,000 of each, each gene replaced by one
# of its bin of average expression. p = (1 + number with |z| as large) / (1 + 20,000).
source("common.R")
suppressMessages(library(survival))
N_SETS <- 20000
x <- read_matrix("gse4335_expression.tsv")
clinic <- read_clinical("gse4335")
time <- as.numeric(clinic$time)
event <- as.numeric(clinic$event)
sets <- scorable(genes_of(panel_ids("headline")), x)

# The score test at beta = 0 with Efron's ties, for columns of scores at once: rows of `weights` are
# the tied deaths one after the other, each an average over those at risk.
weights <- do.call(rbind, lapply(sort(unique(time[event == 1])), function(at) {
  dead <- time == at & event == 1
  t(sapply(seq_len(sum(dead)) - 1, function(l) {
    w <- (time >= at) - dead * l / sum(dead)
    w / sum(w)
  }))
}))
score_z <- function(scores) {
  means <- weights %*% scores
  information <- colSums(weights %*% scores^2 - means^2)
  (colSums(scores[event == 1, , drop = FALSE]) - colSums(means)) / sqrt(information)
}

z <- z_genes(x)
means <- rowMeans(x)
n_bins <- min(25, nrow(x) %/% max(20, lengths(sets)))
ends <- as.integer(seq(0, nrow(x), length.out = n_bins + 1))
bin <- integer(nrow(x))
bin[order(means)] <- rep(seq_len(n_bins), diff(ends))
members <- split(seq_len(nrow(x)), bin)

set.seed(1)
for (name in names(sets)) {
  genes <- match(sets[[name]], rownames(x))
  own <- colSums(z[genes, ]) / sqrt(length(genes))
  test <- coxph(Surv(time, event) ~ own, ties = "efron", iter.max = 0)
  observed <- score_z(cbind(own))
  stopifnot(abs(observed^2 - test$score) < 1e-9)
  n_drawn <- table(bin[genes])
  random <- replicate(N_SETS, {
    drawn <- unlist(lapply(names(n_drawn), function(b) sample(members[[b]], n_drawn[[b]])))
    abs(score_z(cbind(colSums(z[drawn, ]))))
  })
  expect(sprintf("z_score_test[%s]", name), observed)
  expect(sprintf("p_null[%s]", name), (1 + sum(random >= abs(observed))) / (1 + N_SETS))
}
write_expected("random_signatures")
