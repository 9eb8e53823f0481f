"""One ranking of the observations out of several methods."""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import Annotated, Any, ClassVar, Final, Literal

import numpy as np
from numpy.typing import NDArray

from neurosig._params import Help, Range
from neurosig.errors import AgreementWarning, CoverageWarning, ParameterError, count, examples
from neurosig.expression.base import Block, Expression
from neurosig.expression.checks import ScaleGuess, check_scale
from neurosig.genesets.compiled import CompiledSignatures
from neurosig.kernels.concordance import average_ranks, kendalls_w
from neurosig.keys import LOW_AGREEMENT, Coverage
from neurosig.methods.base import Invariance, Method, Spec
from neurosig.methods.gene_moments import require_two_samples
from neurosig.methods.registry import get_method

DEFAULT_METHODS: Final = ("singscore", "ssgsea", "zscore", "mean")


@dataclass(frozen=True, slots=True, kw_only=True)
class Consensus(Method):
    """Consensus of several methods: the mean of their ranks of the observations.

    score[i, s] = mean_{j=1..m} (r_j[i, s] - 1) / (n_s - 1)

    r_j: rank (1 = lowest, ties averaged) of observation i by the scores of method j for signature
    s, among the n_s observations that every method scores; where one does not, the consensus is
    missing. From 0 (lowest by every method) to 1 (highest by every method). A rank says where an
    observation stands among the others and nothing of distances.

    The agreement of the methods is in ``coverage.agreement``, Kendall's W of a signature:

    W_s = 12 sum_i (R_i - mean R)^2 / (m^2 (n_s^3 - n_s) - m sum_ties (t^3 - t))

    R_i: sum of the ranks of observation i; t: length of each run of ties. 1 = one and the same
    ranking; about 1/m without any relation; the mean of Spearman's rho over the pairs of methods is
    (m W - 1) / (m - 1). A signature below `min_agreement` is scored, with a warning and the status
    ``low_agreement``: the choice of method decides there. The pairs: `neurosig.method_agreement`.

    Parameters
    ----------
    methods
        Names of at least two registered methods, with their default parameters. The default takes
        two that rank genes within a sample, by place and by enrichment, and two that add up
        values, standardised by gene and not; all take up and down arms and signatures of any size.
    min_agreement
        Kendall's W below which a signature is warned about. 0.7 is a mean Spearman's rho of 0.6 for
        four methods.
    na
        A missing value stops the run ("error") or is passed on to the methods ("propagate").

    References
    ----------
    Mean rank, or Borda's count, as rank aggregation: Lin 2010, doi:10.1002/wics.111; Dwork et al.
    2001, doi:10.1145/371920.372165. W: Kendall and Babington Smith 1939,
    doi:10.1214/aoms/1177732186; from 0.7 on called strong by Schmidt 1997,
    doi:10.1111/j.1540-5915.1997.tb01330.x.

    Examples
    --------
    >>> import pandas as pd, neurosig as ns
    >>> genes, samples = ["NGF", "BDNF", "TH"], ["a", "b", "c"]
    >>> x = pd.DataFrame([[1.0, 2.0, 9.0], [3.0, 6.0, 5.0], [8.0, 9.0, 1.0]], samples, genes)
    >>> method = ns.methods.Consensus(methods=("mean", "zscore"))
    >>> scores = ns.score(x, {"S": ["NGF", "BDNF"]}, method=method)
    >>> scores.values["S"].tolist(), float(scores.coverage.loc["S", "agreement"])
    ([0.0, 0.5, 1.0], 1.0)
    """

    methods: Annotated[tuple[str, ...], Help("names of the methods, at least two")] = (
        DEFAULT_METHODS
    )
    min_agreement: Annotated[float, Range(0, 1), Help("Kendall's W that is not warned about")] = 0.7
    na: Annotated[Literal["error", "propagate"], Help("what a missing value does")] = "error"

    spec: ClassVar[Spec] = Spec(
        name="consensus",
        title="Consensus of methods",
        doi="10.1002/wics.111",
        scope="cohort",
        bounds=(0.0, 1.0),
        scale="log",
        weights="sign",
        invariant_to=frozenset({"other_signatures"}),
        revision=1,
    )

    def __post_init__(self) -> None:
        Method.__post_init__(self)
        if len(set(self.methods)) < max(2, len(self.methods)):
            raise ParameterError(
                "Consensus.methods has to name at least two methods, each once",
                f"It names {examples(self.methods)}",
                'For instance Consensus(methods=("singscore", "ssgsea"))',
            )
        for member in self.members():
            if member.spec.name == "consensus" or member.weights == "recipe":
                raise ParameterError(
                    f"Consensus.methods cannot name {member.spec.name!r}",
                    "A consensus is of methods that score every signature in their own way",
                    "Leave it out",
                )

    def members(self) -> tuple[Method, ...]:
        """The methods, in order."""
        return tuple(self._member(name) for name in self.methods)

    def _member(self, name: str) -> Method:
        if name == self.spec.name:
            return self
        member = get_method(name)
        has_policy = any(field.name == "na" for field in fields(member))
        return replace(member, na=self.na) if has_policy else member  # type: ignore[call-arg]

    @property
    def weights(self) -> Literal["sign", "full", "recipe"]:
        """Full where every method uses the size of weights."""
        return "full" if all(m.weights == "full" for m in self.members()) else "sign"

    @property
    def invariant_to(self) -> frozenset[Invariance]:
        """What every method is invariant to; ranks depend on the other samples."""
        shared = frozenset.intersection(*(m.invariant_to for m in self.members()))
        return shared - {"other_samples"}

    def check_scale(self, guess: ScaleGuess, sets: CompiledSignatures) -> None:  # noqa: ARG002
        """Warn of what the most demanding method wants."""
        wanted = {member.spec.scale for member in self.members()}
        if "log" in wanted:
            check_scale(guess, "log", stacklevel=4)
        elif "ranks" in wanted:
            check_scale(guess, "ranks", stacklevel=4)

    def n_columns(self, sets: CompiledSignatures) -> int:
        """One score a method and signature."""
        return len(self.methods) * sets.n_signatures

    @property
    def applies_to_new_samples(self) -> bool:
        """No: a rank among the observations of a cohort is not that of another one."""
        return False

    @property
    def why_no_null(self) -> str:
        """Random sets would have to be ranked over the cohort."""
        return "It ranks the observations of a cohort, for every random set as well"

    def fit_genes(self, expression: Expression) -> tuple[Any, ...]:
        """What each method learns of the genes."""
        require_two_samples(expression, "consensus", "A rank among observations needs two")
        return tuple(member.fit_genes(expression) for member in self.members())

    def fit_sets(
        self, expression: Expression, sets: CompiledSignatures, genes: tuple[Any, ...]
    ) -> tuple[Any, ...]:
        """What each method learns of the signatures."""
        fits = zip(self.members(), genes, strict=True)
        return tuple(member.fit_sets(expression, sets, known) for member, known in fits)

    def warn(self, sets: CompiledSignatures, cohort: Any) -> None:
        """Warn of what each method warns of."""
        for member, fitted in zip(self.members(), cohort, strict=True):
            member.warn(sets, fitted)

    def score_rows(
        self, x: NDArray[np.float64], sets: CompiledSignatures, cohort: Any
    ) -> NDArray[np.float64]:
        """Scores (n_rows, n_methods * n_signatures) of dense rows by each method."""
        return np.hstack(
            [m.score_rows(x, sets, c) for m, c in zip(self.members(), cohort, strict=True)]
        )

    def score_block(
        self, block: Block, sets: CompiledSignatures, cohort: Any
    ) -> NDArray[np.float64]:
        """Scores (n_rows, n_methods * n_signatures) of a block by each method."""
        return np.hstack(
            [m.score_block(block, sets, c) for m, c in zip(self.members(), cohort, strict=True)]
        )

    def fit_scores(self, scores: NDArray[np.float64]) -> tuple[Any, ...]:
        """What each method needs of its own scores."""
        return tuple(m.fit_scores(s) for m, s in self._by_method(scores))

    def _by_method(
        self, scores: NDArray[np.float64]
    ) -> Iterator[tuple[Method, NDArray[np.float64]]]:
        return zip(self.members(), np.split(scores, len(self.methods), axis=1), strict=True)

    def finish(
        self, scores: NDArray[np.float64], fitted: Any, sets: CompiledSignatures
    ) -> NDArray[np.float64]:
        """Rank by each method, take the mean, and report the agreement."""
        by_method = [
            m.finish(s, f, sets) for (m, s), f in zip(self._by_method(scores), fitted, strict=True)
        ]
        self._warn_of_unscored(by_method, sets)
        consensus = np.full((len(scores), sets.n_signatures), np.nan)
        agreement = np.full(sets.n_signatures, np.nan)
        for s in range(sets.n_signatures):
            members = np.column_stack([values[:, s] for values in by_method])
            is_scored = ~np.isnan(members).any(axis=1)
            if is_scored.sum() > 1:
                ranks = average_ranks(members[is_scored])
                consensus[is_scored, s] = ((ranks - 1) / (len(ranks) - 1)).mean(axis=1)
                agreement[s] = kendalls_w(ranks)
        sets.coverage[Coverage.AGREEMENT] = np.nan
        sets.coverage.loc[list(sets.names), Coverage.AGREEMENT] = agreement
        self._warn_of_low(agreement, sets)
        return consensus

    def _warn_of_unscored(
        self, by_method: list[NDArray[np.float64]], sets: CompiledSignatures
    ) -> None:
        is_unscored = np.stack([np.all(np.isnan(scores), axis=0) for scores in by_method])
        names = [sets.names[s] for s in np.flatnonzero(np.any(is_unscored, axis=0))]
        if not names:
            return
        sets.coverage.loc[names, Coverage.STATUS] = "no_score"
        by = [self.methods[j] for j in np.flatnonzero(np.any(is_unscored, axis=1))]
        warnings.warn(
            CoverageWarning(
                f"{count(len(names), 'signature')} {'has' if len(names) == 1 else 'have'} no "
                f"consensus: {examples(by)} {'gives' if len(by) == 1 else 'give'} no score to "
                "some in any observation",
                f"Signatures: {examples(names)}",
                f"Leave {' and '.join(by)} out of Consensus(methods=...), or these signatures",
            ),
            stacklevel=4,
        )

    def _warn_of_low(self, agreement: NDArray[np.float64], sets: CompiledSignatures) -> None:
        is_low = agreement < self.min_agreement
        if not is_low.any():
            return
        names = [name for name, low in zip(sets.names, is_low, strict=True) if low]
        sets.coverage.loc[names, Coverage.STATUS] = LOW_AGREEMENT
        shown = [f"{n} ({w:.2f})" for n, w in zip(names, agreement[is_low], strict=True)]
        warnings.warn(
            AgreementWarning(
                f"The methods disagree on {count(len(names), 'signature')}: they rank the "
                "observations differently",
                f"Kendall's W below {self.min_agreement:g}: {examples(shown, quoted=False)}",
                "See which differ with neurosig.method_agreement(...); a result that hangs on the "
                "method should be shown for each",
            ),
            stacklevel=4,
        )
