"""`harmonise`: the genes of a matrix under the names that signatures use, and a report of each."""

import json
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Generic, Literal, TypeVar

import pandas as pd

from neurosig import _params, provenance
from neurosig._params import Help
from neurosig.errors import (
    IdentifierWarning,
    ParameterError,
    ScaleWarning,
    count,
    examples,
)
from neurosig.expression.adapters import is_anndata
from neurosig.expression.checks import guess_scale
from neurosig.expression.duplicates import DuplicatesRule
from neurosig.expression.gene_axis import gene_names, not_carried, values_of, with_genes
from neurosig.genesets.gene_table import Organism, table_origins
from neurosig.genesets.identifiers import Identifiers, Kind, guess_identifiers
from neurosig.genesets.translation import Translation, translate
from neurosig.harmonisation.columns import original_ids, regroup
from neurosig.keys import UNS, Identifier

DataT = TypeVar("DataT")


@dataclass(frozen=True, slots=True, kw_only=True)
class HarmoniseOptions:
    """What identifiers are translated to, and by which rules."""

    to: Annotated[
        Literal["symbol", "ensembl", "entrez"], Help("kind of identifiers to translate to")
    ] = "symbol"
    organism: Annotated[
        Literal["human", "mouse"] | None,
        Help("organism to translate to, by orthologs; none: the one of the data"),
    ] = None
    from_: Annotated[
        Literal["symbol", "ensembl", "entrez"] | None,
        Help("kind of identifiers in the data; none: told by looking them up"),
    ] = None
    from_organism: Annotated[
        Literal["human", "mouse"] | None,
        Help("organism of the data; none: told by looking the identifiers up"),
    ] = None
    duplicates: Annotated[
        Literal["error", "mean", "highest_mean", "sum"],
        Help("what to do when a gene has several columns"),
    ] = "error"

    def __post_init__(self) -> None:
        _params.check(self, where="harmonise")


@dataclass(frozen=True, slots=True)
class Harmonised(Generic[DataT]):
    """Expression under other gene names, and what became of every identifier.

    Attributes
    ----------
    data
        The matrix in the kind of object that was given.
    report
        One row per identifier of the data, in its order: `input`, `output`, `action`
        (``unchanged``, ``renamed``, ``merged``, ``ambiguous``, ``unknown``, ``dropped``),
        `reason`, `candidates` (of an ambiguous one, separated by ";").
    identifiers
        What the identifiers of the data were taken for, with the counts that say so.
    provenance
        Options, evidence, releases of the gene tables, and what an AnnData lost.
    """

    data: DataT
    report: pd.DataFrame
    identifiers: Identifiers
    provenance: Mapping[str, Any]

    @property
    def summary(self) -> dict[str, int]:
        """How many identifiers came in, how many genes went out, and how many of each action."""
        outputs = self.report[Identifier.OUTPUT]
        n_genes = outputs[outputs != ""].nunique()
        return {"identifiers": len(outputs), "genes": n_genes} | _counts(self.report)

    def __repr__(self) -> str:
        counts = ", ".join(f"{name} {n:,}" for name, n in self.summary.items())
        return f"<Harmonised from {self.identifiers.organism} {self.identifiers.kind}: {counts}>"


def harmonise(
    data: DataT,
    to: Kind = "symbol",
    *,
    organism: Organism | None = None,
    from_: Kind | None = None,
    from_organism: Organism | None = None,
    duplicates: DuplicatesRule = "error",
) -> Harmonised[DataT]:
    """Name the genes of a matrix as signatures do, and report what became of every identifier.

    Ensembl ids lose their version; ``_PAR_Y`` copies stay apart as ``<gene>_PAR_Y``. Aliases,
    previous symbols, names changed by R or by a spreadsheet, other case, blanks and quotes are
    resolved where they name exactly one gene. An identifier that may be several genes, or none, is
    kept as it is and reported. An approved symbol is never taken for an alias.

    Between human and mouse a gene is named by its ortholog. Of several orthologs the one of the
    same symbol is taken, and so is, of several genes with one ortholog, the one of its symbol (Ccl3
    is CCL3 among three; Gzmb is GZMB, Gzmc is not). Without a same symbol, a gene of several
    orthologs is dropped, and genes that share one are combined by `duplicates`. What has no
    ortholog is dropped. All of it is in the report.

    Parameters
    ----------
    data
        A DataFrame (observations x genes), an AnnData in memory, or what `read_expression`
        returns. It stays as it is.
    to
        "symbol" (approved by HGNC or MGI), "ensembl" or "entrez" (human alone).
    organism
        "human" or "mouse"; None: the organism of the data.
    from_, from_organism
        What the identifiers of the data are; by default told by looking them up in the gene
        tables, and refused if that is not clear.
    duplicates
        When several columns are of one gene: "error"; "sum", for counts and linear values; "mean";
        "highest_mean", the column with the highest mean over observations (in an AnnData: of X).

    Returns
    -------
    Harmonised
        `data`: a DataFrame for a DataFrame; an Expression for an Expression, regrouped block by
        block as it is read, from disk or dask too; a new AnnData for an AnnData, all layers
        treated alike, `var["original_ids"]` with the names before. Sparse stays sparse. `report`,
        `summary` and `provenance` say what was done.

    Raises
    ------
    IdentifierError
        If it is not clear what the identifiers are, or none can be translated.
    DuplicateGenesError
        If several columns are of one gene and `duplicates` is "error"; `facts["report"]` has the
        report.
    ExpressionError
        If the object cannot be used, or the matrix of an AnnData is not in memory.
    ParameterError
        If an option is not allowed.

    Warns
    -----
    IdentifierWarning
        Names were damaged by a spreadsheet and cannot be told, or differed in their version alone
        and were combined.
    ScaleWarning
        Values that look logged were summed.

    References
    ----------
    Bruford EA et al. (2020) Nat Genet 52:754, doi:10.1038/s41588-020-0669-3 (symbols and their
    changes); Abeysooriya M et al. (2021) PLoS Comput Biol 17:e1008984,
    doi:10.1371/journal.pcbi.1008984 (symbols as spreadsheet dates). The gene tables: Ensembl 112,
    NCBI Gene 2022-09-12 and Ensembl orthologs, with packages and licences in `provenance`.

    Examples
    --------
    >>> import neurosig as ns
    >>> counts = pd.DataFrame(
    ...     [[3, 1, 2, 5, 7]], ["s1"], ["NGF", "IL8", "CXCL8", "2-Sep", "COX1"]
    ... )
    >>> result = ns.harmonise(counts, duplicates="sum")
    >>> result.data.loc["s1"].to_dict()
    {'NGF': 3, 'CXCL8': 3, 'SEPTIN2': 5, 'COX1': 7}
    >>> print(result.report[["input", "output", "action", "candidates"]].to_string(index=False))
    input  output    action   candidates
      NGF     NGF unchanged
      IL8   CXCL8    merged
    CXCL8   CXCL8    merged
    2-Sep SEPTIN2   renamed
     COX1    COX1 ambiguous MT-CO1;PTGS1
    """
    HarmoniseOptions(  # refuses what is not allowed
        to=to,
        organism=organism,
        from_=from_,
        from_organism=from_organism,
        duplicates=duplicates,
    )
    names = gene_names(data)
    records = provenance.records_of(data) if is_anndata(data) else {}
    found = guess_identifiers(names, from_, from_organism)
    target = organism or found.organism
    if (to, target) == ("entrez", "mouse"):
        raise ParameterError(
            'to="entrez" cannot be used for mouse',
            "The gene tables hold Entrez ids of human genes alone",
            'Use to="symbol" or to="ensembl"',
        )
    translated = translate(names, found, to, target)
    regrouping, report = regroup(data, names, translated, duplicates)
    _warn_of_damage(names, translated)
    _warn_of_versions(report)
    notes = {"identifiers": f"{found.organism} {found.kind} to {target} {to}"}
    if regrouping.combines or duplicates == "highest_mean":
        notes["duplicates"] = duplicates
    changed = with_genes(data, regrouping, original_ids(report, regrouping), notes)
    record = provenance.record(
        harmonise={
            "to": {"kind": to, "organism": target},
            "from": _facts_of(found),
            "duplicates": duplicates,
            "actions": _counts(report),
            "tables": table_origins(),
            "not_carried": not_carried(data, regrouping),
        }
    )
    if is_anndata(changed):
        changed.uns[UNS] = records | {"harmonise": json.dumps(record)}
    if regrouping.combines and duplicates == "sum":
        _warn_of_summed_logarithms(changed)
    return Harmonised(changed, report, found, record)


def _facts_of(found: Identifiers) -> dict[str, Any]:
    return {
        "kind": found.kind,
        "organism": found.organism,
        "is_stated": found.is_stated,
        "known": dict(found.counts),
    }


def _counts(report: pd.DataFrame) -> dict[str, int]:
    return {str(name): int(n) for name, n in report[Identifier.ACTION].value_counts().items()}


def _warn_of_damage(names: list[str], translated: list[Translation]) -> None:
    damaged = [
        f"{name!r} ({' or '.join(t.candidates) or t.reason})"
        for name, t in zip(names, translated, strict=True)
        if t.is_damaged
    ]
    if damaged:
        warnings.warn(
            IdentifierWarning(
                f"{count(len(damaged), 'gene name')} of {len(names):,} cannot be told since a "
                "spreadsheet changed them",
                examples(damaged, quoted=False),
                "Take the names from the table before the spreadsheet, or rename these yourself "
                "before harmonising",
            ),
            stacklevel=3,
        )


def _warn_of_versions(report: pd.DataFrame) -> None:
    is_versioned = report[Identifier.REASON].str.startswith("version")
    ids = report.loc[is_versioned, Identifier.INPUT].drop_duplicates()
    plain = ids.str.replace(r"\.\d+", "", regex=True)
    alike = ids[plain.duplicated(keep=False)]
    if len(alike):
        warnings.warn(
            IdentifierWarning(
                f"{count(len(alike), 'Ensembl id')} differ in their version alone",
                f"They are {examples(alike)}",
                "Columns of one gene were treated by the rule for duplicates; see report",
            ),
            stacklevel=3,
        )


def _warn_of_summed_logarithms(data: Any) -> None:
    expression = values_of(data)
    if expression is None:
        return
    guess = guess_scale(expression)
    if guess.scale in {"log", "centred", "standardised"} and guess.integer_share < 1:
        warnings.warn(
            ScaleWarning(
                f'duplicates="sum" added values that look {guess.scale}',
                guess.evidence,
                'Sum counts or linear values; for others use duplicates="mean" or "highest_mean"',
            ),
            stacklevel=3,
        )
