"""Whether a score is really purity, stroma, immune cells or proliferation."""
