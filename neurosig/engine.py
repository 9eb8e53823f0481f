"""`score`: from expression and signatures to `Scores`."""

import warnings
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosig import provenance
from neurosig.block_runner import score_blocks
from neurosig.cohort_stats import CohortStats
from neurosig.errors import (
    CoverageError,
    CoverageWarning,
    ParameterError,
    SignatureError,
    count,
    examples,
)
from neurosig.expression.adapters import as_expression
from neurosig.expression.base import Expression
from neurosig.expression.checks import (
    check_finite,
    check_orientation,
    check_overlap,
    check_scale,
    guess_scale,
)
from neurosig.genesets.compiled import CompiledSignatures, compile_signatures
from neurosig.genesets.signature import SignatureCollection
from neurosig.keys import OK, Coverage
from neurosig.matched_null import NullLike, check_has_null, matched_p_values, null_of
from neurosig.methods.base import Method
from neurosig.methods.registry import get_method
from neurosig.scores import Scores


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
        collection, expression.var_names, min_genes=min_genes, min_coverage=min_coverage
    )
    _check_coverage(expression, collection, sets, min_genes, min_coverage)
    check_finite(expression, allow_nan=chosen.allows_missing)
    guess = guess_scale(expression)
    if chosen.spec.scale != "any":
        check_scale(guess, chosen.spec.scale)
    _warn_of_ignored_weights(collection, sets, chosen)
    _warn_of_missing_arms(collection, sets)
    genes = chosen.fit_genes(expression)
    cohort = chosen.fit_sets(expression, sets, genes)
    chosen.warn(sets, cohort)
    raw = score_blocks(expression, sets, chosen, cohort, n_jobs=n_jobs)
    fitted = chosen.fit_scores(raw)
    values = chosen.finish(raw, fitted)
    _warn_of_missing_scores(values, sets, chosen)
    record = provenance.record(
        method={
            "name": chosen.spec.name,
            "parameters": chosen.parameters(),
            "revision": chosen.spec.revision,
            "scope": chosen.scope,
            "applies_to_new_samples": chosen.applies_to_new_samples,
            "doi": chosen.spec.doi,
        },
        signatures={"sha256": collection.sha256, "ids": list(collection)},
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
        pvalues = _table(found, expression, collection, sets)
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
            provenance=record,
        )
    table = _table(values, expression, collection, sets)
    return Scores(table, sets.coverage, record, pvalues, stats)


def _table(
    values: NDArray[np.float64],
    expression: Expression,
    collection: SignatureCollection,
    sets: CompiledSignatures,
) -> pd.DataFrame:
    """Values of the scored signatures as a table of all signatures, NaN for the others."""
    table = pd.DataFrame(
        np.nan, index=expression.obs_names, columns=pd.Index(list(collection), name="signature")
    )
    table[list(sets.names)] = values
    return table


def _check_arguments(min_genes: object, min_coverage: object, n_jobs: object, seed: object) -> None:
    if isinstance(min_coverage, bool) or not (
        isinstance(min_coverage, int | float) and 0 <= min_coverage <= 1
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


def _check_coverage(
    expression: Expression,
    collection: SignatureCollection,
    sets: CompiledSignatures,
    min_genes: int | None,
    min_coverage: float,
) -> None:
    genes = {gene for signature in collection.values() for gene in signature.genes}
    refused = sets.coverage[sets.coverage[Coverage.STATUS] != OK]
    if not sets.names:
        check_orientation(expression, genes)
        check_overlap(expression, genes)
    if refused.empty:
        return
    shown = [
        f"{name} ({row[Coverage.N_FOUND]} of {row[Coverage.N_GENES]} genes, {row[Coverage.STATUS]})"
        for name, row in refused.iterrows()
    ]
    rule = f"min_coverage={min_coverage:g}, min_genes={min_genes if min_genes else 'up to 3'}"
    remedy = (
        "See coverage.missing_genes; if the identifiers are right, the data do not hold these "
        "genes, and a lower min_coverage gives a score of fewer genes that should be called so"
    )
    n_refused = count(len(refused), "signature")
    what = f"{n_refused} of {len(collection)} cannot be scored"
    evidence = f"With {rule}: {examples(shown, quoted=False)}"
    if not sets.names:
        raise CoverageError(what, evidence, remedy, coverage=sets.coverage)
    warnings.warn(CoverageWarning(what, evidence, remedy), stacklevel=3)


def _warn_of_ignored_weights(
    collection: SignatureCollection, sets: CompiledSignatures, method: Method
) -> None:
    weighted = [name for name in sets.names if collection[name].is_weighted]
    if weighted and method.spec.weights == "sign":
        sets.coverage.loc[weighted, Coverage.STATUS] = "weights_ignored"
        warnings.warn(
            CoverageWarning(
                f"{method.spec.name} uses the direction of genes, not the size of their weights",
                f"{count(len(weighted), 'signature')} with weights: {examples(weighted)}",
                "Their coverage.status says weights_ignored; leave them out of this call if the "
                "weights matter",
            ),
            stacklevel=3,
        )


def _warn_of_missing_arms(collection: SignatureCollection, sets: CompiledSignatures) -> None:
    n_arms = np.bincount(sets.arm_owner, minlength=sets.n_signatures)
    lost = [
        name
        for name, n_found in zip(sets.names, n_arms, strict=True)
        if n_found < bool(collection[name].up) + bool(collection[name].down)
    ]
    if lost:
        warnings.warn(
            CoverageWarning(
                f"{count(len(lost), 'signature')} with an up and a down arm "
                f"{'has' if len(lost) == 1 else 'have'} no gene of one arm in the data",
                f"Scored by the other arm alone: {examples(lost)}",
                "Such scores are not on the scale of cohorts that hold both arms; see "
                "coverage.missing_genes",
            ),
            stacklevel=3,
        )


def _warn_of_missing_scores(
    values: NDArray[np.float64], sets: CompiledSignatures, method: Method
) -> None:
    missing = [name for i, name in enumerate(sets.names) if np.isnan(values[:, i]).all()]
    if missing:
        sets.coverage.loc[missing, Coverage.STATUS] = "no_score"
        warnings.warn(
            CoverageWarning(
                f"{method.spec.name} gives no score to {count(len(missing), 'signature')} in any "
                "observation",
                f"Their genes are found, the scores are not defined: {examples(missing)}",
                "A set of all genes has no rank among others, constant genes have no z-value, "
                "one score has no range, and missing values may propagate",
            ),
            stacklevel=3,
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
