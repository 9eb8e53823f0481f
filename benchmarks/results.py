"""All measurements of one call, and the tables made of them."""

import os
import platform
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from benchmarks.measure import Measured, Size, measured
from benchmarks.tasks import (
    ALONE,
    AT_MOST,
    LIMITS,
    PEER_ROWS,
    QUOTED,
    R_ROWS,
    RANK_METHODS,
    Quoted,
    Row,
    Run,
)

Table = tuple[tuple[str, ...], list[tuple[str, ...]]]
"""Heads of the columns, and the rows."""


@dataclass
class Results:
    """Measures each program once, when a table first asks for it."""

    size: Size
    with_r: bool
    tell: Callable[[str], None]
    found: dict[Run, Measured | None] = field(default_factory=dict)

    def of(self, run: Run) -> Measured | None:
        """What a program took; None if it is not installed."""
        if run not in self.found:
            self.found[run] = None if self._is_left_out(run) else measured(run, self.size)
            took = self.found[run]
            seconds = f"{took.seconds:.2f} s" if took else "not measured"
            self.tell(f"{run.program}, {run.on}, {run.n_sets} sets: {seconds}")
        return self.found[run]

    def _is_left_out(self, run: Run) -> bool:
        return run.program.startswith("R ") and not self.with_r

    def ours(self, run: Run) -> Measured:
        """What a program that is always there took."""
        took = self.of(run)
        if took is None:
            raise RuntimeError(f"{run.program} is not installed")
        return took

    def against_peers(self) -> Table:
        """Ours and the peers' of this run."""
        heads = ("method", "data", "ours", "MB", "peer", "peer's", "MB", "ratio", "aim", "")
        return heads, [self._peer_row(row) for row in PEER_ROWS + R_ROWS]

    def _peer_row(self, row: Row) -> tuple[str, ...]:
        ours = self.ours(row.ours)
        theirs = self.of(Run(row.peer, row.ours.on, row.ours.n_sets))
        start = (row.ours.program, row.ours.on, _seconds(ours.seconds), f"{ours.peak_mb:,.0f}")
        if theirs is None:
            return (*start, f"{row.peer}: not measured", "", "", "", _times(row.aim), "")
        ratio = theirs.seconds / ours.seconds
        return (
            *start,
            f"{row.peer} {theirs.version}",
            _seconds(theirs.seconds),
            f"{theirs.peak_mb:,.0f}",
            _times(ratio),
            _times(row.aim),
            _verdict(ratio, row.aim),
        )

    def against_quoted(self) -> Table:
        """Ours of this run beside seconds that others took on another machine."""
        heads = ("method", "data", "sets", "ours", "MB", "quoted", "its", "ratio", "aim", "")
        return heads, [self._quoted_row(row) for row in QUOTED]

    def _quoted_row(self, row: Quoted) -> tuple[str, ...]:
        ours = self.ours(row.ours)
        ratio = row.seconds / ours.seconds
        return (
            row.ours.program,
            row.ours.on,
            f"{row.ours.n_sets:,}",
            _seconds(ours.seconds),
            f"{ours.peak_mb:,.0f}",
            row.peer,
            f"{row.seconds:g} s",
            _times(ratio),
            _times(row.aim),
            _verdict(ratio, row.aim),
        )

    def against_limits(self) -> Table:
        """Rank methods against NumPy's sort of the same values."""
        heads = ("method", "data", "ours", "limit", "its", "times the limit", "at most", "")
        rows = []
        for run in RANK_METHODS:
            ours, limit = self.ours(run), self.ours(LIMITS[run.on])
            times = ours.seconds / limit.seconds
            rows.append(
                (
                    run.program,
                    run.on,
                    _seconds(ours.seconds),
                    LIMITS[run.on].program,
                    _seconds(limit.seconds),
                    f"{times:.1f}",
                    str(AT_MOST),
                    _verdict(AT_MOST, times),
                )
            )
        return heads, rows

    def alone(self) -> Table:
        """Ours without a peer."""
        heads = ("method", "data", "sets", "ours", "MB")
        rows = []
        for run in ALONE:
            took = self.ours(run)
            memory = f"{took.peak_mb:,.0f}"
            rows.append((run.program, run.on, f"{run.n_sets:,}", _seconds(took.seconds), memory))
        return heads, rows

    def tables(self) -> Iterator[tuple[str, Table]]:
        """All tables in order, each with what it says."""
        yield "Against peers, in the same run", self.against_peers()
        yield "Against seconds measured on another, idle machine", self.against_quoted()
        yield "Against the limit of a rank method", self.against_limits()
        yield "Without a peer", self.alone()

    def missed(self) -> list[str]:
        """The comparisons that miss their aim."""
        found = []
        for _, (heads, rows) in self.tables():
            for row in rows:
                if row[-1] == "missed":
                    cells = dict(zip(heads, row, strict=True))
                    other = cells.get("peer") or cells.get("quoted") or cells["limit"]
                    found.append(f"{row[0]} on {row[1]} against {other}")
        return found

    def conditions(self) -> str:
        """Machine, versions and sizes, in words."""
        versions = {took.version for run, took in self.found.items() if took and _is_ours(run)}
        return (
            f"neurosig {', '.join(sorted(versions))}, Python {platform.python_version()}, "
            f"{platform.machine()} with {os.cpu_count()} processors; bulk: {self.size.bulk:,} "
            f"samples x 20,000 genes without ties; cells: {self.size.cells:,} x 20,000, CSR, about "
            "2,400 non-zeros a cell; sets of 15 to 199 genes, 50 if not stated"
        )


def _is_ours(run: Run) -> bool:
    from benchmarks.measure import package_of

    return package_of(run.program) == "neurosig" and not run.program.startswith("R ")


def _seconds(value: float) -> str:
    return f"{value:.2f} s"


def _times(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.0f} x" if value >= 20 or value == int(value) else f"{value:.1f} x"


def _verdict(reached: float, aim: float | None) -> str:
    if aim is None:
        return ""
    return "met" if reached >= aim else "missed"


def as_text(table: Table) -> str:
    """A table for a terminal."""
    heads, rows = table
    widths = [max(len(cell) for cell in column) for column in zip(heads, *rows, strict=True)]
    lines = [
        "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) for row in (heads, *rows)
    ]
    return "\n".join(line.rstrip() for line in lines)


def as_markdown(table: Table) -> str:
    """A table for a page."""
    heads, rows = table
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
