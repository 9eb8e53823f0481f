"""`assess`: whether a signature can be scored in a matrix, and what its score is made of."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Annotated, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosig import _params, provenance
from neurosig._params import Help, Range
from neurosig.assessment.reference import Reference, pool_of, reference_of
from neurosig.assessment.rules import QualityThresholds, Rule, judge, rules_of
from neurosig.assessment.sample import Sample, take_sample
from neurosig.assessment.structure import structure_of
from neurosig.errors import SignatureError
from neurosig.expression.adapters import as_expression
from neurosig.expression.base import Expression
from neurosig.expression.checks import (
    ScaleGuess,
    check_finite,
    check_orientation,
    check_overlap,
    check_scale,
    guess_scale,
)
from neurosig.genesets.compiled import (
    DEFAULT_MIN_GENES,
    CompiledSignatures,
    compile_signatures,
)
from neurosig.genesets.signature import Signature, SignatureCollection
from neurosig.keys import Coverage, Quality
from neurosig.methods.gene_moments import GeneMoments, gene_moments

LOW_VARIANCE_QUANTILE = 0.25


@dataclass(frozen=True, eq=False)
class Assessment:
    """What was found of each signature in one matrix.

    Attributes
    ----------
    table
        One row per signature, columns as in `neurosig.keys.Quality`: verdict, reasons, rules, then
        the figures. `assess` says what they are.
    rules
        One row per rule: name, metric, fires (below or above), threshold, verdict.
    provenance
        How it was made; can be written as JSON.
    """

    table: pd.DataFrame
    rules: pd.DataFrame
    provenance: Mapping[str, Any]

    def ids(self, *verdicts: str) -> tuple[str, ...]:
        """The signatures with one of the verdicts ("ok", "caution", "refuse"), in order."""
        has_one = self.table[Quality.VERDICT].isin(verdicts)
        return tuple(self.table.index[has_one])


@dataclass(frozen=True, slots=True, kw_only=True)
class AssessOptions:
    """What `assess` takes besides data and thresholds; its docstring says what they do."""

    min_genes: Annotated[int | None, Range(1), Help("fewest genes found; none: up to 3")] = None
    min_coverage: Annotated[float, Range(0, 1), Help("smallest share of genes found")] = 0.5
    n_sets: Annotated[int, Range(0), Help("random sets to compare with; 0 for none")] = 200
    max_obs: Annotated[int, Range(3), Help("observations looked at, at the most")] = 1000
    seed: Annotated[int, Range(0), Help("fixes random sets and observations")] = 0

    def __post_init__(self) -> None:
        _params.check(self, "assess")


def assess(
    data: Any,
    signatures: Any,
    *,
    layer: str | None = None,
    use_raw: bool = False,
    min_genes: int | None = None,
    min_coverage: float = 0.5,
    thresholds: QualityThresholds | None = None,
    n_sets: int = 200,
    max_obs: int = 1000,
    seed: int = 0,
) -> Assessment:
    """Judge signatures in a matrix before their scores are trusted: ok, caution or refuse.

    The questions are those of sigQC (Dhawan et al. 2019): are the genes there, are they expressed,
    do they vary, do they go together, and does it matter how they are summed up. With x[i, g] the
    values of the k genes found and s[g] their directions (+1, -1)::

        coverage          genes found / genes
        weight_coverage   sum of |weights| of the genes found / of all
        detected          genes expressed in more than `detected_in` of the observations / found
        low_variance      genes whose standard deviation is at most the first quartile of that of
                          all genes of the matrix / found
        correlation       median over pairs a < b of s[a] s[b] rho[a, b], rho: Spearman's
        mean_correlation  their mean, r
        percentile        share of random sets of like average expression with a smaller r
        reliability       k r / (1 + (k - 1) r), Cronbach's alpha
        pc1_share         largest eigenvalue of the genes' Pearson correlations / k
        rho_*             Spearman's rho over observations between mean, median, first component
                          and mean of z-values; of two arms always up less down
        dominance         max over g of w[g] cov(x[g], m) / var(m), m = sum of w[g] x[g] the mean;
                          for three genes or more

    Coverage, detected and low_variance are over all genes found, what follows over those that
    vary. A median or mean that is one value in more than half of the observations has no rho.

    Parameters
    ----------
    data
        What `neurosig.score` takes, on a log scale.
    signatures
        What `neurosig.score` takes. Weights count in `weight_coverage` alone, their signs
        everywhere.
    layer, use_raw
        Which matrix of an AnnData to look at.
    min_genes, min_coverage
        As in `neurosig.score`: below them a signature is refused.
    thresholds
        Where the other rules draw their lines; each with its reason in `QualityThresholds`.
    n_sets
        Random sets for `percentile`, drawn from 2,000 random genes of the matrix; 0 for none.
    max_obs
        With more observations than this, all figures but `coverage`, `weight_coverage` and
        `low_variance` are those of so many random ones; `n_obs` has their number. A correlation
        over 1,000 is within 0.06 of that over all of them, 19 times in 20.
    seed
        Fixes the random sets and observations.

    Returns
    -------
    Assessment
        `.table`, one row per signature, refused or not, with the verdict and the reasons in words;
        `.rules`.

    Raises
    ------
    ExpressionError
        If the matrix is unusable: duplicated names, infinite values, genes in rows.
    CoverageError
        If not a single gene is found; shows ids of both sides and the likely cause.
    SignatureError, ParameterError
        If signatures or parameters are unusable.

    Warns
    -----
    ScaleWarning
        The values are counts or linear: few large values would make every figure.

    References
    ----------
    Dhawan A et al. (2019) Nat Protoc 14:1377-1400, doi:10.1038/s41596-019-0136-8. Here, unlike
    there: arms have directions; the mean rather than the median is compared with its z-values,
    since the median of sparse data is zero; expressed is above zero, not above the median of the
    matrix. Cronbach LJ (1951) Psychometrika 16:297-334, doi:10.1007/BF02310555. Venet D et al.
    (2011) PLoS Comput Biol 7:e1002240, doi:10.1371/journal.pcbi.1002240 (random sets).

    Examples
    --------
    >>> import pandas as pd, neurosig as ns
    >>> x = pd.DataFrame({"NGF": [1.0, 2, 3, 4], "NTRK1": [2.0, 4, 6, 8], "NGFR": [1.0, 3, 2, 4],
    ...                   "TP53": [5.0, 5, 5, 6]}, index=list("abcd"))
    >>> sets = {"NGF axis": ["NGF", "NTRK1", "NGFR"], "elsewhere": ["CHRM1", "CHRM3", "NGF"]}
    >>> table = ns.assess(x, sets, n_sets=0).table
    >>> table["verdict"].tolist(), table.loc["elsewhere", "reasons"]
    (['caution', 'refuse'], '1 of 3 genes are in the matrix (33%); ...')
    >>> row = table.loc["NGF axis"]  # rho: 1, 0.8 and 0.8; 4 of the variance 7 is that of NTRK1
    >>> round(float(row["correlation"]), 2), round(float(row["mean_correlation"]), 3), row["rules"]
    (0.8, 0.867, 'one_gene')
    """
    options = AssessOptions(
        min_genes=min_genes, min_coverage=min_coverage, n_sets=n_sets, max_obs=max_obs, seed=seed
    )
    lines = thresholds or QualityThresholds()
    collection = SignatureCollection.of(signatures)
    if not collection:
        raise SignatureError(
            "There are no signatures to assess",
            "The collection is empty",
            "Check the file or the filter that made it",
        )
    expression = as_expression(data, layer=layer, use_raw=use_raw)
    sets = compile_signatures(collection, expression.var_names, min_genes=1, min_coverage=0.0)
    _refuse_no_overlap(expression, collection, sets)
    check_finite(expression, allow_nan=True)
    scale = guess_scale(expression)
    if scale.scale != "standardised":  # z-values of genes go together as their logarithms do
        check_scale(scale, "log")
    moments = gene_moments(expression)
    pool = pool_of(
        moments.varies, expression.var_names.to_numpy(dtype=object), n_sets=n_sets, seed=seed
    )
    genes = np.union1d(sets.sets.indices, pool)
    sample = take_sample(expression, genes, moments.means[genes], max_obs=max_obs, seed=seed)
    evidence = _Evidence(
        sets=sets,
        moments=moments,
        sample=sample,
        reference=reference_of(sample, pool, moments.means, n_sets=n_sets, seed=seed),
        names=expression.var_names,
        zero=_zero_of(scale),
        low_deviation=float(np.quantile(np.nan_to_num(moments.deviations), LOW_VARIANCE_QUANTILE)),
        detected_in=lines.detected_in,
    )
    rules = rules_of(
        lines,
        min_coverage=min_coverage,
        n_sets=n_sets,
        is_zero_known=evidence.zero is not None,
    )
    rows = []
    for name, signature in collection.items():
        needed = min(DEFAULT_MIN_GENES, signature.n_genes) if min_genes is None else min_genes
        row = evidence.row(name, signature) | {Quality.N_NEEDED: needed}
        rows.append(row | judge(row, rules))
    index = pd.Index(list(collection), name="signature", dtype="str")
    record = provenance.record(
        options=asdict(options),
        signatures={"sha256": collection.sha256, "ids": list(collection)},
        expression=dict(expression.origin)
        | {"n_obs": expression.n_obs, "n_genes": expression.n_vars, "scale_guess": scale.scale},
        thresholds=asdict(lines),
        n_genes_to_draw_from=len(pool),
        n_obs=sample.n_obs,
    )
    return Assessment(
        pd.DataFrame(rows, index=index, columns=list(Quality.ALL)), _table_of(rules), record
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Evidence:
    """All that the rows of the table are made from."""

    sets: CompiledSignatures
    moments: GeneMoments
    sample: Sample
    reference: Reference
    names: pd.Index
    zero: float | None
    low_deviation: float
    detected_in: float

    def row(self, name: str, signature: Signature) -> dict[str, Any]:
        """The figures of one signature."""
        coverage = self.sets.coverage.loc[name].to_dict()
        row: dict[str, Any] = {
            Quality.N_GENES: coverage[Coverage.N_GENES],
            Quality.N_FOUND: coverage[Coverage.N_FOUND],
            Quality.COVERAGE: coverage[Coverage.COVERAGE],
            Quality.WEIGHT_COVERAGE: _weight_coverage(signature, coverage[Coverage.MISSING]),
            Quality.N_OBS: self.sample.n_obs,
            Quality.MISSING: coverage[Coverage.MISSING],
        }
        genes, signs = np.zeros(0, dtype=np.int64), np.zeros(0)
        if name in self.sets.names:
            s = self.sets.names.index(name)
            held = slice(self.sets.sets.indptr[s], self.sets.sets.indptr[s + 1])
            genes, signs = self.sets.sets.indices[held], np.sign(self.sets.sets.weights[held])
        return row | self._single_genes(genes) | self._together(genes, signs)

    def _single_genes(self, genes: NDArray[np.int64]) -> dict[str, Any]:
        deviations = np.nan_to_num(self.moments.deviations[genes])
        row: dict[str, Any] = {
            Quality.N_DETECTED: np.nan,
            Quality.DETECTED: np.nan,
            Quality.LOW_VARIANCE: (
                float(np.mean(deviations <= self.low_deviation)) if len(genes) else np.nan
            ),
        }
        if self.zero is not None:
            is_on = self.sample.values[:, self.sample.places(genes)] > self.zero
            is_detected = is_on.mean(axis=0) > self.detected_in
            row[Quality.N_DETECTED] = int(is_detected.sum())
            row[Quality.DETECTED] = float(is_detected.mean()) if len(genes) else np.nan
        return row

    def _together(self, genes: NDArray[np.int64], signs: NDArray[np.float64]) -> dict[str, Any]:
        varies = self.sample.varies[self.sample.places(genes)]
        genes, signs = genes[varies], signs[varies]
        found = structure_of(self.sample, self.sample.places(genes), signs)
        k, r = len(genes), found.mean_correlation
        ascending = np.argsort(self.moments.means[genes], kind="stable")
        percentile = self.reference.percentile(
            r, self.moments.means[genes][ascending], signs[ascending]
        )
        return {
            Quality.N_VARYING: k,
            Quality.CORRELATION: found.correlation,
            Quality.MEAN_CORRELATION: r,
            Quality.PERCENTILE: percentile,
            Quality.RELIABILITY: k * r / (1 + (k - 1) * r) if 1 + (k - 1) * r > 0 else np.nan,
            Quality.PC1_SHARE: found.pc1_share,
            Quality.RHO_MEAN_MEDIAN: found.rho_mean_median,
            Quality.RHO_MEAN_PC1: found.rho_mean_pc1,
            Quality.RHO_MEDIAN_PC1: found.rho_median_pc1,
            Quality.RHO_MEAN_Z: found.rho_mean_z,
            Quality.DOMINANCE: found.dominance,
            Quality.DOMINANT_GENE: (
                self.names[genes[found.dominant]] if found.dominant >= 0 else ""
            ),
        }


def _weight_coverage(signature: Signature, missing: str) -> float:
    absent = set(missing.split(";"))
    weights = {gene: abs(weight) for gene, weight in signature.weight_of.items()}
    found = sum(weight for gene, weight in weights.items() if gene not in absent)
    return found / sum(weights.values())


def _zero_of(scale: ScaleGuess) -> float | None:
    """The value of a gene that is not expressed; None where values are relative to an average.

    Logarithms of values with a small constant added have their zero below 0.
    """
    if scale.scale in ("centred", "standardised"):
        return None
    return min(0.0, scale.minimum)


def _table_of(rules: tuple[Rule, ...]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "rule": [rule.name for rule in rules],
            "metric": [rule.metric for rule in rules],
            "fires": ["below" if rule.is_floor else "above" for rule in rules],
            "threshold": [str(rule.threshold) for rule in rules],
            "verdict": [rule.verdict for rule in rules],
        }
    )


def _refuse_no_overlap(
    expression: Expression, collection: SignatureCollection, sets: CompiledSignatures
) -> None:
    if not sets.names:
        genes = {gene for signature in collection.values() for gene in signature.genes}
        check_orientation(expression, genes)
        check_overlap(expression, genes)
