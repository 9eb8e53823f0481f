"""Which columns make which gene, and one row of the report for each."""

from collections import defaultdict
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosig.errors import DuplicateGenesError, IdentifierError, count, examples
from neurosig.expression.duplicates import DuplicatesRule, highest_mean_columns
from neurosig.expression.gene_axis import gene_means
from neurosig.expression.regrouped import Regrouping
from neurosig.genesets.translation import Translation
from neurosig.keys import Identifier


def regroup(
    data: Any, names: list[str], translated: list[Translation], rule: DuplicatesRule
) -> tuple[Regrouping, pd.DataFrame]:
    """Which columns make which gene by the rule for duplicates, and the report.

    Raises
    ------
    IdentifierError
        If no column is left.
    DuplicateGenesError
        If a gene has several columns and the rule is "error".
    """
    outputs = np.asarray([t.output for t in translated], dtype=object)
    report = pd.DataFrame(
        {
            Identifier.INPUT: names,
            Identifier.OUTPUT: outputs,
            Identifier.ACTION: [t.action for t in translated],
            Identifier.REASON: [t.reason for t in translated],
            Identifier.CANDIDATES: [";".join(t.candidates) for t in translated],
        },
        dtype=object,
    )
    is_kept = outputs != ""
    if not is_kept.any():
        reasons = report[Identifier.REASON].value_counts()
        raise IdentifierError(
            "No identifier of the data can be translated",
            f"Of {count(len(names), 'identifier')} ({examples(names)}): "
            + ", ".join(f"{reason} {n:,}" for reason, n in reasons.head().items()),
            "Check from_, from_organism and organism",
            report=report,
        )
    codes = np.full(len(names), -1, dtype=np.intp)
    codes[is_kept], unique = pd.factorize(outputs[is_kept])
    sizes = np.bincount(codes[is_kept])
    repeated = is_kept & (sizes[codes] > 1)
    if repeated.any():
        if rule == "error":
            raise _duplicates(names, outputs, repeated, report)
        codes = _resolve(data, codes, repeated, report, rule)
    genes = pd.Index([str(name) for name in unique], dtype="str")
    return Regrouping(codes, genes, divide=rule == "mean"), report


def _resolve(
    data: Any,
    codes: NDArray[np.intp],
    repeated: NDArray[np.bool_],
    report: pd.DataFrame,
    rule: DuplicatesRule,
) -> NDArray[np.intp]:
    """The codes after the rule for duplicates, which is written into the report."""
    sizes = np.bincount(codes[codes >= 0])
    of_n = np.asarray([f"of {n} columns" for n in sizes], dtype=object)[codes[repeated]]
    reasons = report.loc[repeated, Identifier.REASON]
    if rule != "highest_mean":
        report.loc[repeated, Identifier.ACTION] = "merged"
        report.loc[repeated, Identifier.REASON] = reasons + f"; {rule} " + of_n
        return codes
    (positions,) = np.nonzero(repeated)
    dense, _ = pd.factorize(codes[positions])
    best = positions[highest_mean_columns(gene_means(data)[positions], dense)]
    loses = repeated.copy()
    loses[best] = False
    report.loc[repeated, Identifier.REASON] = reasons + "; highest mean " + of_n
    report.loc[loses, Identifier.ACTION] = "dropped"
    report.loc[loses, Identifier.REASON] = [
        f"{reason}; another column of {gene} has a higher mean"
        for reason, gene in zip(
            reasons[loses[repeated]], report.loc[loses, Identifier.OUTPUT], strict=True
        )
    ]
    report.loc[loses, Identifier.OUTPUT] = ""
    return np.where(loses, -1, codes)


def _duplicates(
    names: list[str], outputs: Any, repeated: Any, report: pd.DataFrame
) -> DuplicateGenesError:
    groups: dict[str, list[str]] = defaultdict(list)
    for position in np.flatnonzero(repeated):
        groups[outputs[position]].append(names[position])
    shown = (f"{gene} from {', '.join(map(repr, ids[:5]))}" for gene, ids in groups.items())
    return DuplicateGenesError(
        f"{count(len(groups), 'gene')} would have more than one column",
        examples(shown, quoted=False).replace(", ", "; ") if len(groups) > 1 else next(shown),
        'State what to do with them: duplicates="sum" for counts and linear values, "mean" or '
        '"highest_mean" for logged values',
        duplicates=dict(groups),
        report=report,
    )


def original_ids(report: pd.DataFrame, regrouping: Regrouping) -> list[str]:
    """What each gene was called before."""
    ids: list[list[str]] = [[] for _ in regrouping.names]
    for name, code in zip(report[Identifier.INPUT], regrouping.codes, strict=True):
        if code >= 0:
            ids[code].append(name)
    return [";".join(names) for names in ids]
