"""Scoring methods, one file each.

The classes are attributes of this package under their own names, such as
``neurosig.methods.SsGsea(alpha=0.5)``; the registry finds them.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from neurosig.methods.mean import Mean as Mean
    from neurosig.methods.singscore import Singscore as Singscore
    from neurosig.methods.ssgsea import SsGsea as SsGsea
    from neurosig.methods.zscore import ZScore as ZScore


def __getattr__(name: str) -> Any:
    from neurosig.methods.registry import registered

    by_class_name = {cls.__name__: cls for cls in registered().values()}
    if name not in by_class_name:
        raise AttributeError(f"neurosig.methods has no {name!r}; it has {sorted(by_class_name)}")
    return by_class_name[name]
