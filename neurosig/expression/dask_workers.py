"""Work on the workers of a `dask.distributed.Client`, results in order."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from neurosig.errors import MissingDependencyError, ResourceError, count, examples

CONNECT_SECONDS = 5
"""How long a scheduler may take to answer, and to have a worker."""


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


def refuse_missing_dask(address: str) -> None:
    """Refuse to use workers where dask is not installed whole.

    Raises
    ------
    MissingDependencyError
        dask's arrays or dask.distributed cannot be imported.
    """
    try:
        import dask.array  # noqa: F401
        import distributed  # noqa: F401
    except ImportError as error:
        raise MissingDependencyError(
            f"dask is not installed: {error}",
            f"The workers of the scheduler {address!r} are to be used",
            "pip install 'neurosig[dask]'",
        ) from error


@contextmanager
def connected(address: str) -> Iterator[Any]:
    """The client of a scheduler, which dask uses while the block lasts.

    Raises
    ------
    ResourceError
        There is no scheduler at the address, it has no worker, or its workers have another
        neurosig or none.
    MissingDependencyError
        dask.distributed is not installed.
    """
    refuse_missing_dask(address)
    import distributed

    try:
        client = distributed.Client(address, timeout=CONNECT_SECONDS)
    except (OSError, ValueError) as error:  # also a time-out; an address of another form
        raise ResourceError(
            f"There is no dask scheduler at {address!r}",
            f"{type(error).__name__}: {error}",
            "Start one, `dask scheduler`, and give the address that it prints, such as "
            "tcp://127.0.0.1:8786",
        ) from error
    with client:
        _refuse_workers(client, address)
        yield client


def _refuse_workers(client: Any, address: str) -> None:
    """Refuse a scheduler without workers, or whose workers would compute by another version."""
    from neurosig.provenance import versions

    try:
        client.wait_for_workers(1, timeout=CONNECT_SECONDS)
    except OSError as error:
        raise ResourceError(
            f"The dask scheduler at {address!r} has no workers",
            f"None came in {CONNECT_SECONDS:g} seconds",
            f"Start some: dask worker {address}",
        ) from error
    try:
        there = client.run(versions)
    except Exception as error:  # whatever a worker raises comes here
        raise ResourceError(
            f"The workers at {address!r} cannot use neurosig",
            f"{type(error).__name__}: {error}",
            "Install the same version of neurosig for the workers",
        ) from error
    here = versions()
    names = ("python", "neurosig", "numpy", "scipy", "numba")
    other = {
        worker: {name: found.get(name) for name in names if found.get(name) != here.get(name)}
        for worker, found in there.items()
    }
    other = {worker: differing for worker, differing in other.items() if differing}
    if other:
        raise ResourceError(
            f"{count(len(other), 'worker')} of {len(there)} would compute by other versions",
            f"There: {examples(other.items(), 2)}; here: "
            f"{ {name: here.get(name) for name in next(iter(other.values()))} }",
            "Start the workers in the same environment as this command",
        )
