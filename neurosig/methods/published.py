"""Each signature scored as its own paper did."""

import warnings
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from neurosig._params import Help
from neurosig.errors import (
    CoverageError,
    CoverageWarning,
    NeurosigWarning,
    ScaleError,
    ScaleWarning,
    count,
    examples,
)
from neurosig.expression.base import Expression
from neurosig.expression.checks import Scale, ScaleGuess
from neurosig.expression.transforms import log2p1
from neurosig.genesets.compiled import CompiledSignatures
from neurosig.genesets.recipes import RECIPES
from neurosig.keys import Coverage
from neurosig.methods.base import Method, Spec, dense_chunks
from neurosig.methods.first_component import Loadings
from neurosig.methods.gene_moments import warn_of_constant_genes
from neurosig.methods.recipe_scorers import SCORERS, Scorer

InputScale: TypeAlias = Literal["as_given", "linear", "log2p1"]

_WORDS: Final = {"linear": "linear values such as TPM", "log": "logged values"}
_LOOKS: Final = {
    "counts": "counts",
    "linear": "linear values",
    "log": "logged values",
    "centred": "values centred at zero",
    "standardised": "values standardised by gene",
}
_MISTAKEN: Final = {
    "linear": ("counts", "log", "centred", "standardised"),
    "log": ("counts", "linear", "standardised"),
}
"""What a matrix must not look like for a recipe that reads linear or log values."""


@dataclass(frozen=True, slots=True)
class Part:
    """The signatures of one recipe: their places in the call, and what scores them."""

    places: NDArray[np.int64]
    recipe: str
    genes: NDArray[np.int64]
    scorer: Scorer


@dataclass(frozen=True, slots=True, kw_only=True)
class Published(Method):
    """Each signature scored by the recipe of its own paper, where one is stated.

    score[i, s] = f(x[i, g] of the genes g of s), with f as the signature's `recipe` says:

    ==================================================  ======  ====================================
    recipe                                              scale   f
    ==================================================  ======  ====================================
    geometric_mean                                      linear  exp(mean_g log(x + 0.01))
    weighted_sum                                        linear  sum_g w_g x
    weighted_sum_of_log_expr                            log     sum_g w_g x
    weighted_sum_of_log_expr_minus_mean_housekeeping    log     sum_g w_g (x - mean_h x[i, h])
    contrast_mean_z                                     log     mean_up z - mean_down z
    pc1                                                 log     as the method `pc1`
    ==================================================  ======  ====================================

    x: (n_obs, n_genes) on the scale of the recipe: "linear" is TPM, FPKM or normalised counts,
    never negative; "log" a logarithm of them. w: weights of the signature; h: its controls; z: x
    standardised over observations (n - 1), genes that are constant left out. In the units of the
    recipe: scores of two signatures are not comparable. Only contrast_mean_z and pc1 depend on the
    other samples, and need two of them.

    Signatures without a recipe are not scored (status ``no_recipe``), nor are those without all
    their genes and controls (``incomplete_recipe``), since a score of fewer genes is not the
    published one. contrast_mean_z takes the genes that are found, within the limits of coverage
    and at least one of each arm. A negative value where linear ones are wanted refuses the
    signature (``negative_values``).

    Parameters
    ----------
    input_scale
        What the matrix holds. "as_given": nothing is converted, and a recipe that wants another
        scale than the values seem to have is warned about. "linear": recipes of log values get
        log2(x + 1). "log2p1": recipes of linear values get 2^x - 1. With the last two, one matrix
        serves all recipes.
    na
        A missing value stops the run ("error") or makes the score of that sample and signature
        missing ("propagate").

    References
    ----------
    Scoring each signature as published: Carenzo et al. 2022, doi:10.1093/bioinformatics/btac161
    (hacksig). geometric_mean: Rooney et al. 2015, doi:10.1016/j.cell.2014.12.033 (TPM, offset
    0.01). Housekeeping: Ayers et al. 2017, doi:10.1172/JCI91190; weights Cristescu et al. 2018,
    doi:10.1126/science.aar3593, Table S2B. Contrast: Fredrickson et al. 2013,
    doi:10.1073/pnas.1305419110. pc1: Messina et al. 2012, doi:10.1038/srep00765.

    Examples
    --------
    >>> import pandas as pd, neurosig as ns
    >>> cyt = ns.Signature(id="CYT", genes=("GZMA", "PRF1"), recipe="geometric_mean")
    >>> tpm = pd.DataFrame({"GZMA": [0.0, 40.0], "PRF1": [7.99, 90.0]}, index=["p1", "p2"])
    >>> method = ns.methods.Published(input_scale="linear")
    >>> ns.score(tpm, cyt, method=method).values["CYT"].round(4).tolist()
    [0.2828, 60.0108]
    """

    input_scale: Annotated[InputScale, Help("what the matrix holds")] = "as_given"
    na: Annotated[Literal["error", "propagate"], Help("what a missing value does")] = "error"

    spec: ClassVar[Spec] = Spec(
        name="published",
        title="As published",
        doi="10.1093/bioinformatics/btac161",
        scope="cohort",
        bounds=(-np.inf, np.inf),
        scale="recipe",
        weights="recipe",
        invariant_to=frozenset({"gene_order", "other_signatures", "other_genes"}),
        revision=1,
    )

    def check_scale(self, guess: ScaleGuess, sets: CompiledSignatures) -> None:
        """Warn of the signatures whose recipe wants another scale than the values seem to have."""
        for wanted in ("linear", "log"):
            names = [
                name
                for name, recipe in zip(sets.names, sets.recipes, strict=True)
                if self._scale_read(RECIPES[str(recipe)].scale) == wanted
            ]
            if names and guess.scale in _MISTAKEN[wanted]:
                warnings.warn(
                    ScaleWarning(
                        f"{count(len(names), 'signature')} "
                        f"{'wants' if len(names) == 1 else 'want'} {_WORDS[wanted]}; these look "
                        f"like {_LOOKS[guess.scale]}",
                        f"{examples(names)}. {guess.evidence}",
                        self._remedy(guess.scale),
                    ),
                    stacklevel=3,
                )

    @property
    def why_no_null(self) -> str:
        """Recipes belong to their genes."""
        return "A recipe is that of its own genes, and random ones have none"

    def fit_sets(
        self,
        expression: Expression,
        sets: CompiledSignatures,
        genes: None,  # noqa: ARG002
    ) -> tuple[Part, ...]:
        """What scores the signatures of each recipe; those that cannot be scored are left out."""
        kept = self._without_lonely(expression, sets, np.arange(sets.n_signatures))
        kept = self._without_negative(expression, sets, kept)
        parts = []
        for name in RECIPES:
            places = np.asarray([s for s in kept if sets.recipes[s] == name], dtype=np.int64)
            if len(places):
                chosen = sets.take(places)
                read = np.union1d(chosen.sets.indices, chosen.controls.indices)
                scorer = SCORERS[name](self._converted(expression, name), chosen, self.na)
                parts.append(Part(places, name, read, scorer))
        return tuple(parts)

    def warn(self, sets: CompiledSignatures, cohort: Any) -> None:
        """Warn of signatures that lose most of their genes."""
        for part in cohort:
            if isinstance(part.scorer, Loadings):
                warn_of_constant_genes(sets.take(part.places), part.scorer.moments.varies)

    def score_rows(
        self, x: NDArray[np.float64], sets: CompiledSignatures, cohort: Any
    ) -> NDArray[np.float64]:
        """Scores of dense rows."""
        scores = np.full((len(x), sets.n_signatures), np.nan)
        for part in cohort:
            scores[:, part.places] = part.scorer.project(self._converted_rows(x, part))
            if self._reads_linear(part.recipe) and (x[:, part.genes] < 0).any():
                # Of a new sample: in the cohort, such a value has refused the signature.
                genes_of_each = _genes_read(sets.take(part.places))
                for place, genes in zip(part.places, genes_of_each, strict=True):
                    scores[(x[:, genes] < 0).any(axis=1), place] = np.nan
        return scores

    def _reads_linear(self, recipe: str) -> bool:
        """Whether the recipe reads linear values or makes logarithms of them."""
        return self.input_scale == "linear" or RECIPES[recipe].scale == "linear"

    def _scale_read(self, wanted: Literal["linear", "log"]) -> str:
        """The scale the matrix has to have for a recipe that wants `wanted`."""
        return {"as_given": wanted, "linear": "linear", "log2p1": "log"}[self.input_scale]

    def _converted(self, expression: Expression, recipe: str) -> Expression:
        is_logged_here = self.input_scale == "linear" and RECIPES[recipe].compares_samples
        return log2p1(expression) if is_logged_here else expression

    def _converted_rows(self, x: NDArray[np.float64], part: Part) -> NDArray[np.float64]:
        wanted = RECIPES[part.recipe].scale
        if self.input_scale == "as_given" or self._scale_read(wanted) == wanted:
            return x
        converted = x.copy()
        held = x[:, part.genes]
        with np.errstate(invalid="ignore", divide="ignore"):  # of a negative value: no score
            converted[:, part.genes] = np.log2(held + 1) if wanted == "log" else np.exp2(held) - 1
        return converted

    def _without_lonely(
        self, expression: Expression, sets: CompiledSignatures, kept: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """Refuse what compares samples where there is one."""
        if expression.n_obs > 1:
            return kept
        is_lonely = np.array([RECIPES[str(sets.recipes[s])].compares_samples for s in kept])
        return _refuse(
            sets,
            kept,
            is_lonely,
            status="one_sample",
            words=(
                "compare samples with each other, and there is one",
                "Score more samples, or leave these signatures out",
            ),
            warning=CoverageWarning,
        )

    def _without_negative(
        self, expression: Expression, sets: CompiledSignatures, kept: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """Refuse what reads or makes linear values where one is negative."""
        is_linear = np.array([self._reads_linear(str(sets.recipes[s])) for s in kept])
        if not is_linear.any():
            return kept
        of_each = _genes_read(sets.take(kept))
        lows, read = np.full(expression.n_vars, np.inf), np.unique(np.concatenate(of_each))
        for _, x in dense_chunks(expression):
            lows[read] = np.fmin(lows[read], np.fmin.reduce(x[:, read], axis=0))
        lowest = np.array([lows[genes].min() for genes in of_each])
        return _refuse(
            sets,
            kept,
            is_linear & (lowest < 0),
            status="negative_values",
            words=(
                "want linear values, and there are negative ones",
                "Give TPM, FPKM or normalised counts; of log2(x + 1): "
                'Published(input_scale="log2p1")',
            ),
            warning=ScaleWarning,
        )

    def _remedy(self, looks: Scale) -> str:
        if looks == "counts":
            return (
                'Normalise them: neurosig.transform(counts, "log2cpm") with '
                'Published(input_scale="log2p1")'
            )
        if looks == "linear" and self.input_scale == "as_given":
            return 'Published(input_scale="linear") takes logarithms for the recipes that want them'
        if looks == "log" and self.input_scale == "as_given":
            return (
                'Published(input_scale="log2p1") takes them back for the recipes that want linear'
            )
        return (
            f'Give the values that input_scale="{self.input_scale}" says'
            if looks in ("linear", "log")
            else "Use the values from before they were centred or scaled"
        )


def _genes_read(sets: CompiledSignatures) -> list[NDArray[np.int64]]:
    """The genes of each signature and its controls."""
    pairs = zip(sets.sets.lists(), sets.controls.lists(), strict=True)
    return [np.concatenate([genes, controls]) for (genes, _), (controls, _) in pairs]


def _refuse(
    sets: CompiledSignatures,
    kept: NDArray[np.int64],
    is_refused: NDArray[np.bool_],
    *,
    status: str,
    words: tuple[str, str],
    warning: type[NeurosigWarning],
) -> NDArray[np.int64]:
    """What is left of `kept`; a warning names the rest, and nothing left is an error."""
    names = [sets.names[s] for s in kept[is_refused]]
    if not names:
        return kept
    reason, remedy = words
    what = f"{count(len(names), 'signature')} cannot be scored: their recipes {reason}"
    sets.coverage.loc[names, Coverage.STATUS] = status
    if is_refused.all():
        error = ScaleError if warning is ScaleWarning else CoverageError
        raise error(what, f"All that could be scored: {examples(names)}", remedy)
    warnings.warn(warning(what, f"Not scored: {examples(names)}", remedy), stacklevel=6)
    return kept[~is_refused]
