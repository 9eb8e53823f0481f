"""Effects of the same signature over cohorts."""
