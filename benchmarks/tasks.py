"""What is measured: our methods, their peers, the limits, and what others measured elsewhere."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

On: TypeAlias = Literal["bulk", "cells"]


@dataclass(frozen=True)
class Run:
    """One program on one data set; it is measured in a process of its own.

    `program` is a method of ours, a peer (a key of `peers.PEERS`) or a limit.
    """

    program: str
    on: On
    n_sets: int = 50


@dataclass(frozen=True)
class Row:
    """A line of the table: ours, the peer in the same run, and how much faster we aim to be."""

    ours: Run
    peer: str
    aim: float | None = None


def _row(method: str, on: On, peer: str, aim: float | None = None) -> Row:
    return Row(Run(method, on), peer, aim)


PEER_ROWS = (
    _row("ssgsea", "bulk", "gseapy ssgsea", 12),
    _row("gsva gaussian", "bulk", "gseapy gsva", 5),
    _row("ucell", "cells", "pyucell", 12),
    _row("aucell", "cells", "decoupler aucell", 15),
    _row("module_score", "cells", "scanpy score_genes", 20),
    _row("ulm", "cells", "decoupler ulm", 4),
)
R_ROWS = (
    _row("zscore", "bulk", "R GSVA zscore", 15),
    _row("plage", "bulk", "R GSVA plage", 15),
    _row("ssgsea", "bulk", "R GSVA ssgsea"),
    _row("gsva none", "bulk", "R GSVA none", 12),
    _row("gsva gaussian", "bulk", "R GSVA gsva"),
)


@dataclass(frozen=True)
class Quoted:
    """Seconds of another program on data of this size, measured on another, idle machine."""

    ours: Run
    peer: str
    seconds: float
    aim: float | None = None


_MANY = 1_000
QUOTED = (
    Quoted(Run("zscore", "bulk"), "R GSVA zscore", 11, 15),
    Quoted(Run("plage", "bulk"), "R GSVA PLAGE", 13, 15),
    Quoted(Run("singscore", "bulk"), "R singscore", 11, 15),
    Quoted(Run("ssgsea", "bulk"), "R GSVA ssGSEA", 16),
    Quoted(Run("gsva none", "bulk"), "R GSVA, no kernel", 16, 12),
    Quoted(Run("gsva gaussian", "bulk"), "R GSVA", 47),
    Quoted(Run("gsva gaussian", "bulk"), "decoupler gsva", 106),
    Quoted(Run("singscore", "bulk", _MANY), "R singscore", 65, 40),
    Quoted(Run("gsva gaussian", "bulk", _MANY), "R GSVA", 129, 12),
    Quoted(Run("ucell", "cells"), "R UCell", 47),
    Quoted(Run("aucell", "cells"), "R AUCell", 41),
    Quoted(Run("module_score", "cells"), "R AddModuleScore", 24),
    Quoted(Run("ssgsea", "cells"), "R GSVA ssGSEA", 64),
    Quoted(Run("plaid", "cells"), "R plaid", 0.2),
    Quoted(Run("mean", "cells"), "R plaid", 0.2, 1),
)
ALONE = (
    Run("weighted", "cells"),
    Run("ssgsea", "bulk", _MANY),
    Run("gsva none", "bulk", _MANY),
    Run("ucell", "cells", _MANY),
)

AT_MOST = 4
"""Times the limit that a rank method should take."""
LIMITS = {
    "bulk": Run("numpy argsort of each sample", "bulk"),
    "cells": Run("numpy sort of each cell's stored values", "cells"),
}
RANK_METHODS = (
    Run("ssgsea", "bulk"),
    Run("singscore", "bulk"),
    Run("ucell", "cells"),
    Run("aucell", "cells"),
)
