"""Whether a signature, or a searched cutpoint, is more than chance."""
