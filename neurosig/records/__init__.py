"""Records of who made a file: written beside it, found again, checked against the disk."""
