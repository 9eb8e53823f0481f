"""The kinds of regression: every module in `kinds` that has a KIND."""

import functools
import importlib
import pkgutil

from neurosig.errors import ParameterError
from neurosig.outcomes.regression import kinds
from neurosig.outcomes.regression.kind import Kind
from neurosig.outcomes.regression.options import RegressionModel


@functools.cache
def available_kinds() -> dict[str, Kind]:
    """The kinds by name.

    >>> sorted(available_kinds())
    ['linear', 'logistic', 'mixed', 'multinomial', 'negative_binomial', 'ordinal', 'poisson']
    """
    modules = sorted(info.name for info in pkgutil.iter_modules(kinds.__path__))
    found = (importlib.import_module(f"{kinds.__name__}.{name}").KIND for name in modules)
    return {kind.name: kind for kind in found}


def find_kind(name: str, positive: str | float | None, model: RegressionModel) -> Kind:
    """The kind of that name.

    Raises
    ------
    ParameterError
        There is no such kind, or it does not take an option that was given.
    """
    known = available_kinds()
    if not isinstance(name, str) or name not in known:
        raise ParameterError(
            f"kind cannot be {name!r}", f"Allowed: {', '.join(known)}", "'logistic' is the default"
        )
    kind = known[name]
    if positive is not None and "positive" not in kind.options:
        raise ParameterError(
            f"A {name} model has no positive level",
            f"positive is {positive!r}",
            'Remove it, or use kind="logistic"',
        )
    for option in model.asked_for:
        if option != "allow_repeats" and option not in kind.options:
            takers = [other.name for other in known.values() if option in other.options]
            raise ParameterError(
                f"A {name} model has no {option}",
                f"{option} is {getattr(model, option)!r}; models with it: {', '.join(takers)}",
                "Leave it out, or choose another kind",
            )
    if model.errors != "classical" and model.errors not in kind.robust:
        raise ParameterError(
            f"A {name} model has no {model.errors} errors",
            f"It has: classical, {', '.join(sorted(kind.robust))}",
            f"Use errors={sorted(kind.robust)[0]!r}",
        )
    if model.cluster_errors not in ("auto", *kind.cluster_robust):
        raise ParameterError(
            f"A {name} model has no {model.cluster_errors} errors",
            f"Of clusters it has: {', '.join(sorted(kind.cluster_robust))}",
            'Leave cluster_errors out, or use kind="mixed" for a number as outcome',
        )
    return kind
