"""Progress on standard error: only on a terminal, only for work that takes over two seconds."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from threading import Timer
from typing import TypeAlias, TypeVar

T = TypeVar("T")
Advance: TypeAlias = Callable[[str], None]

QUIET_SECONDS = 2.0


@contextmanager
def progress_bar(total: int, title: str) -> Iterator[Advance]:
    """A bar over `total` steps; call what it yields with the name of the step that comes next."""
    if not sys.stderr.isatty():
        yield _ignore
        return
    from rich.console import Console
    from rich.progress import Progress

    bar = Progress(console=Console(stderr=True), transient=True)
    task = bar.add_task(title, total=total)
    start = Timer(QUIET_SECONDS, bar.start)
    start.daemon = True
    start.start()

    def advance(step: str) -> None:
        bar.update(task, advance=1, description=f"{title}: {step}" if step else title)

    try:
        yield advance
    finally:
        start.cancel()
        bar.stop()


def progress(items: Iterable[T], *, total: int, title: str) -> Iterator[T]:
    """Pass the items on and show how far they are."""
    with progress_bar(total, title) as advance:
        for item in items:
            yield item
            advance("")


def _ignore(_step: str) -> None:
    pass
