"""What guidelines want reported, as far as an analysis itself can say it."""
