"""Speed and memory of the scoring methods against their peers, in one run."""
