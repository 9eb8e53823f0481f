"""Command-line options made from the same dataclass fields as the Python API.

A command takes a parameter annotated with such a dataclass; `expand` replaces it by one option per
field and builds the dataclass again from what the user typed.
"""

import functools
import inspect
import types
from collections.abc import Callable
from dataclasses import is_dataclass
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin, get_type_hints

import typer

from neurosig import _params

R = TypeVar("R")

Confidence = Annotated[float, typer.Option(help="coverage of the intervals")]
AllowLoss = Annotated[
    bool,
    typer.Option(
        "--allow-loss", help="accept that more than half of the rows lack a score or covariate"
    ),
]


def expand(command: Callable[..., R]) -> Callable[..., R]:
    """Replace each dataclass parameter of a command by its fields as options."""
    hints = get_type_hints(command, include_extras=True)
    groups: dict[str, type] = {}
    parameters: list[inspect.Parameter] = []
    for name, parameter in inspect.signature(command).parameters.items():
        if is_dataclass(hints[name]):
            groups[name] = hints[name]
            parameters += [_option(p) for p in _params.describe(hints[name])]
        else:
            kind = inspect.Parameter.KEYWORD_ONLY
            parameters.append(parameter.replace(kind=kind, annotation=hints[name]))

    @functools.wraps(command)
    def run(**typed: Any) -> R:
        for name, cls in groups.items():
            fields = {p.name: _value(p, typed.pop(p.name)) for p in _params.describe(cls)}
            typed[name] = cls(**fields)
        return command(**typed)

    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {p.name: p.annotation for p in parameters}
    return run


def _option(parameter: _params.Parameter) -> inspect.Parameter:
    kind, is_list = _command_type(parameter)
    help_text = parameter.help + (f" ({parameter.bounds})" if parameter.bounds else "")
    option = typer.Option(
        _flags(parameter, kind, is_list=is_list),
        help=help_text + ("; repeatable" if is_list else ""),
        show_default=not is_list and parameter.default not in (None, ""),
    )
    annotation: Any
    if is_list:
        annotation, default = list[str] | None, None
    elif parameter.is_required:
        annotation, default = kind, inspect.Parameter.empty
    elif kind is bool and not isinstance(parameter.default, bool):  # neither flag: the default
        annotation, default = bool | None, None
    else:
        annotation, default = kind | None, parameter.default
    return inspect.Parameter(
        parameter.name,
        inspect.Parameter.KEYWORD_ONLY,
        default=default,
        annotation=Annotated[annotation, option],
    )


def _flags(parameter: _params.Parameter, kind: Any, *, is_list: bool) -> str:
    """The option's name; one that can be repeated is in the singular, `from_` is --from."""
    name = parameter.name.removesuffix("s") if is_list else parameter.name.rstrip("_")
    flag = "--" + name.replace("_", "-")
    return f"{flag}/--no-{flag[2:]}" if kind is bool else flag


def _command_type(parameter: _params.Parameter) -> tuple[Any, bool]:
    """The type of an option and whether it can be repeated."""
    annotation = parameter.annotation
    is_union = get_origin(annotation) in (Union, types.UnionType)
    parts = get_args(annotation) if is_union else (annotation,)
    part = next(p for p in parts if p is not type(None))
    return part, get_origin(part) is tuple


def _value(parameter: _params.Parameter, typed: Any) -> Any:
    if typed is None:
        return parameter.default
    return tuple(typed) if isinstance(typed, list) else typed
