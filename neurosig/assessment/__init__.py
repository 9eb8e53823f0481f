"""Whether a signature means something in a matrix, before its score is trusted."""
