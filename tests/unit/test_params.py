"""Parameters as data."""

from dataclasses import dataclass, field
from typing import Annotated, Literal

import jsonschema
import numpy as np
import pandas as pd
import pytest

import neurosig as ns
from neurosig import _params
from neurosig._params import Help, Pattern, Range
from neurosig.errors import ParameterError


@dataclass(frozen=True, kw_only=True)
class Inner:
    size: Annotated[int, Range(1, 9), Help("how large")] = 3
    kind: Literal["round", "square"] = "round"


@dataclass(frozen=True, kw_only=True)
class Outer:
    name: Annotated[str, Pattern("[a-z]+", "lower-case letters"), Help("the name")]
    inner: Inner = field(default_factory=Inner)
    many: tuple[Inner | str, ...] = ()
    share: Annotated[float, Range(0, 1, open_low=True)] | None = None
    keep: dict[str, tuple[str, ...]] = field(default_factory=dict)


def test_a_nested_configuration_becomes_dataclasses():
    built = _params.build(
        Outer,
        {"name": "a", "inner": {"size": 5}, "many": [{"size": 2}, "text"], "keep": {"c": ["x"]}},
    )
    assert built == Outer(
        name="a", inner=Inner(size=5), many=(Inner(size=2), "text"), keep={"c": ("x",)}
    )


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ({"nam": "a"}, r"Unknown key 'nam'.*Did you mean 'name'"),
        ({}, r"'name' is missing"),
        ({"name": 3}, r"name cannot be 3 \(int\)"),
        ({"name": "A/b"}, r"name cannot be 'A/b'.*lower-case letters"),
        ({"name": "a", "inner": {"size": 10}}, r"inner\.size cannot be 10.*at most 9"),
        ({"name": "a", "inner": {"size": True}}, r"inner\.size cannot be True"),
        ({"name": "a", "inner": {"kind": "rond"}}, r"inner\.kind.*Did you mean 'round'"),
        ({"name": "a", "many": [{"sise": 2}]}, r"Unknown key 'sise' in many\[0\]"),
        ({"name": "a", "inner": [1]}, r"inner cannot be \[1\]"),
        ("text", r"has to be a mapping"),
    ],
)
def test_what_is_wrong_is_named_with_its_key(mapping, message):
    with pytest.raises(ParameterError, match=message):
        _params.build(Outer, mapping)


def test_the_schema_accepts_and_refuses_what_build_does():
    schema = _params.json_schema(Outer)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    assert validator.is_valid({"name": "a", "inner": {"size": 9}, "many": ["x", {"size": 1}]})
    for wrong in ({}, {"name": "A"}, {"name": "a", "inner": {"size": 10}}, {"name": "a", "b": 1}):
        assert not validator.is_valid(wrong)


def test_a_number_that_is_not_one_is_refused():
    @dataclass(frozen=True)
    class Share:
        share: Annotated[float, Range(0, 1)] = 0.5

    _params.check(Share(1))
    with pytest.raises(ParameterError, match="nan"):
        _params.check(Share(float("nan")))


def test_numpy_numbers_and_lists_become_pythons_own():
    method = ns.methods.Singscore(stable_genes=["A", "B"])
    assert method.stable_genes == ("A", "B")
    assert ns.methods.Singscore(stable_genes=pd.Index(["A", "B"])) == method
    assert ns.methods.ModuleScore(controls={"S": ["A"]}).controls["S"] == ("A",)
    null = ns.MatchedNull(n_sets=np.int64(5))
    assert type(null.n_sets) is int
    assert type(ns.methods.SsGsea(alpha=np.float32(0.5)).alpha) is float
