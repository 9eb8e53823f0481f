"""Scoring methods, one file each.

The classes are attributes of this package under their own names, such as
``neurosig.methods.SsGsea(alpha=0.5)``; the registry finds them.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from neurosig.methods.aucell import AuCell as AuCell
    from neurosig.methods.consensus import Consensus as Consensus
    from neurosig.methods.gsva import Gsva as Gsva
    from neurosig.methods.mean import Mean as Mean
    from neurosig.methods.module_score import ModuleScore as ModuleScore
    from neurosig.methods.pc1 import Pc1 as Pc1
    from neurosig.methods.plage import Plage as Plage
    from neurosig.methods.plaid import Plaid as Plaid
    from neurosig.methods.published import Published as Published
    from neurosig.methods.singscore import Singscore as Singscore
    from neurosig.methods.ssgsea import SsGsea as SsGsea
    from neurosig.methods.ucell import UCell as UCell
    from neurosig.methods.ulm import Ulm as Ulm
    from neurosig.methods.weighted import Weighted as Weighted
    from neurosig.methods.zscore import ZScore as ZScore


def __getattr__(name: str) -> Any:
    from neurosig.methods.registry import registered

    by_class_name = {cls.__name__: cls for cls in registered().values()}
    if name not in by_class_name:
        raise AttributeError(f"neurosig.methods has no {name!r}; it has {sorted(by_class_name)}")
    return by_class_name[name]
