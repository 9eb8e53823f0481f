"""How scoring methods are found and named."""

import ast
import subprocess
import sys
from dataclasses import dataclass
from importlib import metadata
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest

import neurosig as ns
from neurosig.errors import MethodError, ParameterError, UnknownMethodError
from neurosig.methods import registry
from neurosig.methods.base import Method, Spec
from neurosig.methods.mean import Mean

BUILT_IN = {"mean", "singscore", "ssgsea", "zscore"}


def spec_named(name: str) -> Spec:
    return Spec(
        name=name,
        title="Number of genes",
        doi="10.0000/none",
        scope="sample",
        bounds=(0.0, np.inf),
        scale="ranks",
        weights="full",
        invariant_to=frozenset(),
        revision=1,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Size(Method):
    """Number of genes found: a method of another package."""

    spec: ClassVar[Spec] = spec_named("size")

    def score_rows(self, x, sets, cohort):
        return np.tile(sets.sets.sizes.astype(float), (len(x), 1))


class SecondMean(Mean):
    """A method that takes a name that is taken."""


class WithoutSpec(Method):
    def score_rows(self, x, sets, cohort):
        raise NotImplementedError


NO_METHOD = "text"


def fail_to_load():
    raise RuntimeError("a compiler is missing")


@pytest.fixture
def other_package(monkeypatch):
    """Registers an object of this file as the method of another package."""

    def register(attribute: str) -> None:
        class Point:
            name, value = "other", f"other_package:{attribute}"

            def load(self):
                if attribute == "broken":
                    fail_to_load()
                return globals()[attribute]

        def entry_points(*, group):
            assert group == "neurosig.methods"
            return [Point()]

        monkeypatch.setattr(registry, "entry_points", entry_points)
        registry.registered.cache_clear()

    yield register
    monkeypatch.undo()
    registry.registered.cache_clear()


def test_the_methods_found_are_the_classes_with_a_spec_in_the_folder():
    """Read from the source text, so that a file forgotten by the discovery would be seen."""
    folder = Path(registry.__file__).parent
    written = set()
    for path in folder.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and any(
                isinstance(s, ast.AnnAssign) and s.value and ast.unparse(s.target) == "spec"
                for s in node.body
            ):
                written.add(node.name)
    found = registry.registered()
    assert {cls.__name__ for cls in found.values()} == written
    assert set(found) >= BUILT_IN
    assert list(found) == sorted(found)


def test_the_real_entry_points_of_the_group_can_be_read():
    assert all(isinstance(p, EntryPoint) for p in metadata.entry_points(group="neurosig.methods"))


def test_a_method_of_another_package_is_registered_and_scores(other_package):
    other_package("Size")
    assert registry.registered()["size"] is Size
    assert ns.methods.Size is Size
    assert "size" in ns.available_methods().index
    x = pd.DataFrame([[1.0, 2.0, 3.0]], ["s"], ["NGF", "RET", "TH"])
    assert ns.score(x, {"S": ["NGF", "TH"]}, method="size").values.loc["s", "S"] == 2.0


def test_a_name_that_is_taken_is_refused_with_both_places(other_package):
    other_package("SecondMean")
    with pytest.raises(MethodError, match="Two methods are registered as 'mean'") as caught:
        registry.registered()
    assert "neurosig.methods.mean" in caught.value.evidence
    assert SecondMean.__module__ in caught.value.evidence


def test_a_method_that_cannot_be_loaded_is_named_with_its_package(other_package):
    other_package("broken")
    with pytest.raises(MethodError, match="'other' of another package cannot be loaded") as caught:
        registry.registered()
    assert "other_package:broken: RuntimeError: a compiler is missing" in caught.value.evidence


@pytest.mark.parametrize("attribute", ["NO_METHOD", "WithoutSpec", "fail_to_load", "spec_named"])
def test_what_is_no_method_is_refused(other_package, attribute):
    other_package(attribute)
    with pytest.raises(MethodError, match="registers as scoring method 'other' is none"):
        registry.registered()


def test_classes_are_attributes_of_the_package_and_a_wrong_name_lists_them():
    assert ns.methods.Mean is Mean
    with pytest.raises(AttributeError, match=r"no 'Meen'; it has \[.*'Mean'"):
        _ = ns.methods.Meen


def test_a_name_with_parameters_makes_the_method():
    assert registry.get_method("ssgsea", {"alpha": 1.0}) == ns.methods.SsGsea(alpha=1.0)
    given = ns.methods.ZScore(zeros="nonzero")
    assert registry.get_method(given) is given


def test_an_unknown_parameter_is_refused_with_the_closest():
    with pytest.raises(ParameterError, match=r"'alfa' in ssgsea.*Did you mean 'alpha'\?"):
        registry.get_method("ssgsea", {"alfa": 1.0})


def test_a_value_that_is_not_allowed_is_refused_with_the_closest():
    with pytest.raises(ParameterError, match=r"Did you mean 'average'\?"):
        registry.get_method("singscore", {"ties": "avrage"})


def test_an_unknown_method_is_refused_with_what_there_is():
    with pytest.raises(UnknownMethodError) as caught:
        registry.get_method("qwertz")
    assert all(name in str(caught.value) for name in BUILT_IN)


def test_methods_cannot_be_changed_and_are_equal_by_their_parameters():
    method = ns.methods.SsGsea(alpha=0.5)
    with pytest.raises(AttributeError):
        method.alpha = 1.0
    assert method == ns.methods.SsGsea(alpha=0.5)
    assert method != ns.methods.SsGsea()


def test_the_table_has_a_row_for_each_method_with_what_its_spec_says():
    table = ns.available_methods()
    assert list(table.index) == list(registry.registered())
    assert table.index.name == "method"
    for name, cls in registry.registered().items():
        row = table.loc[name]
        assert (row["title"], row["scope"], row["scale"]) == (
            cls.spec.title,
            cls.spec.scope,
            cls.spec.scale,
        )
        assert (row["low"], row["high"]) == cls.spec.bounds
        assert (row["doi"], row["revision"]) == (cls.spec.doi, cls.spec.revision)
        assert row["invariant_to"].split(", ") == sorted(cls.spec.invariant_to)
    assert table.loc["ssgsea", "parameters"] == "alpha=0.25, normalize=False, na='error'"


def test_bounds_follow_the_parameters():
    assert ns.methods.Singscore().bounds == (-1.0, 1.0)
    assert ns.methods.Singscore(center=False).bounds == (0.0, 2.0)
    # The published bounds of folded ranks are no bounds of the score.
    assert ns.methods.Singscore(known_direction=False).bounds == (-np.inf, np.inf)


def test_scoring_loads_no_library_for_models_figures_or_single_cells():
    """They take seconds, and the first score of a process would wait for them."""
    program = (
        "import sys, pandas as pd, neurosig as ns\n"
        "x = pd.DataFrame([[1.0, 2.0, 6.0]], index=['s'], columns=['A', 'B', 'C'])\n"
        "ns.score(x, {'S': ['A', 'B', 'C']}, method='mean')\n"
        "heavy = 'scipy.stats statsmodels matplotlib sklearn scanpy anndata dask'.split()\n"
        "print([name for name in heavy if name in sys.modules])\n"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
