"""YAML read as data: plain values only, no surprises.

Scalars follow the YAML 1.2 core schema, so `no`, `on` and dates are text (a gene may be called NO)
and `1e3` is a number. Aliases, anchors, tags, duplicate keys and deep nesting are refused: none is
needed in a configuration and each can hide or blow up what it says.
"""

import re
from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import Any

import yaml

from neurosig._text_files import open_text
from neurosig.errors import InputError

MAX_DEPTH = 50
_MAX_DIGITS = 100
_QUOTES = "Correct this line; values with ':' '#' or a leading '*' or '&' need quotes"

try:
    from yaml import CSafeLoader as _SafeLoader
except ImportError:  # PyYAML built without its C library
    from yaml import SafeLoader as _SafeLoader  # type: ignore[assignment]


def load_yaml(source: Path | str, *, max_bytes: int = 1_000_000) -> object:
    r"""Read one YAML document from a file (a `Path`) or a text (a `str`).

    Raises
    ------
    ResourceError
        The file is missing.
    InputError
        It is too large, not valid, or uses an alias, an anchor, a tag, a duplicate key, a second
        document or more than 50 levels; the line is named.

    Examples
    --------
    >>> load_yaml("genes: [NO, 'ON', TP53]\nalpha: 1e-3\nrobust: true")
    {'genes': ['NO', 'ON', 'TP53'], 'alpha': 0.001, 'robust': True}
    """
    name = source.name if isinstance(source, Path) else "the YAML text"
    if isinstance(source, Path):
        text = open_text(source, max_bytes=max_bytes).text
    else:
        text = _checked_size(source, max_bytes)
    try:
        _check_events(text, name)
        # A subclass of the safe loader: it builds mappings, lists and plain scalars only.
        return yaml.load(text, Loader=_CoreLoader)  # noqa: S506
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark or problem.context_mark
        is_syntax = not isinstance(problem, yaml.constructor.ConstructorError)
        raise _refusal(
            name, mark, problem.problem or "it cannot be parsed", _QUOTES if is_syntax else ""
        ) from problem
    except yaml.YAMLError as problem:
        raise InputError(
            f"{name} is not valid YAML", str(problem), "Correct the text", source=name
        ) from problem


def _checked_size(text: str, max_bytes: int) -> str:
    try:
        size = len(text.encode("utf-8"))
    except UnicodeEncodeError as problem:
        raise InputError("The YAML text cannot be written as UTF-8", str(problem)) from problem
    if size > max_bytes:
        raise InputError(
            f"The YAML text is larger than {max_bytes:,} bytes",
            f"It has {size:,}",
            "Shorten it or raise max_bytes",
        )
    return text


def _refusal(name: str, mark: Any, why: str, remedy: str = "") -> InputError:
    line = mark.line + 1 if mark is not None else None
    where = f", line {line}" if line is not None else ""
    return InputError(
        f"{name}{where}: {why}",
        "",
        remedy or "Correct this line",
        source=name,
        line=line,
    )


def _check_events(text: str, name: str) -> None:
    """Refuse what must not even be composed into nodes."""
    depth, n_documents = 0, 0
    for event in yaml.parse(text, Loader=_SafeLoader):
        mark = event.start_mark
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise _refusal(
                name, mark, "anchors (&) and aliases (*) are not allowed", "Write it out"
            )
        tag = getattr(event, "tag", None)
        if tag:
            raise _refusal(name, mark, f"the tag {tag!r} is not allowed", "Remove it")
        if isinstance(event, yaml.DocumentStartEvent):
            n_documents += 1
            if n_documents > 1:
                raise _refusal(name, mark, "a second document starts", "Keep one per file")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise _refusal(name, mark, f"more than {MAX_DEPTH} levels", "Flatten it")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


class _CoreLoader(_SafeLoader):
    """The safe loader with YAML 1.2 core scalars and unique keys."""

    # Its own table: the parent's (YAML 1.1) must stay as it is for everyone else.
    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Hashable, Any]:
        """Build a mapping; a key seen before is an error, where YAML keeps the last in silence."""
        first_lines: dict[Hashable, int] = {}
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, Hashable):
                raise yaml.constructor.ConstructorError(
                    problem="a key has to be a plain value", problem_mark=key_node.start_mark
                )
            line = key_node.start_mark.line + 1
            if key in first_lines:
                raise yaml.constructor.ConstructorError(
                    problem=f"the key {key!r} is there already, in line {first_lines[key]}",
                    problem_mark=key_node.start_mark,
                )
            first_lines[key] = line
        return super().construct_mapping(node, deep=deep)


def _core_int(_loader: Any, node: Any) -> int:
    value = str(node.value)
    if len(value) > _MAX_DIGITS:
        raise yaml.constructor.ConstructorError(
            problem=f"a number of more than {_MAX_DIGITS} digits", problem_mark=node.start_mark
        )
    return int(value, 0) if value[:2] in ("0x", "0o") else int(value, 10)


def _core_float(_loader: Any, node: Any) -> float:
    return float(str(node.value).lower().replace(".inf", "inf").replace(".nan", "nan"))


for _tag, _regex, _starts in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", r"~|null|Null|NULL|", "~nN\0"),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789"),
    (
        "float",
        r"[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*)(?:[eE][-+]?[0-9]+)?|[-+]?[0-9]+[eE][-+]?[0-9]+"
        r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
        "-+0123456789.",
    ),
):
    _first = [start.strip("\0") for start in _starts]
    _CoreLoader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_regex})$"), _first
    )
_CoreLoader.add_constructor("tag:yaml.org,2002:int", _core_int)
_CoreLoader.add_constructor("tag:yaml.org,2002:float", _core_float)


def line_of(text: str, keys: Sequence[str | int]) -> int:
    r"""The line of a text that `load_yaml` takes in which the value at a path of keys stands.

    Where the path leaves the document, the line of the last of its keys that is there.

    >>> line_of("genes:\n  up: [NGF]\n  down: [TH]", ["genes", "down"])
    3
    """
    node = yaml.compose(text, Loader=_CoreLoader)
    line = 1
    for key in keys:
        if isinstance(node, yaml.MappingNode):
            pairs = [(k, v) for k, v in node.value if str(k.value) == str(key)]
            if not pairs:
                break
            line, node = pairs[0][0].start_mark.line + 1, pairs[0][1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
            node = node.value[key]
            line = node.start_mark.line + 1
        else:
            break
    return line
