"""How the scores of a cohort were made."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from neurosig.errors import examples
from neurosig.keys import Coverage


@dataclass(frozen=True, kw_only=True)
class ScoringRecord:
    """What two cohorts need to share for one model to mean the same in both.

    method, revision: the scoring method and the revision of its numbers; parameters: as JSON;
    scope: "sample", or "cohort" where a score depends on the other samples; is_applied: whether the
    statistics of another cohort were applied (`CohortStats`); n_genes: size of each signature,
    where it is known.
    """

    method: str
    revision: int
    parameters: str
    scope: str
    is_applied: bool
    n_genes: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, scores: object) -> "ScoringRecord | None":
        """The record of what `neurosig.score` returned; None for scores that do not say.

        >>> ScoringRecord.of(pd.DataFrame({"NGF": [0.1]})) is None
        True
        """
        provenance = getattr(scores, "provenance", None)
        about = provenance.get("method") if isinstance(provenance, Mapping) else None
        if not isinstance(provenance, Mapping) or not isinstance(about, Mapping):
            return None
        coverage = getattr(scores, "coverage", None)
        sizes: dict[str, int] = {}
        if isinstance(coverage, pd.DataFrame) and Coverage.N_GENES in coverage.columns:
            sizes = {str(name): int(n) for name, n in coverage[Coverage.N_GENES].items()}
        return cls(
            method=str(about.get("name")),
            revision=int(about.get("revision", 0)),
            parameters=json.dumps(about.get("parameters", {}), sort_keys=True),
            scope=str(about.get("scope", "")),
            is_applied="cohort" in provenance,
            n_genes=sizes,
        )

    def differences(self, other: "ScoringRecord", signatures: tuple[str, ...]) -> list[str]:
        """In what another record differs, for these signatures: "method ssgsea, here gsva".

        >>> one = ScoringRecord(method="mean", revision=1, parameters="{}", scope="sample",
        ...                     is_applied=False)
        >>> one.differences(one, ("NGF",))
        []
        """
        found = [
            f"{name} {ours}, here {theirs}"
            for name, ours, theirs in (
                ("method", self.method, other.method),
                ("parameters", self.parameters, other.parameters),
                ("revision", self.revision, other.revision),
            )
            if ours != theirs
        ]
        sizes = [
            f"{name} has {self.n_genes[name]} genes, here {other.n_genes[name]}"
            for name in signatures
            if name in self.n_genes
            and name in other.n_genes
            and self.n_genes[name] != other.n_genes[name]
        ]
        return found + ([examples(sizes, quoted=False)] if sizes else [])
