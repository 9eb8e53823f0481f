"""Work on the workers of a `dask.distributed.Client`, results in order."""

import sys
from collections.abc import Iterator, Sequence
from typing import Any


def active_client() -> Any | None:
    """The client that dask would use now; None if dask would compute in this process."""
    distributed = sys.modules.get("distributed")  # whoever has a client has imported it
    if distributed is None:
        return None
    import dask

    if dask.config.get("scheduler", None) not in (None, "distributed", "dask.distributed"):
        return None
    try:
        return distributed.default_client()
    except ValueError:  # there is none
        return None


def in_order(client: Any, planned: Sequence[Any]) -> Iterator[Any]:
    """The results of delayed calls in order; what is not asked for any more is not computed.

    A result leaves the workers as it is taken.
    """
    futures = client.compute(list(planned))
    futures.reverse()
    try:
        while futures:
            yield futures.pop().result()
    finally:
        client.cancel(futures)
