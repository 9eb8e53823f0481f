"""Which signatures a study or a command is about."""

from pathlib import Path

from neurosig.genesets.finding import load_signatures
from neurosig.genesets.formats import read_signatures
from neurosig.genesets.signature import SignatureCollection
from neurosig.study.config import SignatureChoice


def choose_signatures(choice: SignatureChoice, folder: Path) -> SignatureCollection:
    """The signatures of a panel, a category, ids and files, in this order; `core` if none is named.

    Relative file names start from `folder`. The same signature from two places counts once; two
    different ones of one name are refused.
    """
    parts: list[SignatureCollection] = []
    if choice.panel is not None:
        parts.append(
            load_signatures(panel=choice.panel, include_provisional=choice.include_provisional)
        )
    if choice.category is not None:
        parts.append(
            load_signatures(
                category=choice.category, include_provisional=choice.include_provisional
            )
        )
    if choice.ids:
        parts.append(load_signatures(ids=choice.ids))
    parts += [read_signatures(folder / name) for name in choice.files]
    merged = SignatureCollection([])
    for part in parts or [load_signatures(panel="core")]:
        merged = merged | SignatureCollection(s for n, s in part.items() if merged.get(n) != s)
    return merged
