"""One study from configuration to report: what `neurosig run` and `neurosig demo` are made of."""
