"""Cox regression: one model a signature, or one model to look into."""
