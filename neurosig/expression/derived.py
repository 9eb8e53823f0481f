"""Expressions seen through something else: the same names and blocks, looked at on their way."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import TypeVar

from neurosig.errors import ExpressionError
from neurosig.expression.base import BLOCK_BYTES, Block, Expression
from neurosig.expression.checks import check_finite, is_finite

T = TypeVar("T")


class Derived(Expression):
    """An expression with the names and the bounds of another one, its parent."""

    def __init__(self, parent: Expression, origin: Mapping[str, str]) -> None:
        # The parent has checked its names.
        self.obs_names, self.var_names = parent.obs_names, parent.var_names
        self.origin = MappingProxyType(dict(origin))
        self.is_sparse = parent.is_sparse
        self._parent = parent

    def bounds(self, max_bytes: int = BLOCK_BYTES) -> list[tuple[int, int]]:
        """Where the blocks of the parent start and stop."""
        return self._parent.bounds(max_bytes)


class Checked(Derived):
    """An expression whose values are checked as they are read, so that a file is read once.

    The first block with an infinite or, unless `allow_nan`, a missing value raises the
    NonFiniteError of `check_finite`, which then looks at the whole matrix for its counts.

    Examples
    --------
    >>> import numpy as np
    >>> from neurosig.expression.memory import in_memory
    >>> values = np.array([[1.0, 2.0], [3.0, np.nan]])
    >>> expression = Checked(in_memory(values, ["s1", "s2"], ["NGF", "BDNF"], {}))
    >>> expression.block(0, 1).data.tolist()
    [[1.0, 2.0]]
    >>> expression.block(1, 2)
    Traceback (most recent call last):
        ...
    neurosig.errors.NonFiniteError: The expression matrix has 1 missing value (NaN). ...
    """

    def __init__(self, parent: Expression, *, allow_nan: bool = False) -> None:
        super().__init__(parent, parent.origin)
        self._allow_nan = allow_nan

    def block(self, start: int, stop: int) -> Block:
        """The rows from `start` to before `stop`."""
        block = self._parent.block(start, stop)
        if not is_finite(block, allow_nan=self._allow_nan):
            self._refuse()
        return block

    def each_block(
        self, task: Callable[[Block], T], bounds: Sequence[tuple[int, int]], n_jobs: int = 1
    ) -> Iterator[T]:
        """What the task makes of each block; checked where the task runs."""
        checked = partial(_if_finite, task, self._allow_nan)
        for result in self._parent.each_block(checked, bounds, n_jobs):
            if result is None:
                self._refuse()
            else:
                yield result[0]

    def _refuse(self) -> None:
        check_finite(self._parent, allow_nan=self._allow_nan)
        raise ExpressionError(
            "The expression matrix changed while it was read",
            "A value was not finite at first and all are now",
            "Score again when nothing writes to the file any more",
        )


def _if_finite(task: Callable[[Block], T], allow_nan: bool, block: Block) -> tuple[T] | None:
    return (task(block),) if is_finite(block, allow_nan=allow_nan) else None
