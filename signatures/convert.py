"""Make catalogue entries from the source table: python signatures/convert.py SOURCE.yaml.

Writes <category>/<id>.yaml beside this script for every row of the table (or for the ids after
--ids). Gene lists are copied as they are but for corrections.yaml; the fields are rearranged as
README.md says. The same table gives the same bytes.
"""

import argparse
import re
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from neurosig._atomic import write_text  # noqa: E402 - the checkout need not be installed
from neurosig._yaml import load_yaml  # noqa: E402
from neurosig.errors import InputError, examples  # noqa: E402
from neurosig.genesets.catalogue import genes_and_weights  # noqa: E402
from neurosig.genesets.entry_text import text_of  # noqa: E402
from neurosig.genesets.signature import Signature  # noqa: E402

SCHEMA = "neurosig-signature/1"
UNVERIFIED = "not yet verified"
_MARK = re.compile(r"\s*\(not yet verified\)")
_DOI = re.compile(r"(10\.\d{4,9}/\S+)\s*(.*)")
_PMID = re.compile(r"PMID:(\d+)\s*(.*)")
_LICENCE = re.compile(r"CC BY 4\.0")

CODE_EVIDENCE = frozenset({"exact_published_code", "published_code_panel"})

# Words of the table that say nothing once an entry stands alone in its own file.
EDITS = (
    (r"GEP below", "GEP (IMM.TCELL_INFLAMED_GEP18)"),
    (r"; per-cancer Cox results in published_receptor_cox_tcga\.csv", ""),
    (r"GitHub file index (?=public analysis code)", ""),
    (r"code\(ctra_original\), \d+ and \d+", "code (ctra_original) and two more files"),
    (r"the 16 HGNC groups above", "the 16 HGNC groups named in source"),
)
RECIPES = {"pc1 (original) or mean z": "pc1"}
CONTROLS = {"IMM.TCELL_INFLAMED_GEP18": "CTRL.GEP_HOUSEKEEPING11"}
"""The row whose genes the recipe of a signature subtracts; the table says so in its notes."""


def entry_of(row: dict[str, Any], curated: str) -> dict[str, Any]:
    """Rearrange one row of the table as an entry."""
    row = _edited(row)
    reasons = _why_unverified(row)
    entry: dict[str, Any] = {
        "schema": SCHEMA,
        "id": row["id"],
        "title": row["title"],
        "category": row["category"],
        "organism": row["organism"],
        "direction": row["direction"],
        "n_genes": row["n_genes"],
        **_gene_fields(row),
        "recipe": _recipe(row["score_mode"]),
        "controls": row.get("controls"),
        "source": _source(row["source"]),
        "evidence": row["evidence"],
        "derivation_rule": row.get("derivation_rule"),
        "licence": _licence(row.get("license_note", "")),
        "licence_note": row.get("license_note"),
        "verified": not reasons,
        "unverified_because": "; ".join(reasons) or None,
        "symbol_updates": row.get("symbol_updates") or None,
        "dropped_symbols": row.get("dropped_symbols") or None,
        "non_protein_coding": row.get("non_protein_coding") or None,
        "cancer_context": row["cancer_context"],
        "notes": _notes(row),
        "curated": curated,
        "version": 1,
    }
    signature = Signature(id=row["id"], **genes_and_weights(entry))
    if signature.n_genes != row["n_genes"]:
        raise InputError(
            f"{row['id']} states {row['n_genes']} genes and lists {signature.n_genes}",
            "",
            "Correct the table",
        )
    entry["sha256"] = signature.sha256
    return {name: value for name, value in entry.items() if value is not None}


def convert(source: Path, ids: list[str] | None, folder: Path) -> list[Path]:
    """Write the entries of the given ids, or of all rows, and return their paths."""
    table = load_yaml(source, max_bytes=20_000_000)
    if not isinstance(table, dict) or "signatures" not in table:
        raise InputError(f"{source.name} has no 'signatures'", "", "Give the source table")
    rows = {row["id"]: row for row in table["signatures"]}
    corrections = _corrections()
    missing = [name for name in ids or corrections if name not in rows]
    if missing:
        raise InputError(f"{source.name} lacks {examples(missing)}", "", "Correct the ids")
    paths = []
    for name in ids or rows:
        row = _with_controls(rows[name], rows)
        entry = entry_of(corrected(row, corrections.get(name, {})), table["built"])
        path = folder / entry["category"] / f"{name}.yaml"
        write_text(path, text_of(entry))
        paths.append(path)
    return paths


def corrected(row: dict[str, Any], correction: dict[str, Any]) -> dict[str, Any]:
    """A row as it is after the correction of corrections.yaml."""
    if not correction:
        return row
    removed, added = correction.get("genes_removed", []), correction.get("genes_added", [])
    if set(removed) - set(row["genes"]) or set(added) & set(row["genes"]):
        raise InputError(
            f"The correction of {row['id']} does not fit the table",
            f"It removes {examples(removed)} and adds {examples(added)}",
            "Correct corrections.yaml",
        )
    genes = [gene for gene in row["genes"] if gene not in removed]
    notes = [text for text in (row.get("notes"), correction.get("note")) if text]
    return row | {
        "genes": sorted([*genes, *added]) if added else genes,
        "n_genes": len(genes) + len(added),
        "symbol_updates": row.get("symbol_updates", {}) | correction.get("symbol_updates", {}),
        "dropped_symbols": row.get("dropped_symbols", []) + correction.get("dropped_symbols", []),
        "notes": "; ".join(notes),
    }


def _corrections() -> dict[str, dict[str, Any]]:
    content = load_yaml(HERE / "corrections.yaml")
    return dict(content["entries"]) if isinstance(content, dict) else {}


def _with_controls(row: dict[str, Any], rows: dict[str, Any]) -> dict[str, Any]:
    if row["id"] not in CONTROLS:
        return row
    return row | {"controls": rows[CONTROLS[row["id"]]]["genes"]}


def _edited(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _edited(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_edited(part) for part in value]
    if isinstance(value, str):
        for old, new in EDITS:
            value = re.sub(old, new, value)
    return value


def _gene_fields(row: dict[str, Any]) -> dict[str, Any]:
    if "weights" in row:
        if list(row["weights"]) != row["genes"]:
            raise InputError(f"{row['id']}: genes and weights differ", "", "Correct the table")
        return {"weights": row["weights"]}
    names = ("genes",) if "genes" in row else ("genes_up", "genes_down")
    return {name: row[name] for name in names}


def _recipe(score_mode: str) -> str | None:
    return None if score_mode == "set" else RECIPES.get(score_mode, score_mode)


def _notes(row: dict[str, Any]) -> str | None:
    parts = [row.get("notes")]
    if row["score_mode"] in RECIPES:
        parts.append(f"scored as {row['score_mode']}")
    return "; ".join(part for part in parts if part) or None


def _licence(note: str) -> str:
    match = _LICENCE.search(note)
    return match.group() if match else "unknown"


def _source(source: dict[str, Any]) -> dict[str, Any]:
    """The source with its identifiers alone in their fields."""
    fields = {key: value for key, value in source.items() if value is not None}
    for key in ("systematic_name", "citation", "doi"):
        if key in fields:
            fields[key] = _MARK.sub("", fields[key])
    for key, pattern in (("pmid", _PMID), ("doi", _DOI)):
        match = pattern.fullmatch(fields.get("doi", ""))
        if match:
            del fields["doi"]
            fields |= {key: match[1]} | ({"doi_note": match[2]} if match[2] else {})
    if isinstance(fields.get("hgnc_group_id"), int):
        fields["hgnc_group_id"] = [fields["hgnc_group_id"]]
    return fields


def _why_unverified(row: dict[str, Any]) -> list[str]:
    """The reasons why the list does not count as checked against its primary source."""
    reasons = [
        f"{field.replace('license', 'licence')} is marked '{UNVERIFIED}' in the table"
        for field in (*(key for key in row if key != "source"), *row["source"])
        if UNVERIFIED in str(row["source"].get(field, "") if field not in row else row[field])
    ]
    read_from = row["source"].get("read_from", "")
    if row["evidence"] in CODE_EVIDENCE:
        reasons.append("the list was read in code, not in the paper")
    elif row["source"]["kind"] in ("paper", "msigdb") and read_from.startswith("github:"):
        reasons.append("the list was read in a repository, not in its primary source")
    return reasons


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path, help="the source table (YAML)")
    parser.add_argument("--ids", nargs="+", help="instead of all rows")
    parser.add_argument("--out", type=Path, default=HERE, help="the catalogue folder")
    arguments = parser.parse_args()
    paths = convert(arguments.source, arguments.ids, arguments.out)
    sys.stdout.write(f"{len(paths)} entries written below {arguments.out}\n")


if __name__ == "__main__":
    main()
