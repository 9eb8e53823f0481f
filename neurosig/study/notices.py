"""What a run has to tell its reader besides numbers: warnings, collected and attributed."""

import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from neurosig.errors import NeurosigWarning


@dataclass(slots=True)
class Notices:
    """The warnings of a run in the order they came: each text once, with all it is about."""

    subjects_of: dict[str, list[str]] = field(default_factory=dict)

    @property
    def texts(self) -> list[str]:
        """One line per warning: what it is about, then the warning."""
        return [f"{'; '.join(about)}: {text}" for text, about in self.subjects_of.items()]

    def add(self, subject: str, text: str) -> None:
        """Note a text about a subject."""
        about = self.subjects_of.setdefault(text, [])
        if subject not in about:
            about.append(subject)

    def add_all(self, subject: str, texts: Iterable[str]) -> None:
        """Note several texts about a subject."""
        for text in texts:
            self.add(subject, text)

    @contextmanager
    def collecting(self, subject: str) -> Iterator[None]:
        """Collect neurosig's own warnings of a block under a subject; pass all others on."""
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            yield
        for warning in caught:
            if isinstance(warning.message, NeurosigWarning):
                self.add(subject, str(warning.message))
            else:
                warnings.warn_explicit(
                    warning.message, warning.category, warning.filename, warning.lineno
                )
