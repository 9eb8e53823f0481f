"""The kinds of regression, one file each."""
