"""Why signatures are not scored, in words."""

from typing import Final, NamedTuple

import pandas as pd

from neurosig.errors import count, examples
from neurosig.genesets.compiled import INCOMPLETE_RECIPE, NO_RECIPE
from neurosig.keys import Coverage


class Refusal(NamedTuple):
    """What is refused, the evidence and the remedy, and whether genes are what is missing."""

    what: str
    evidence: str
    remedy: str
    lacks_genes: bool = True


_REMEDIES: Final = {
    NO_RECIPE: "Score them with another method, such as singscore, or say how: "
    'Signature(id=..., genes=..., recipe="pc1")',
    INCOMPLETE_RECIPE: "If the genes have other symbols in the data, rename them; if they were not "
    "measured, a score of the others is not the published one: use another method for it",
}


def refusals(coverage: pd.DataFrame, rule: str) -> list[Refusal]:
    """One refusal for each kind of reason; `rule` says how many genes are enough."""
    status = coverage[Coverage.STATUS]
    n_all = len(coverage)
    found: list[Refusal] = []
    without = coverage[status == NO_RECIPE]
    if len(without):
        found.append(
            Refusal(
                f"{_signatures(without)} of {n_all} {_have(without)} no published recipe",
                f"Not scored: {examples(without.index)}",
                _REMEDIES[NO_RECIPE],
                lacks_genes=False,
            )
        )
    incomplete = coverage[status == INCOMPLETE_RECIPE]
    if len(incomplete):
        shown = [f"{name} ({row[Coverage.MISSING]})" for name, row in incomplete.iterrows()]
        found.append(
            Refusal(
                f"{_signatures(incomplete)} of {n_all} {_have(incomplete)} not all genes that the "
                "published recipe needs",
                f"Not scored, and the genes that are missing: {examples(shown, quoted=False)}",
                _REMEDIES[INCOMPLETE_RECIPE],
            )
        )
    poor = coverage[status.isin(["no_genes", "low_coverage", "too_few_genes"])]
    if len(poor):
        shown = [
            f"{name} ({row[Coverage.N_FOUND]} of {row[Coverage.N_GENES]} genes, "
            f"{row[Coverage.STATUS]})"
            for name, row in poor.iterrows()
        ]
        found.append(
            Refusal(
                f"{_signatures(poor)} of {n_all} cannot be scored",
                f"With {rule}: {examples(shown, quoted=False)}",
                "See coverage.missing_genes; if the identifiers are right, the data do not hold "
                "these genes, and a lower min_coverage gives a score of fewer genes that should be "
                "called so",
            )
        )
    return found


def _signatures(rows: pd.DataFrame) -> str:
    return count(len(rows), "signature")


def _have(rows: pd.DataFrame) -> str:
    return "has" if len(rows) == 1 else "have"
