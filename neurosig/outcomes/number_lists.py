"""Numbers given as arguments: times, levels and the like."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from neurosig.errors import ParameterError


def number_list(name: str, values: float | Sequence[float]) -> NDArray[np.float64]:
    """One number or several as an array.

    Raises
    ------
    ParameterError
        They are texts or other things that are no numbers.

    Examples
    --------
    >>> number_list("times", [1, 2.5]).tolist(), number_list("times", 3).tolist()
    ([1.0, 2.5], [3.0])
    """
    listed = np.atleast_1d(np.asarray(values, dtype=object))
    is_number = [
        isinstance(v, int | float | np.integer | np.floating) and not isinstance(v, bool)
        for v in listed.ravel()
    ]
    if listed.ndim != 1 or not all(is_number):
        raise ParameterError(
            f"{name} cannot be {values!r}", "It holds what is no number", "Give numbers"
        )
    return listed.astype(np.float64)
