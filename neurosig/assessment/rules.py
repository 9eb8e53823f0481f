"""The rules that turn the figures of an assessment into a verdict, as data."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal, TypeAlias

from neurosig import _params
from neurosig._params import Help, Range
from neurosig.keys import Quality

Verdict: TypeAlias = Literal["ok", "caution", "refuse"]
_LEAST_OBSERVATIONS: Final = 3
"""Two observations always agree or disagree wholly."""

VERDICTS: Final[tuple[Verdict, ...]] = ("refuse", "caution", "ok")
"""The verdicts, the gravest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityThresholds:
    """Where the rules of `assess` draw their lines.

    Only coverage and the number of genes that are there to be measured refuse a signature; what
    its genes do together is a caution at most. A set that was made from functions, such as the
    genes of axonogenesis, was never meant to be transcribed together: its genes correlate weakly by
    nature, and whether their average can still be used is a judgement on the question asked.

    Parameters
    ----------
    detected_in
        Share of observations in which a gene has to be expressed to count as detected. 1 %: the
        genes of a rare type of cell are on in few cells.
    least_detected, min_detected
        Share of the genes found that have to be detected. Below a tenth, the score is that of a
        handful of its genes and the signature is refused; below a half, it is mostly zeros.
    max_low_variance
        Largest share of the genes found in the quarter of all genes that vary least; a quarter is
        what random genes have.
    min_reliability
        Smallest reliability (Cronbach's alpha). Below a half, most of the variance of the score
        is that of single genes. There is no line for the correlation itself, since the same
        correlation makes a poor score of 5 genes and a good one of 200.
    min_percentile
        Smallest share of random sets that correlate less. Below it the genes go together no more
        than genes picked at random (Venet et al. 2011).
    min_rho_median, min_rho_pc1
        Smallest correlation of the mean with the median and with the first component. Below a
        half, they share less than a quarter of their variance, and a result depends on which of
        them was taken.
    min_rho_z
        Smallest correlation of the mean of raw values with that of z-values. Below it,
        standardising puts the observations into another order.
    max_dominance
        Largest share of one gene in the variance of the mean: above a half the score is mostly
        that gene.
    """

    detected_in: Annotated[
        float, Range(0, 1), Help("share of observations a gene is expressed in to be detected")
    ] = 0.01
    least_detected: Annotated[
        float, Range(0, 1), Help("share of genes detected below which a signature is refused")
    ] = 0.1
    min_detected: Annotated[float, Range(0, 1), Help("least share of genes detected")] = 0.5
    max_low_variance: Annotated[
        float, Range(0, 1), Help("largest share of genes that hardly vary")
    ] = 0.5
    min_reliability: Annotated[float, Range(high=1), Help("least reliability of the mean")] = 0.5
    min_percentile: Annotated[
        float, Range(0, 1), Help("least share of random sets that correlate less")
    ] = 0.95
    min_rho_median: Annotated[float, Range(-1, 1), Help("least correlation of mean and median")] = (
        0.5
    )
    min_rho_pc1: Annotated[
        float, Range(-1, 1), Help("least correlation of mean and first component")
    ] = 0.5
    min_rho_z: Annotated[
        float, Range(-1, 1), Help("least correlation of means of raw and of z-values")
    ] = 0.8
    max_dominance: Annotated[
        float, Range(0, 1), Help("largest share of one gene in the variance of the mean")
    ] = 0.5

    def __post_init__(self) -> None:
        _params.check(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One line: when it fires, and what it then says.

    Attributes
    ----------
    name, verdict
        What it is called and what it leads to.
    metric
        The column that is compared.
    threshold
        A number, or another column of the same row.
    is_floor
        Whether values below the threshold fire; otherwise those above.
    words
        The sentence, with the columns of the row and `threshold` to be filled in.
    """

    name: str
    verdict: Verdict
    metric: str
    threshold: float | str
    is_floor: bool
    words: str

    def line(self, row: Mapping[str, Any]) -> float:
        """The threshold for a row."""
        line = row[self.threshold] if isinstance(self.threshold, str) else self.threshold
        return float(line)

    def fires(self, row: Mapping[str, Any]) -> bool:
        """Whether the rule fires for a row; a value that is not defined never does."""
        value, line = float(row[self.metric]), self.line(row)
        if math.isnan(value):
            return False
        return value < line if self.is_floor else value > line

    def sentence(self, row: Mapping[str, Any]) -> str:
        """What the rule says of a row, with its numbers."""
        return self.words.format(**row, threshold=self.line(row))


def rules_of(
    thresholds: QualityThresholds, *, min_coverage: float, n_sets: int, is_zero_known: bool = True
) -> tuple[Rule, ...]:
    """All rules, those that refuse first.

    n_sets: number of random sets, for the words. is_zero_known: whether the scale says which
    values mean that a gene is not expressed.
    """
    seen = (
        (Quality.N_DETECTED, f"expressed in more than {thresholds.detected_in:.1%} of the")
        if is_zero_known
        else (Quality.N_VARYING, "not constant over the")
    )
    return (
        Rule(
            name="low_coverage",
            verdict="refuse",
            metric=Quality.COVERAGE,
            threshold=min_coverage,
            is_floor=True,
            words="{n_found} of {n_genes} genes are in the matrix ({coverage:.0%}); at least "
            "{threshold:.0%} have to be",
        ),
        Rule(
            name="low_weight_coverage",
            verdict="refuse",
            metric=Quality.WEIGHT_COVERAGE,
            threshold=min_coverage,
            is_floor=True,
            words="the genes in the matrix carry {weight_coverage:.0%} of the weight; at least "
            "{threshold:.0%} is asked for",
        ),
        Rule(
            name="few_genes",
            verdict="refuse",
            metric=Quality.N_FOUND,
            threshold=Quality.N_NEEDED,
            is_floor=True,
            words="{n_found} of {n_genes} genes are in the matrix; at least {threshold:.0f} have "
            "to be",
        ),
        Rule(
            name="not_measured",
            verdict="refuse",
            metric=seen[0],
            threshold=Quality.N_NEEDED,
            is_floor=True,
            words="{" + seen[0] + "} of {n_found} genes found are " + seen[1] + " {n_obs} "
            "observations looked at; at least {threshold:.0f} have to be",
        ),
        Rule(
            name="hardly_detected",
            verdict="refuse",
            metric=Quality.DETECTED,
            threshold=thresholds.least_detected,
            is_floor=True,
            words=_detected_words(thresholds),
        ),
        *_cautions(thresholds, n_sets),
    )


def _detected_words(thresholds: QualityThresholds) -> str:
    return (
        f"{{n_detected}} of {{n_found}} genes found are expressed in more than "
        f"{thresholds.detected_in:.1%} of the {{n_obs}} observations looked at "
        "({detected:.0%}; {threshold:.0%} asked)"
    )


def _cautions(thresholds: QualityThresholds, n_sets: int) -> tuple[Rule, ...]:
    def rule(
        name: str, metric: str, threshold: float, words: str, *, is_floor: bool = True
    ) -> Rule:
        return Rule(
            name=name,
            verdict="caution",
            metric=metric,
            threshold=threshold,
            is_floor=is_floor,
            words=words,
        )

    return (
        rule(
            "too_few_observations",
            Quality.N_OBS,
            _LEAST_OBSERVATIONS,
            "how the genes go together cannot be judged by {n_obs} observations "
            "({threshold:.0f} asked)",
        ),
        rule(
            "mostly_zero",
            Quality.DETECTED,
            thresholds.min_detected,
            _detected_words(thresholds),
        ),
        rule(
            "hardly_varies",
            Quality.LOW_VARIANCE,
            thresholds.max_low_variance,
            "{low_variance:.0%} of the genes found are in the quarter of all genes that vary "
            "least ({threshold:.0%} at most)",
            is_floor=False,
        ),
        rule(
            "unreliable",
            Quality.RELIABILITY,
            thresholds.min_reliability,
            "most of the variance of the mean is that of single genes: reliability "
            "{reliability:.2f} for {n_varying} genes with a mean correlation of "
            "{mean_correlation:.2f} ({threshold:.2f} asked)",
        ),
        rule(
            "like_random",
            Quality.PERCENTILE,
            thresholds.min_percentile,
            "the mean correlation of the genes, {mean_correlation:.2f}, is above that of "
            f"{{percentile:.0%}} of {n_sets} random sets of like expression "
            "({threshold:.0%} asked)",
        ),
        rule(
            "mean_is_not_median",
            Quality.RHO_MEAN_MEDIAN,
            thresholds.min_rho_median,
            "mean and median of the genes correlate at {rho_mean_median:.2f} ({threshold:.2f} "
            "asked)",
        ),
        rule(
            "mean_is_not_pc1",
            Quality.RHO_MEAN_PC1,
            thresholds.min_rho_pc1,
            "the mean is not the main axis of the genes: it correlates at {rho_mean_pc1:.2f} with "
            "the first component, which holds {pc1_share:.0%} of the variance ({threshold:.2f} "
            "asked)",
        ),
        rule(
            "standardising_matters",
            Quality.RHO_MEAN_Z,
            thresholds.min_rho_z,
            "the means of raw and of z-values correlate at {rho_mean_z:.2f} ({threshold:.2f} "
            "asked)",
        ),
        rule(
            "one_gene",
            Quality.DOMINANCE,
            thresholds.max_dominance,
            "{dominant_gene} alone makes {dominance:.0%} of the variance of the mean "
            "({threshold:.0%} at most)",
            is_floor=False,
        ),
    )


def judge(row: Mapping[str, Any], rules: tuple[Rule, ...]) -> dict[str, str]:
    """Verdict, reasons and rules of a row.

    Of a refused signature only the first rule that refuses it is told: it is the cause of those
    that follow, and what is left to say is about the genes that happen to be there.
    """
    telling = [rule for rule in rules if rule.fires(row)]
    if telling and telling[0].verdict == "refuse":
        telling = telling[:1]
    return {
        Quality.VERDICT: telling[0].verdict if telling else "ok",
        Quality.REASONS: "; ".join(rule.sentence(row) for rule in telling),
        Quality.RULES: ";".join(rule.name for rule in telling),
    }
