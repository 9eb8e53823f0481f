"""`score`: from expression and signatures to `Scores`."""

import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosig import provenance
from neurosig._progress import progress
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
from neurosig.expression.mismatch import HARMONISE, Mismatch, explain_mismatch
from neurosig.genesets.compiled import CompiledSignatures, compile_signatures
from neurosig.genesets.gene_table import gene_table
from neurosig.genesets.signature import SignatureCollection
from neurosig.genesets.symbols import earlier_names
from neurosig.keys import OK, Coverage
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

    Returns
    -------
    Scores
        `values` (observations x signatures). A signature below `min_coverage` or `min_genes`, or
        without a defined score in any observation, is NaN, with a CoverageWarning and a status in
        `coverage`.

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
    _check_arguments(min_genes, min_coverage, n_jobs)
    chosen = get_method(method)
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
    values = _run(expression, sets, chosen, n_jobs)
    _warn_of_missing_scores(values, sets, chosen)
    record = provenance.record(
        method={
            "name": chosen.spec.name,
            "parameters": chosen.parameters(),
            "revision": chosen.spec.revision,
            "scope": chosen.scope,
            "doi": chosen.spec.doi,
        },
        signatures={"sha256": collection.sha256, "ids": list(collection)},
        expression=dict(expression.origin)
        | {"n_obs": expression.n_obs, "n_genes": expression.n_vars, "scale_guess": guess.scale},
        coverage={"min_genes": min_genes, "min_coverage": min_coverage},
    )
    frame = pd.DataFrame(
        np.nan, index=expression.obs_names, columns=pd.Index(list(collection), name="signature")
    )
    frame[list(sets.names)] = values
    return Scores(frame, sets.coverage, record)


def _check_arguments(min_genes: object, min_coverage: object, n_jobs: object) -> None:
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
    evidence = f"With {rule}: {examples(shown, quoted=False)}"
    remedy = (
        "See coverage.missing_genes; if the identifiers are right, the data do not hold these "
        "genes, and a lower min_coverage gives a score of fewer genes that should be called so"
    )
    missing = {gene for genes in refused[Coverage.MISSING] for gene in genes.split(";")}
    hint = _naming_hint(expression, missing)
    if hint is not None:
        evidence = f"{evidence}. {hint.cause}"
        remedy = f"{hint.remedy}; then s{remedy[1:]}"
    n_refused = count(len(refused), "signature")
    what = f"{n_refused} of {len(collection)} cannot be scored"
    if not sets.names:
        raise CoverageError(what, evidence, remedy, coverage=sets.coverage)
    warnings.warn(CoverageWarning(what, evidence, remedy), stacklevel=3)


def _naming_hint(expression: Expression, missing: set[str]) -> Mismatch | None:
    """Why genes are missing, if the data have them under another kind of name."""
    hint = explain_mismatch(expression.var_names, missing)
    if hint is not None:
        return hint
    earlier = earlier_names(missing, set(expression.var_names), gene_table("human"))
    if not earlier:
        return None
    shown = examples((f"{name} for {gene}" for gene, name in earlier.items()), quoted=False)
    cause = f"The data have {count(len(earlier), 'missing gene')} under an earlier name: {shown}"
    return Mismatch("earlier_names", cause, HARMONISE)


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


def _run(
    expression: Expression, sets: CompiledSignatures, method: Method, n_jobs: int
) -> NDArray[np.float64]:
    cohort = method.fit(expression, sets)
    values = np.empty((expression.n_obs, sets.n_signatures))

    def fill(bounds: tuple[int, int]) -> None:
        block = expression.block(*bounds)
        values[block.start : block.stop] = method.score_block(block, sets, cohort)

    bounds = expression.bounds(16 * 2**20)
    title = f"{method.spec.name}: {count(expression.n_obs, 'observation')}"
    with ThreadPoolExecutor(max_workers=n_jobs) as pool:
        for _ in progress(pool.map(fill, bounds), total=len(bounds), title=title):
            pass
    return method.finish(values)


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
