"""Clinical tables, endpoints and cohorts: how patients come in and what is understood of them."""
