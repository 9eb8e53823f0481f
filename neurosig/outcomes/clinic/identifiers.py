"""Which row of the clinic belongs to which observation: exact ids first, then TCGA barcodes.

A TCGA barcode names a patient (`TCGA-02-0001`), one of its samples (`-01`, with vial `-01C`) or an
aliquot (`-01C-01D-0182-01`); the sample code is 01 to 09 for tumour and 10 to 19 for normal
tissue. Source: NCI Genomic Data Commons, "TCGA Barcode" and "Sample Type Codes".
"""

import re
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosig.errors import AlignmentError, ClinicalWarning, count, examples
from neurosig.outcomes.clinic.clean import level_text

_BARCODE: Final = re.compile(
    r"(TCGA-[A-Z0-9]{2}-[A-Z0-9]{4})"
    r"(?:-(\d{2})(?:([A-Z])(?:-\d{2}[A-Z]?(?:-[A-Z0-9]{4}(?:-\d{2})?)?)?)?)?"
)
_SUFFIX: Final = re.compile(r"(.+)[.-]\d{1,2}")
_DROP_NORMALS: Final = (
    "from neurosig.outcomes.clinic.identifiers import is_normal_sample; "
    "scores.values[~is_normal_sample(scores.values.index)]"
)
_LEVELS: Final = ("patient", "sample", "vial", "aliquot")


@dataclass(frozen=True, slots=True)
class Barcode:
    """A TCGA barcode in its canonical writing (capitals, dashes)."""

    text: str
    patient: str
    sample_code: str
    vial: str

    @classmethod
    def parse(cls, text: str) -> "Barcode | None":
        """Read a barcode written with dashes or dots, in any case; None if it is none.

        >>> Barcode.parse("tcga.3x.aav9.01a").at("sample")
        'TCGA-3X-AAV9-01'
        >>> Barcode.parse("TCGA-08-0386.2") is None
        True
        """
        canonical = text.strip().upper().replace(".", "-")
        found = _BARCODE.fullmatch(canonical)
        return cls(canonical, found[1], found[2] or "", found[3] or "") if found else None

    @property
    def level(self) -> str:
        """The most that the barcode names: patient, sample, vial or aliquot."""
        named = f"{self.patient}-{self.sample_code}{self.vial}".rstrip("-")
        if self.text != named:
            return "aliquot"
        return "vial" if self.vial else "sample" if self.sample_code else "patient"

    @property
    def is_normal(self) -> bool:
        """Whether the sample is normal tissue (codes 10 to 19)."""
        return self.sample_code.startswith("1")

    @property
    def is_tumour(self) -> bool:
        """Whether the sample is tumour (codes 01 to 09)."""
        return self.sample_code.startswith("0")

    def at(self, level: str) -> str:
        """Return the barcode cut to a level."""
        return {
            "patient": self.patient,
            "sample": f"{self.patient}-{self.sample_code}",
            "vial": f"{self.patient}-{self.sample_code}{self.vial}",
        }.get(level, self.text)


@dataclass(frozen=True, slots=True, eq=False)
class Alignment:
    """Matching positions in both lists of ids, in the order of the scores, and the rule used."""

    score_positions: NDArray[np.intp]
    clinical_positions: NDArray[np.intp]
    rule: str


def is_normal_sample(ids: Iterable[object]) -> NDArray[np.bool_]:
    """Tell which ids are TCGA barcodes of normal tissue (sample codes 10 to 19).

    >>> is_normal_sample(["TCGA-3X-AAV9-01A", "TCGA-ZU-A8S4-11A", "P7"]).tolist()
    [False, True, False]
    """
    barcodes = (Barcode.parse(str(value)) for value in ids)
    return np.array([b is not None and b.is_normal for b in barcodes], dtype=np.bool_)


def text_ids(values: Iterable[object], what: str, n_shown: int = 5) -> list[str]:
    """Return ids as text without blanks around; missing and repeated ids are refused.

    Raises
    ------
    AlignmentError
        An id is missing or occurs more than once.
    """
    ids = []
    for row, value in enumerate(values):
        if pd.isna(cast(Any, value)) or not str(value).strip():
            raise AlignmentError(
                f"The {what} have rows without an id",
                f"The first is row {row + 1}",
                "Give every row an id or drop it",
            )
        ids.append(level_text(value))
    repeated = {i: n for i, n in Counter(ids).items() if n > 1}
    if repeated:
        shown = examples((f"{i} ({n} times)" for i, n in repeated.items()), n_shown)
        raise AlignmentError(
            f"The {what} have ids that occur more than once",
            f"{count(len(repeated), 'id')}: {shown}".replace("'", ""),
            'Keep one row per id; for a clinical table duplicates="first" keeps the first',
            ids=tuple(repeated)[:n_shown],
        )
    return ids


def align(score_ids: Sequence[str], clinical_ids: Sequence[str]) -> Alignment:
    """Match observations to clinical rows.

    Exact ids first. When TCGA barcodes match more, they are compared in canonical writing and cut
    to the coarser of the two sides' levels. An id that R made unique (`TCGA-08-0386.2`) is a
    second row of the same patient and never cut to it.

    Parameters
    ----------
    score_ids, clinical_ids : sequence of str
        Unique ids of both sides, as `text_ids` returns them.

    Raises
    ------
    AlignmentError
        Nothing matches, or cutting barcodes gives two rows the same id.

    Warns
    -----
    ClinicalWarning
        Ids were cut, normal tissue is mixed with tumour, or ids carry R's suffix.
    """
    exact = _matched(score_ids, clinical_ids, "exact ids")
    scores, clinic = _Side.of("scores", score_ids), _Side.of("clinical table", clinical_ids)
    alignment = exact
    level = _common_level(scores, clinic)
    if level is not None:
        score_keys, clinical_keys = scores.keys(level), clinic.keys(level)
        if len(set(score_keys) & set(clinical_keys)) > len(exact.score_positions):
            _refuse_collisions(scores, level, set(clinical_keys))
            _refuse_collisions(clinic, level, set(score_keys))
            rule = f"TCGA barcodes compared as {level} ids"
            alignment = _matched(score_keys, clinical_keys, rule)
    if not len(alignment.score_positions):
        raise _nothing_matches(score_ids, clinical_ids)
    if alignment is not exact:
        _warn_of_rule(score_ids, clinical_ids, alignment)
    _warn_of_normals(scores)
    _warn_of_suffixes(scores)
    return alignment


@dataclass(frozen=True, slots=True)
class _Side:
    """One of the two lists of ids, and its barcodes (None where an id is none)."""

    what: str
    ids: Sequence[str]
    barcodes: Sequence[Barcode | None]

    @classmethod
    def of(cls, what: str, ids: Sequence[str]) -> "_Side":
        return cls(what, ids, [Barcode.parse(value) for value in ids])

    @property
    def levels(self) -> set[str]:
        return {barcode.level for barcode in self.barcodes if barcode is not None}

    def keys(self, level: str) -> list[str]:
        pairs = zip(self.barcodes, self.ids, strict=True)
        return [value if barcode is None else barcode.at(level) for barcode, value in pairs]


def _matched(score_ids: Sequence[str], clinical_ids: Sequence[str], rule: str) -> Alignment:
    found = pd.Index(clinical_ids).get_indexer(pd.Index(score_ids))
    positions = np.flatnonzero(found >= 0)
    return Alignment(positions, found[positions], rule)


def _common_level(scores: _Side, clinic: _Side) -> str | None:
    """The coarsest level on either side; None unless both sides have barcodes."""
    if not scores.levels or not clinic.levels:
        return None
    return min(scores.levels | clinic.levels, key=_LEVELS.index)


def _refuse_collisions(side: _Side, level: str, wanted: set[str]) -> None:
    members: dict[str, list[int]] = {}
    for position, key in enumerate(side.keys(level)):
        members.setdefault(key, []).append(position)
    clashes = {k: p for k, p in members.items() if len(p) > 1 and k in wanted}
    if not clashes:
        return
    shown = [f"{key} from {', '.join(side.ids[p] for p in at)}" for key, at in clashes.items()]
    in_clash = [side.barcodes[p] for at in clashes.values() for p in at]
    n_normal = sum(b is not None and b.is_normal for b in in_clash)
    evidence = f"{count(len(clashes), level)}: {examples(shown)}".replace("'", "")
    remedy = f"Keep one row per {level}, for example the primary tumour"
    if n_normal:
        evidence += f"; {count(n_normal, 'normal sample')} among them"
        remedy = f"Drop the normal tissue first: {_DROP_NORMALS}"
    raise AlignmentError(
        f"Cut to the {level}, several ids of the {side.what} become one",
        evidence,
        remedy,
        ids=tuple(clashes)[:5],
        n_normal=n_normal,
    )


def _warn_of_rule(
    score_ids: Sequence[str], clinical_ids: Sequence[str], alignment: Alignment
) -> None:
    first_score = score_ids[int(alignment.score_positions[0])]
    first_clinic = clinical_ids[int(alignment.clinical_positions[0])]
    _warn(
        f"The ids differ and were matched by rule: {alignment.rule}",
        f"{count(len(alignment.score_positions), 'match', 'matches')}, "
        f"such as {first_score!r} with {first_clinic!r}",
        "Check that this is what you want; equal ids on both sides avoid it",
    )


def _warn_of_normals(side: _Side) -> None:
    pairs = list(zip(side.ids, side.barcodes, strict=True))
    normals = [value for value, barcode in pairs if barcode is not None and barcode.is_normal]
    n_tumour = sum(barcode is not None and barcode.is_tumour for _, barcode in pairs)
    if normals and n_tumour:
        _warn(
            "Normal tissue is mixed with tumour",
            f"{count(len(normals), 'normal sample')} (codes 10 to 19) and {n_tumour:,} of tumour: "
            f"{examples(normals)}",
            f"For outcomes keep the tumours: {_DROP_NORMALS}",
        )


def _warn_of_suffixes(side: _Side) -> None:
    present = {barcode.text for barcode in side.barcodes if barcode is not None}
    suffixed = []
    for value, barcode in zip(side.ids, side.barcodes, strict=True):
        found = _SUFFIX.fullmatch(value) if barcode is None else None
        base = Barcode.parse(found[1]) if found else None
        if base is not None and base.text in present:
            suffixed.append(value)
    if suffixed:
        _warn(
            "Some ids are TCGA barcodes with the suffix R gives to duplicates",
            f"{count(len(suffixed), 'id')}: {examples(suffixed)}",
            "They are second rows of a patient who is there already; keep one row per patient",
        )


def _nothing_matches(score_ids: Sequence[str], clinical_ids: Sequence[str]) -> AlignmentError:
    cause = _guessed_cause(score_ids, clinical_ids)
    return AlignmentError(
        "No observation of the scores has a row in the clinical table",
        f"{count(len(score_ids), 'observation')}: {examples(score_ids)}; "
        f"{count(len(clinical_ids), 'clinical row')}: {examples(clinical_ids)}",
        cause or "Name the column of the clinical table that holds the ids (on=, or --id)",
        score_ids=tuple(score_ids[:5]),
        clinical_ids=tuple(clinical_ids[:5]),
    )


def _guessed_cause(score_ids: Sequence[str], clinical_ids: Sequence[str]) -> str:
    changes: tuple[tuple[str, Callable[[str], str]], ...] = (
        ("upper and lower case", str.casefold),
        ("separators (dots, dashes, underscores, blanks)", lambda i: re.sub(r"[-_. ]", "", i)),
        ("leading zeros; read the ids as text", lambda i: i.lstrip("0")),
        ("case and separators", lambda i: re.sub(r"[-_. ]", "", i).casefold()),
    )
    for what, change in changes:
        n_equal = len({change(i) for i in score_ids} & {change(i) for i in clinical_ids})
        if n_equal:
            return f"{n_equal:,} ids would match but for {what}; write both sides the same way"
    return ""


def _warn(what: str, evidence: str, remedy: str) -> None:
    warnings.warn(ClinicalWarning(what, evidence, remedy), stacklevel=5)
