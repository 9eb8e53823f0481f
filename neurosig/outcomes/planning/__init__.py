"""How many patients and events a study needs, and what it can detect."""
