"""Write docs/signatures.md, the table of all entries: python signatures/page.py."""

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from neurosig._atomic import write_text  # noqa: E402 - the checkout need not be installed
from neurosig.genesets.catalogue import Catalogue  # noqa: E402
from neurosig.genesets.lint import lint  # noqa: E402

PAGE = HERE.parent / "docs" / "signatures.md"

INTRO = """# The signatures

Made by `python signatures/page.py`; a test keeps it current. What the fields, the evidence levels,
"verified" and the licences mean is in [signatures/README.md](../signatures/README.md).
`neurosig signatures show ID` gives one entry with its genes, `search WORD` finds entries by a word
or a gene, `compare ID ID` says what they share.
"""


def page() -> str:
    """The page as text; the same catalogue gives the same bytes."""
    catalogue = Catalogue(HERE)
    entries = list(catalogue.entries(catalogue.ids()))
    by_category: dict[str, list[dict[str, Any]]] = {}
    for entry in entries:
        by_category.setdefault(entry["category"], []).append(entry)
    parts = [
        INTRO,
        f"{len(entries)} entries, {_n_verified(entries)} of them verified.\n",
        _table(
            ("category", "entries", "verified"),
            ((name, len(rows), _n_verified(rows)) for name, rows in by_category.items()),
        ),
        _table(
            ("evidence", "entries", "verified"),
            (
                (level, n, _n_verified(e for e in entries if e["evidence"] == level))
                for level, n in Counter(e["evidence"] for e in entries).most_common()
            ),
        ),
        _table(("licence", "entries"), Counter(e["licence"] for e in entries).most_common()),
    ]
    for name, rows in by_category.items():
        parts += [f"## {name}\n", _table(_HEADER, map(_row, rows))]
    parts += [
        "## Pairs of which one holds the other\n",
        "Jaccard index, or containment (share of the smaller set that the larger holds), above\n"
        "0.9. The higher the Jaccard index, the less are two scores of a pair two findings.\n",
        _table(("signature", "and"), _pairs()),
    ]
    return "\n".join(parts)


_HEADER = ("id", "title", "genes", "evidence", "verified", "licence", "source", "cancers")


def _row(entry: dict[str, Any]) -> tuple[object, ...]:
    return (
        f"`{entry['id']}`",
        entry["title"],
        entry["n_genes"],
        entry["evidence"],
        "yes" if entry["verified"] else "no",
        entry["licence"],
        _source(entry["source"]),
        ", ".join(entry["cancer_context"]),
    )


def _source(source: dict[str, Any]) -> str:
    """What names the source best."""
    if "doi" in source:
        return f"[{source['doi']}](https://doi.org/{source['doi']})"
    if "pmid" in source:
        return f"PMID {source['pmid']}"
    if "hgnc_group_id" in source:
        return "HGNC group " + ", ".join(map(str, source["hgnc_group_id"]))
    if "regex" in source:
        return f"symbols `{source['regex']}`"
    names = ("go_id", "systematic_name", "citation", "pmcid", "database")
    return next((f"{source[name]}" for name in names if name in source), source["kind"])


def _pairs() -> Iterator[tuple[str, str]]:
    for finding in lint(HERE):
        if finding.rule == "overlap":
            yield f"`{finding.signature}`", finding.message.removeprefix("with ")


def _n_verified(entries: Iterable[dict[str, Any]]) -> int:
    return sum(entry["verified"] for entry in entries)


def _table(header: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    names = list(header)
    lines = [names, ["---"] * len(names), *([str(cell) for cell in row] for row in rows)]
    return "".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines
    )


def main() -> None:
    """Command line."""
    write_text(PAGE, page())
    sys.stdout.write(f"{PAGE} written\n")


if __name__ == "__main__":
    main()
