"""`score`: from expression and signatures to `Scores`."""

from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from neurosig import provenance
from neurosig.block_scores import score_blocks
from neurosig.cohort_stats import CohortStats
from neurosig.errors import (
    ParameterError,
    SignatureError,
)
from neurosig.expression.adapters import as_expression
from neurosig.expression.checks import (
    guess_scale,
)
from neurosig.expression.derived import Checked
from neurosig.genesets.compiled import compile_signatures
from neurosig.genesets.signature import SignatureCollection
from neurosig.matched_null import NullLike, check_has_null, matched_p_values, null_of
from neurosig.methods.base import Method
from neurosig.methods.registry import get_method
from neurosig.score_warnings import (
    check_coverage,
    warn_of_flat_observations,
    warn_of_ignored_weights,
    warn_of_missing_arms,
    warn_of_missing_scores,
    warn_of_observations_without_score,
)
from neurosig.scores import Scores, score_table


def score(
    data: Any,
    signatures: Any,
    *,
    method: str | Method = "ssgsea",
    layer: str | None = None,
    use_raw: bool = False,
    min_genes: int | None = None,
    min_coverage: float = 0.5,
    n_jobs: int = 1,
    null: NullLike = None,
    seed: int = 0,
) -> Scores:
    """Score gene signatures over observations.

    Parameters
    ----------
    data
        Expression of genes in observations: a DataFrame (observations x genes), an AnnData, or
        what `read_expression` returns. Which input scale a method wants is in
        `available_methods()`; a scale that looks wrong is warned about with the evidence.
    signatures
        A SignatureCollection, or {name: [genes]}, {name: {gene: weight}},
        {name: {"up": [genes], "down": [genes]}}.
    method
        Registered name, or a method with its parameters such as ``ns.methods.SsGsea(alpha=0.5)``.
    layer, use_raw
        Which matrix of an AnnData to score; `X` if neither is given.
    min_genes
        Fewest genes found for a score; None means 3, or all genes of a shorter signature.
    min_coverage
        Smallest share of a signature's genes found for a score.
    n_jobs
        Threads over blocks of observations. The result does not depend on it.
    null
        "matched" gives each score an empirical p-value, in `Scores.pvalues`: against 1,000 random
        gene sets of the same size and like expression. `MatchedNull` has the formula and the
        options.
    seed
        Fixes the random sets.

    Returns
    -------
    Scores
        `values` (observations x signatures). A signature below `min_coverage` or `min_genes`, or
        without a defined score in any observation, is NaN, with a CoverageWarning and a status in
        `coverage`. For methods of cohort scope `cohort_stats` scores further samples as if they
        were in this cohort.

    Raises
    ------
    ExpressionError
        If the matrix is unusable: duplicated names, missing or infinite values, genes in rows.
    CoverageError
        If no signature can be scored; shows ids of both sides and the likely cause.
    SignatureError, UnknownMethodError, ParameterError
        If signatures, method or parameters are unusable.

    Warns
    -----
    CoverageWarning
        A signature is not scored, is scored by one of its two arms or without its weights.
    ScaleWarning
        The values do not look like what the method wants.
    ScoreWarning
        Observations have no score (status ``partly_scored``), or all their genes have one value.

    References
    ----------
    The default: Barbie DA et al. (2009) Nature 462:108-112, doi:10.1038/nature08460. The other
    methods: column `doi` of `available_methods()`, and the docstring of each.

    Examples
    --------
    >>> import pandas as pd, neurosig as ns
    >>> x = pd.DataFrame({"NGF": [1.0, 2.0], "NTRK1": [3.0, 6.0], "TP53": [9.0, 9.0]}, ["p1", "p2"])
    >>> scores = ns.score(x, {"NGF axis": ["NGF", "NTRK1", "NGFR"]}, method="mean", min_genes=2)
    >>> scores.values["NGF axis"].tolist()  # (1 + 3) / 2, (2 + 6) / 2
    [2.0, 4.0]
    >>> scores.coverage.loc["NGF axis", "missing_genes"]
    'NGFR'
    """
    _check_arguments(min_genes, min_coverage, n_jobs, seed)
    # NumPy's numbers are taken, and recorded as Python's.
    min_genes, min_coverage = None if min_genes is None else int(min_genes), float(min_coverage)
    n_jobs, seed = int(n_jobs), int(seed)
    chosen, chosen_null = get_method(method), null_of(null)
    if chosen_null is not None:
        check_has_null(chosen)
    collection = SignatureCollection.of(signatures)
    if not collection:
        raise SignatureError(
            "There are no signatures to score",
            "The collection is empty",
            "Check the file or the filter that made it",
        )
    expression = as_expression(data, layer=layer, use_raw=use_raw)
    sets = compile_signatures(
        collection,
        expression.var_names,
        min_genes=min_genes,
        min_coverage=min_coverage,
        by_recipe=chosen.weights == "recipe",
    )
    check_coverage(expression, collection, sets, min_genes, min_coverage)
    expression = Checked(expression, allow_nan=chosen.allows_missing)
    guess = guess_scale(expression)
    chosen.check_scale(guess, sets)
    warn_of_ignored_weights(collection, sets, chosen)
    warn_of_missing_arms(collection, sets)
    genes = chosen.fit_genes(expression)
    cohort = chosen.fit_sets(expression, sets, genes)
    chosen.warn(sets, cohort)
    raw, is_flat = score_blocks(expression, sets, chosen, cohort, n_jobs=n_jobs)
    fitted = chosen.fit_scores(raw)
    values = chosen.finish(raw, fitted, sets)
    warn_of_flat_observations(expression.obs_names[is_flat], chosen)
    warn_of_missing_scores(values, sets, chosen)
    warn_of_observations_without_score(values, is_flat, expression.obs_names, sets, chosen)
    record = provenance.record(
        method=_method_record(chosen),
        signatures=_signature_record(collection, chosen),
        expression=dict(expression.origin)
        | {"n_obs": expression.n_obs, "n_genes": expression.n_vars, "scale_guess": guess.scale},
        coverage={"min_genes": min_genes, "min_coverage": min_coverage},
        null=None if chosen_null is None else {"matched": asdict(chosen_null), "seed": seed},
    )
    pvalues = None
    if chosen_null is not None:
        found = matched_p_values(
            expression, sets, chosen, genes, raw, null=chosen_null, seed=seed, n_jobs=n_jobs
        )
        pvalues = score_table(found, expression.obs_names, collection, sets.names)
    stats = None
    if chosen.scope == "cohort" and chosen.applies_to_new_samples:
        stats = CohortStats(
            method=chosen,
            signatures=collection,
            min_genes=min_genes,
            min_coverage=min_coverage,
            var_names=expression.var_names,
            cohort=cohort,
            fitted=fitted,
            coverage=sets.coverage.copy(),
            provenance=record,
        )
    table = score_table(values, expression.obs_names, collection, sets.names)
    return Scores(table, sets.coverage, record, pvalues, stats)


def _method_record(method: Method) -> dict[str, Any]:
    return {
        "name": method.spec.name,
        "parameters": method.parameters(),
        "revision": method.spec.revision,
        "scope": method.scope,
        "applies_to_new_samples": method.applies_to_new_samples,
        "doi": method.spec.doi,
    }


def _signature_record(collection: SignatureCollection, method: Method) -> dict[str, Any]:
    record = {"sha256": collection.sha256, "ids": list(collection)}
    if method.weights != "recipe":
        return record
    recipes = {s.id: {"recipe": s.recipe, "controls": s.controls} for s in collection.values()}
    return record | {"recipes": recipes}


def _check_arguments(min_genes: object, min_coverage: object, n_jobs: object, seed: object) -> None:
    if isinstance(min_coverage, bool) or not (
        isinstance(min_coverage, int | float | np.integer | np.floating) and 0 <= min_coverage <= 1
    ):
        raise ParameterError(
            f"min_coverage cannot be {min_coverage!r}",
            "It is the share of a signature's genes that has to be found",
            "Give a number from 0 to 1",
        )
    for name, value in (("min_genes", min_genes), ("n_jobs", n_jobs)):
        if value is None and name == "min_genes":
            continue
        if isinstance(value, bool) or not (isinstance(value, int | np.integer) and value >= 1):
            raise ParameterError(
                f"{name} cannot be {value!r}", "It is a count", "Give a whole number from 1 on"
            )
    if isinstance(seed, bool) or not (isinstance(seed, int | np.integer) and seed >= 0):
        raise ParameterError(
            f"seed cannot be {seed!r}", "It fixes random draws", "Give a whole number from 0 on"
        )


def coverage_of(
    signatures: Any,
    var_names: pd.Index,
    *,
    min_genes: int | None = None,
    min_coverage: float = 0.5,
) -> pd.DataFrame:
    """How many genes of each signature a matrix with these gene names holds, without scoring."""
    collection = SignatureCollection.of(signatures)
    return compile_signatures(
        collection, var_names, min_genes=min_genes, min_coverage=min_coverage
    ).coverage
