"""Why gene names of the data and of the signatures do not meet."""

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Why gene names of the data and of the signatures do not meet.

    `name` is for programs, `cause` and `remedy` are sentences.
    """

    name: str
    cause: str
    remedy: str


HARMONISE = "Score neurosig.harmonise(expression).data (in a shell: neurosig harmonise)"
"""What to do about names that the gene tables know."""


def _unmangled(name: str) -> str:
    return re.sub(r"^X(?=\d)", "", name).replace(".", "-")


# A rewriting of the data's names that makes some of them meet the signatures' names.
_REWRITINGS: tuple[tuple[Callable[[str], str], Mismatch], ...] = (
    (
        lambda name: name.strip(" \t\"'\u00a0\ufeff"),
        Mismatch(
            "blanks",
            "The names in the data have blanks or quotes around them",
            HARMONISE,
        ),
    ),
    (
        lambda name: re.sub(r"\.\d+$", "", name),
        Mismatch(
            "version",
            "The names in the data end with a version (ENSG00000134259.12)",
            f'{HARMONISE}, with to="ensembl" where the signatures hold Ensembl ids',
        ),
    ),
    (
        _unmangled,
        Mismatch(
            "r_names",
            "The names in the data went through R's make.names (HLA.A for HLA-A, X for a leading "
            "digit)",
            f"{HARMONISE}; or export them again with check.names = FALSE",
        ),
    ),
    (
        str.upper,
        Mismatch(
            "case",
            "The names in the data are written in another case",
            'If they are human: score neurosig.harmonise(expression, from_organism="human").data',
        ),
    ),
)

_ENSEMBL = r"ENS[A-Z]{0,4}[GT]\d{11}(\.\d+)?"
_MOUSE = r"[A-Z][a-z0-9-]*[a-z][A-Za-z0-9-]*"

# A pattern that most names of the data match while the signatures' names do not.
_NAMESPACES: tuple[tuple[str, Mismatch], ...] = (
    (
        _ENSEMBL,
        Mismatch(
            "ensembl",
            "The names in the data look like Ensembl ids",
            HARMONISE,
        ),
    ),
    (
        r"\d+",
        Mismatch(
            "entrez",
            "The names in the data are numbers: Entrez ids, or positions instead of names",
            f"{HARMONISE}; if they are positions, set the gene names",
        ),
    ),
    (
        r".*_(at|st)",
        Mismatch(
            "probes",
            "The names in the data look like Affymetrix probes",
            "Map probes to gene symbols and combine those of one gene by a rule you state",
        ),
    ),
)

_IS_MOUSE = Mismatch(
    "mouse",
    "The names in the data look like mouse symbols (Cd8a)",
    'Score neurosig.harmonise(expression, organism="human").data, or use mouse signatures',
)


def explain_mismatch(names: Iterable[str], genes: Collection[str]) -> Mismatch | None:
    """The likeliest reason why `names` and `genes` have little or nothing in common.

    Examples
    --------
    >>> explain_mismatch(["Cd8a", "Ngf", "Trp53"], ["CD8A", "NGF"]).name
    'mouse'
    >>> explain_mismatch(["ENSG00000134259", "ENSG00000176697"], ["NGF", "BDNF"]).cause
    'The names in the data look like Ensembl ids'
    """
    given, wanted = list(names), set(genes)
    for rewrite, mismatch in _REWRITINGS:
        n_met = sum(rewrite(name) in wanted for name in given)
        if n_met > sum(name in wanted for name in given):
            is_mouse = mismatch.name == "case" and _share(_MOUSE, given) > 0.5
            return _IS_MOUSE if is_mouse else mismatch
    for pattern, mismatch in _NAMESPACES:
        if _share(pattern, given) > 0.5 > _share(pattern, wanted):
            return mismatch
    return None


def _share(pattern: str, names: Collection[str]) -> float:
    matches = re.compile(pattern).fullmatch
    return sum(matches(name) is not None for name in names) / max(len(names), 1)


# Expressed nearly everywhere, so nearly every panel and platform has some of them.
# fmt: off
_COMMON_GENES = frozenset((
    "ACTB", "GAPDH", "B2M", "TP53", "EGFR", "MYC", "CD4", "CD8A",
    "VIM", "PTEN", "VEGFA", "TGFB1", "STAT3", "KRAS", "JUN", "FOS",
    "NGF", "BDNF", "TUBB3", "PPIA", "RPLP0", "RPL13A", "TBP", "HPRT1",
    "PGK1", "TFRC", "YWHAZ", "SDHA", "CCND1", "MKI67",
))
# fmt: on


def gene_share(names: Collection[str]) -> float:
    """How much a list of names looks like genes, 0 to 1: Ensembl ids, or genes everybody has.

    >>> gene_share(["TCGA-3X-AAV9", "TCGA-3X-AAVA"]), gene_share(["ENSG00000134259"])
    (0.0, 1.0)
    """
    n_common = len(_COMMON_GENES & {name.upper() for name in names})
    return max(_share(_ENSEMBL, names), n_common / len(_COMMON_GENES))
