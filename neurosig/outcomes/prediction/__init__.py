"""How well a model predicts, corrected for having been fitted to the same patients."""
