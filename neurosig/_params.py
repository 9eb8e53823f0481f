"""Parameters as data.

One dataclass gives the checks, the help text, the command-line options and the JSON schema of a
configuration. A parameter is a dataclass field. Its type and default are in the dataclass; its
bounds and help are in the type, as `Annotated[float, Range(0, 1), Help("...")]`.
"""

import re
import types
import typing
from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from difflib import get_close_matches
from math import isnan
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

import numpy as np
import pandas as pd

from neurosig.errors import ParameterError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Range:
    """Bounds of a number; a bound is allowed itself unless `open_low` or `open_high` says no."""

    low: float = float("-inf")
    high: float = float("inf")
    open_low: bool = False
    open_high: bool = False

    def holds(self, value: float) -> bool:
        """Whether the value lies inside."""
        above = value > self.low if self.open_low else value >= self.low
        below = value < self.high if self.open_high else value <= self.high
        return above and below

    def __str__(self) -> str:
        low = f"{'above' if self.open_low else 'at least'} {self.low:g}"
        high = f"{'below' if self.open_high else 'at most'} {self.high:g}"
        has_low, has_high = self.low != float("-inf"), self.high != float("inf")
        return " and ".join(([low] if has_low else []) + ([high] if has_high else []))


@dataclass(frozen=True, slots=True)
class Pattern:
    """A regular expression that the whole text has to match, and what it means in words."""

    regex: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Help:
    """One line that says what the parameter does."""

    text: str


@dataclass(frozen=True, slots=True)
class Parameter:
    """What is known of one parameter."""

    name: str
    annotation: Any
    default: Any
    help: str
    bounds: Range | None
    pattern: Pattern | None

    @property
    def is_required(self) -> bool:
        """Whether there is no default."""
        return self.default is MISSING

    @property
    def choices(self) -> tuple[Any, ...] | None:
        """The allowed values of a `Literal`, None in an optional one left out."""
        for part in _union_members(self.annotation):
            if get_origin(part) is Literal:
                return get_args(part)
        return None

    @property
    def type_text(self) -> str:
        """The type in words for help and error messages."""
        return _type_text(self.annotation)


def describe(cls: type) -> tuple[Parameter, ...]:
    """The parameters of a dataclass, in order.

    >>> @dataclass(frozen=True)
    ... class Example:
    ...     alpha: typing.Annotated[float, Range(0, 1), Help("exponent of the rank")] = 0.25
    >>> [(p.name, p.type_text, p.default, str(p.bounds), p.help) for p in describe(Example)]
    [('alpha', 'number', 0.25, 'at least 0 and at most 1', 'exponent of the rank')]
    """
    hints = typing.get_type_hints(cls, include_extras=True)
    return tuple(_parameter(f, hints[f.name]) for f in fields(cls) if f.init)


def _parameter(field: "Field[Any]", hint: Any) -> Parameter:
    extras: tuple[Any, ...] = ()
    if get_origin(hint) is typing.Annotated:
        hint, *rest = get_args(hint)
        extras = tuple(rest)
    default = field.default
    if default is MISSING and field.default_factory is not MISSING:
        default = field.default_factory()
    return Parameter(
        name=field.name,
        annotation=hint,
        default=default,
        help=next((e.text for e in extras if isinstance(e, Help)), ""),
        bounds=next((e for e in extras if isinstance(e, Range)), None),
        pattern=next((e for e in extras if isinstance(e, Pattern)), None),
    )


def check(instance: Any, where: str | None = None) -> None:
    """Raise ParameterError if a field of a dataclass instance has a value that is not allowed.

    Lists, arrays and numbers of NumPy or pandas are first made Python's own.
    """
    label = where or type(instance).__name__
    for parameter in describe(type(instance)):
        given = getattr(instance, parameter.name)
        value = _plain(parameter.annotation, given)
        if value is not given:
            object.__setattr__(instance, parameter.name, value)
        _check_value(parameter, value, f"{label}.{parameter.name}")


def _plain(annotation: Any, value: Any) -> Any:
    """The value with NumPy's numbers as Python's and lists as tuples; itself if it is so."""
    if isinstance(value, np.generic):
        return value.item()
    for member in _union_members(annotation):
        origin, arguments = get_origin(member), get_args(member)
        if origin is tuple and isinstance(value, list | tuple | np.ndarray | pd.Index):
            parts = tuple(_plain(arguments[0], part) for part in value)
            is_same = isinstance(value, tuple) and all(
                a is b for a, b in zip(parts, value, strict=True)
            )
            return value if is_same else parts
        if origin in (dict, Mapping) and isinstance(value, Mapping):
            plain = {key: _plain(arguments[1], part) for key, part in value.items()}
            return value if all(plain[key] is value[key] for key in value) else plain
    return value


def build(cls: type[T], mapping: object, where: str = "") -> T:
    """Make a dataclass instance from a mapping, as read from YAML; every error names the key.

    Nested dataclasses, tuples and mappings of dataclasses are built too. An unknown key is refused
    with the closest known one.
    """
    if not isinstance(mapping, Mapping):
        raise ParameterError(
            f"{where or 'the configuration'} has to be a mapping of keys to values",
            f"It is {_shown(mapping)}",
            f"Known keys: {', '.join(p.name for p in describe(cls))}",
        )
    parameters = {p.name: p for p in describe(cls)}
    for key in mapping:
        if key not in parameters:
            close = get_close_matches(str(key), parameters, n=1)
            raise ParameterError(
                f"Unknown key {str(key)!r} in {where or 'the configuration'}",
                f"Known keys: {', '.join(parameters)}",
                f"Did you mean {close[0]!r}?" if close else "Remove it or correct its spelling",
                key=str(key),
            )
    values = {}
    for name, parameter in parameters.items():
        path = f"{where}.{name}" if where else name
        if name in mapping:
            values[name] = _converted(parameter.annotation, mapping[name], path)
            _check_value(parameter, values[name], path)
        elif parameter.is_required:
            raise ParameterError(
                f"The key {path!r} is missing",
                f"It holds: {parameter.help or parameter.type_text}",
                f"Add '{name}: ...' ({parameter.type_text})",
                key=path,
            )
    try:
        return cls(**values)
    except ParameterError as error:
        raise ParameterError(
            f"{where or 'the configuration'}: {error.what}",
            error.evidence,
            error.remedy,
            key=where,
        ) from error


def json_schema(cls: type) -> dict[str, Any]:
    """The JSON schema (draft 2020-12) of a dataclass as configuration."""
    properties, required = {}, []
    for parameter in describe(cls):
        schema = _schema_of(parameter.annotation)
        if parameter.help:
            schema["description"] = parameter.help
        if parameter.bounds is not None:
            schema |= _schema_bounds(parameter.bounds)
        if parameter.pattern is not None:
            schema["pattern"] = f"^(?:{parameter.pattern.regex})$"
        if parameter.is_required:
            required.append(parameter.name)
        properties[parameter.name] = schema
    schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return schema | ({"required": required} if required else {})


def _schema_bounds(bounds: Range) -> dict[str, Any]:
    schema: dict[str, Any] = {}
    if bounds.low != float("-inf"):
        schema["exclusiveMinimum" if bounds.open_low else "minimum"] = bounds.low
    if bounds.high != float("inf"):
        schema["exclusiveMaximum" if bounds.open_high else "maximum"] = bounds.high
    return schema


_SIMPLE = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"}


def _schema_of(annotation: Any) -> dict[str, Any]:
    if get_origin(annotation) is typing.Annotated:
        inner, *extras = get_args(annotation)
        patterns = [e.regex for e in extras if isinstance(e, Pattern)]
        return _schema_of(inner) | ({"pattern": f"^(?:{patterns[0]})$"} if patterns else {})
    members = _union_members(annotation)
    if len(members) > 1:
        return {"anyOf": [_schema_of(m) for m in members]}
    origin, arguments = get_origin(annotation), get_args(annotation)
    if annotation in _SIMPLE:
        return {"type": _SIMPLE[annotation]}
    if origin is Literal:
        return {"enum": list(arguments)}
    if origin is tuple:
        return {"type": "array", "items": _schema_of(arguments[0])}
    if origin in (dict, Mapping):
        return {"type": "object", "additionalProperties": _schema_of(arguments[1])}
    if is_dataclass(annotation):
        return json_schema(typing.cast(type, annotation))
    return {}


def _union_members(annotation: Any) -> tuple[Any, ...]:
    is_union = get_origin(annotation) in (Union, types.UnionType)
    return get_args(annotation) if is_union else (annotation,)


def _type_text(annotation: Any) -> str:
    if get_origin(annotation) is typing.Annotated:
        return _type_text(get_args(annotation)[0])
    members = _union_members(annotation)
    if len(members) > 1:
        return " or ".join(_type_text(m) for m in members if m is not type(None))
    origin, arguments = get_origin(annotation), get_args(annotation)
    names = {str: "text", bool: "true or false", int: "whole number", float: "number"}
    if annotation in names:
        return names[annotation]
    if origin is Literal:
        return "one of " + ", ".join(str(a) for a in arguments)
    if origin is tuple:
        return f"list of {_type_text(arguments[0])}"
    if origin in (dict, Mapping):
        return f"mapping to {_type_text(arguments[1])}"
    return getattr(annotation, "__name__", str(annotation))


def _check_value(parameter: Parameter, value: Any, path: str) -> None:
    if not _is_a(parameter.annotation, value):
        raise ParameterError(
            f"{path} cannot be {_shown(value)}",
            f"Allowed: {parameter.type_text}",
            _remedy(parameter, value),
            parameter=path,
            value=value,
        )
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if parameter.bounds is not None and is_number and not parameter.bounds.holds(value):
        raise ParameterError(
            f"{path} cannot be {_shown(value)}",
            f"Allowed: {parameter.bounds}",
            _remedy(parameter, value),
            parameter=path,
            value=value,
        )
    _check_pattern(parameter.pattern, value, path)


def _check_pattern(pattern: Pattern | None, value: Any, path: str) -> None:
    if pattern and isinstance(value, str) and not re.fullmatch(pattern.regex, value):
        raise ParameterError(
            f"{path} cannot be {_shown(value)}",
            f"Allowed: {pattern.meaning}",
            "Choose another value",
            parameter=path,
            value=value,
        )


def _remedy(parameter: Parameter, value: Any) -> str:
    choices = [str(c) for c in parameter.choices or ()]
    close = get_close_matches(str(value), choices, n=1)
    if close:
        return f"Did you mean {close[0]!r}?"
    return "" if parameter.is_required else f"The default is {parameter.default!r}"


def _shown(value: Any) -> str:
    text = repr(value)
    return f"{text if len(text) <= 60 else text[:57] + '...'} ({type(value).__name__})"


def _is_a(annotation: Any, value: Any) -> bool:
    if annotation is Any or isinstance(annotation, TypeVar):
        return True
    if get_origin(annotation) is typing.Annotated:
        return _is_a(get_args(annotation)[0], value)
    members = _union_members(annotation)
    if len(members) > 1:
        return any(_is_a(m, value) for m in members)
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return any(type(value) is type(a) and value == a for a in arguments)
    if origin is tuple:
        return isinstance(value, tuple) and all(_is_a(arguments[0], v) for v in value)
    if origin in (dict, Mapping):
        return isinstance(value, Mapping) and all(_is_a(arguments[1], v) for v in value.values())
    if annotation is bool:
        return isinstance(value, bool)
    if annotation in (int, float):
        number = int if annotation is int else int | float
        return isinstance(value, number) and not isinstance(value, bool) and not isnan(value)
    return isinstance(value, origin or annotation)


def _converted(annotation: Any, value: Any, path: str) -> Any:
    """YAML's lists and mappings as the tuples and dataclasses the annotation asks for."""
    for member in _union_members(annotation):
        origin, arguments = get_origin(member), get_args(member)
        if origin is typing.Annotated:
            for extra in arguments[1:]:
                _check_pattern(extra if isinstance(extra, Pattern) else None, value, path)
        if origin is tuple and isinstance(value, list | tuple):
            return tuple(_converted(arguments[0], v, f"{path}[{i}]") for i, v in enumerate(value))
        if origin in (dict, Mapping) and isinstance(value, Mapping):
            return {str(k): _converted(arguments[1], v, f"{path}.{k}") for k, v in value.items()}
        if is_dataclass(member) and isinstance(value, Mapping):
            return build(typing.cast(type, member), value, path)
    return value
