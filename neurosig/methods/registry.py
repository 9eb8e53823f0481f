"""The registered methods.

Every module of this package that defines a `Method` with a `spec` is found by itself; other
packages add theirs through the entry point group ``neurosig.methods``.
"""

import importlib
import pkgutil
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from inspect import getmembers, isclass
from typing import TYPE_CHECKING, Any

from neurosig import _params
from neurosig.errors import MethodError, UnknownMethodError
from neurosig.methods.base import Method

if TYPE_CHECKING:
    import pandas as pd


@cache
def registered() -> Mapping[str, type[Method]]:
    """Method classes by registered name."""
    package = importlib.import_module("neurosig.methods")
    classes: list[type[Method]] = []
    for module_info in pkgutil.iter_modules(package.__path__):
        module = importlib.import_module(f"{package.__name__}.{module_info.name}")
        classes += [
            c
            for _, c in getmembers(module, isclass)
            if issubclass(c, Method) and hasattr(c, "spec") and c.__module__ == module.__name__
        ]
    classes += [_loaded(point) for point in entry_points(group="neurosig.methods")]
    found: dict[str, type[Method]] = {}
    for method in classes:
        if method.spec.name in found:
            raise MethodError(
                f"Two methods are registered as {method.spec.name!r}",
                f"{found[method.spec.name].__module__} and {method.__module__}",
                "Rename one of them",
            )
        found[method.spec.name] = method
    return dict(sorted(found.items()))


def _loaded(point: EntryPoint) -> type[Method]:
    try:
        method = point.load()
    except Exception as error:  # whatever a foreign module raises while it is imported
        raise MethodError(
            f"The scoring method {point.name!r} of another package cannot be loaded",
            f"{point.value}: {type(error).__name__}: {error}",
            "Repair or uninstall that package",
        ) from error
    if not (isclass(method) and issubclass(method, Method) and hasattr(method, "spec")):
        raise MethodError(
            f"What another package registers as scoring method {point.name!r} is none",
            f"{point.value} is {method!r}",
            "A method is a subclass of neurosig.methods.base.Method with a spec",
        )
    return method


def get_method(method: str | Method, parameters: Mapping[str, Any] | None = None) -> Method:
    """The method of a name with its parameters, or the method given.

    Raises
    ------
    UnknownMethodError
        If no method has that name.
    ParameterError
        If a parameter is unknown or has a value that is not allowed.

    Examples
    --------
    >>> get_method("ssgsea", {"alpha": 0.5}).parameters()["alpha"]
    0.5
    """
    if isinstance(method, Method):
        return method
    classes = registered()
    if not isinstance(method, str) or method not in classes:
        name = method.__name__ if isclass(method) else str(method)
        close = get_close_matches(name.lower(), classes, n=1)
        raise UnknownMethodError(
            f"There is no scoring method {method!r}",
            f"Registered: {', '.join(classes)}",
            f"Did you mean {close[0]!r}?" if close else "See neurosig.available_methods()",
        )
    return _params.build(classes[method], dict(parameters or {}), where=method)


def available_methods() -> "pd.DataFrame":
    """The registered scoring methods, one row each.

    Returns
    -------
    DataFrame
        Title, scope, scale wanted, lowest and highest score, parameters with defaults, what a score
        does not depend on, DOI and revision, by name.

    Examples
    --------
    >>> available_methods().loc["zscore", "scope"]
    'cohort'
    """
    import pandas as pd

    rows = {
        name: {
            "title": cls.spec.title,
            "scope": cls.spec.scope,
            "scale": cls.spec.scale,
            "low": cls.spec.bounds[0],
            "high": cls.spec.bounds[1],
            "parameters": ", ".join(f"{p.name}={p.default!r}" for p in _params.describe(cls)),
            "invariant_to": ", ".join(sorted(cls.spec.invariant_to)),
            "doi": cls.spec.doi,
            "revision": cls.spec.revision,
        }
        for name, cls in registered().items()
    }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("method")
