"""Words of clinical tables that say whether an event happened."""

import re
from typing import Final

EVENT_WORDS: Final = frozenset({"dead", "deceased", "died", "yes", "y", "true", "event"})
CENSORED_WORDS: Final = frozenset({"alive", "living", "survived", "no", "n", "false", "censored"})
_CODED_WORD: Final = re.compile(r"([01])\s*:\s*(.+)")


def word_meaning(level: str) -> bool | None:
    """True for an event, False for censored, None where the word is not known.

    >>> word_meaning("1:DECEASED"), word_meaning("Alive"), word_meaning("lost")
    (True, False, None)
    """
    text = level.strip().casefold()
    coded = _CODED_WORD.fullmatch(text)
    if coded:
        by_number, by_word = coded[1] == "1", word_meaning(coded[2])
        return by_number if by_word in (None, by_number) else None
    if text in EVENT_WORDS:
        return True
    return False if text in CENSORED_WORDS else None
