"""The notices of a page, all of one level in one box."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from neurosig.errors import count
from neurosig.pl.wording import clean_label
from neurosig.report.manifest import Notice

_LEVELS: Final = ("exploratory", "warning", "info")
"""The most important first."""
_NOUNS: Final = {"warning": "warning", "info": "note"}
_MOST_OPEN: Final = 3
"""A box of more notices than this is folded, so that the results are not screens away."""
_PREVIEW: Final = 110


@dataclass(frozen=True, slots=True)
class NoticeBox:
    """All notices of one level.

    Attributes
    ----------
    level
        How the box is marked.
    heading
        How many there are of what.
    texts
        What they say.
    preview
        How the first one begins, where the box is folded; else empty.
    """

    level: str
    heading: str
    texts: tuple[str, ...]
    preview: str = ""


def grouped(notices: Sequence[Notice]) -> tuple[NoticeBox, ...]:
    """The notices by level. What makes the whole run exploratory is never folded.

    >>> boxes = grouped([Notice(level="warning", text=f"Few events in {c}.") for c in "ABCD"])
    >>> [(box.heading, box.preview) for box in boxes]
    [('4 warnings', 'Few events in A.')]
    """
    boxes = []
    for level in _LEVELS:
        texts = tuple(notice.text for notice in notices if notice.level == level)
        if not texts:
            continue
        is_folded = level in _NOUNS and len(texts) > _MOST_OPEN
        boxes.append(
            NoticeBox(
                level,
                count(len(texts), _NOUNS[level]) if level in _NOUNS else "Exploratory",
                texts,
                clean_label(texts[0], _PREVIEW) if is_folded else "",
            )
        )
    return tuple(boxes)
