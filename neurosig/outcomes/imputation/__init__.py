"""Missing covariates: chained equations, Rubin's rules and what shows whether they can be used."""
