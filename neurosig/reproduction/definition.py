"""What a figures.yaml says, checked: `read_figures`."""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from neurosig import _params
from neurosig._params import Help, Pattern, Range
from neurosig._text_files import open_text
from neurosig._yaml import line_of, load_yaml
from neurosig.errors import InputError, ParameterError
from neurosig.reproduction.recipes import RECIPES
from neurosig.reproduction.recipes.base import Recipe

ALL = "all"
MAX_BYTES = 2**20
SHA256 = r"[0-9a-f]{64}"
FIGURE_ID = r"[A-Za-z0-9][A-Za-z0-9_-]*"
_SPDX = r"[A-Za-z0-9][A-Za-z0-9.+-]*"
_FILE = r"[A-Za-z0-9][A-Za-z0-9_-]*\."

Keys = list[str | int]
Source = Literal["file", "survset", "infercnvpy", "scanpy", "signatures"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedInput:
    """Something that a figure reads, as it was when the numbers were recorded."""

    name: Annotated[str, Help("data set, or file relative to figures.yaml")]
    sha256: Annotated[
        str | tuple[str, ...],
        Help("of the file; several where releases keep one content in several formats"),
    ]
    source: Annotated[Source, Help("a file, a package, or the catalogue of signatures")] = "file"

    @property
    def hashes(self) -> tuple[str, ...]:
        """The hashes that are accepted."""
        return (self.sha256,) if isinstance(self.sha256, str) else self.sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """Numbers of one origin. A number passes where |found - expected| <= atol + rtol |expected|."""

    origin: Annotated[str, Help("program with version and call, or paper with DOI")]
    numbers: Annotated[dict[str, float], Help("quantity to expected value")]
    script: Annotated[str, Help("what made them, relative to the folder above figures.yaml's")] = ""
    rtol: Annotated[
        float, Range(0, 1, open_high=True), Help("tolerance, relative to the expected value")
    ] = 0.0
    atol: Annotated[float, Range(0), Help("tolerance, absolute")] = 0.0
    reason: Annotated[str, Help("why the tolerance is what it is")] = ""

    def __post_init__(self) -> None:
        if not self.numbers:
            raise ParameterError("numbers is empty", f"Origin: {self.origin}", "Give a number")
        if not self.origin.strip():
            raise ParameterError("origin is empty", f"It is {self.origin!r}", "Say whose they are")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outputs:
    """The files of a figure; both have the same stem."""

    svg: Annotated[str, Pattern(_FILE + "svg", "a name with the ending .svg, no folder")]
    csv: Annotated[str, Pattern(_FILE + "csv", "a name with the ending .csv, no folder")]

    def __post_init__(self) -> None:
        if self.svg.removesuffix(".svg") != self.csv.removesuffix(".csv"):
            raise ParameterError(
                "svg and csv have different names",
                f"They are {self.svg!r} and {self.csv!r}",
                "Give the source table the name of its figure",
            )

    @property
    def stem(self) -> str:
        """Their name without the ending."""
        return self.svg.removesuffix(".svg")


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureDefinition:
    """One figure."""

    title: Annotated[str, Help("title")]
    caption: Annotated[str, Help("what is seen, for a reader of the figure alone")]
    function: Annotated[str, Help("what draws it")]
    arguments: Annotated[dict[str, Any], Help("arguments of the function")]
    inputs: Annotated[tuple[RecordedInput, ...], Help("everything that is read")]
    versions: Annotated[dict[str, str], Help("package to the version of the record")]
    outputs: Annotated[Outputs, Help("files")]
    expected: Annotated[tuple[Expected, ...], Help("numbers to compare with")]
    seed: Annotated[int, Range(0), Help("fixes random draws")] = 0

    def __post_init__(self) -> None:
        if not self.expected:
            raise ParameterError("expected is empty", "Nothing would be compared", "Give a number")


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureFile:
    """The content of a figures.yaml."""

    licence: Annotated[
        str,
        Pattern(_SPDX, "an SPDX identifier, such as CC-BY-4.0"),
        Help("SPDX identifier of the licence of figures and numbers"),
    ]
    figures: Annotated[dict[str, FigureDefinition], Help("figure id to figure")]
    version: Annotated[Literal[1], Help("of this format")] = 1


@dataclass(frozen=True, slots=True)
class FigureBook:
    """Checked definitions with the functions that draw them, and the file they came from."""

    path: Path
    text: str
    licence: str
    figures: Mapping[str, FigureDefinition]
    recipes: Mapping[str, Recipe] = field(repr=False)

    @property
    def folder(self) -> Path:
        """What relative file names start from."""
        return self.path.resolve().parent

    def chosen(self, figure: str) -> list[str]:
        """The ids of one figure or of all.

        Raises
        ------
        ParameterError
            There is no such figure; the ids are listed.
        """
        if figure == ALL:
            return list(self.figures)
        if figure not in self.figures:
            raise ParameterError(
                f"There is no figure {figure!r}",
                f"Known: {', '.join(self.figures)}",
                f"Choose one of these, or {ALL!r}",
                figure=figure,
            )
        return [figure]


def figures_schema() -> dict[str, Any]:
    """JSON schema of a figures.yaml, for editors and for `read_figures` itself."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "neurosig figures",
        **_params.json_schema(FigureFile),
    }
    figures = schema["properties"]["figures"]
    figures |= {"minProperties": 1, "propertyNames": {"pattern": f"^{FIGURE_ID}$"}}
    figure = figures["additionalProperties"]
    figure["properties"]["function"]["enum"] = list(RECIPES)
    figure["allOf"] = [
        {
            "if": {"properties": {"function": {"const": name}}, "required": ["function"]},
            "then": {"properties": {"arguments": _params.json_schema(recipe)}},
        }
        for name, recipe in RECIPES.items()
    ]
    recorded = figure["properties"]["inputs"]["items"]["properties"]
    one = {"type": "string", "pattern": f"^{SHA256}$"}
    recorded["sha256"] |= {"anyOf": [one, {"type": "array", "items": one, "minItems": 1}]}
    return schema


def read_figures(path: Path) -> FigureBook:
    """Read and check a figures.yaml.

    Raises
    ------
    InputError
        It is not YAML, or a key is unknown, missing or has a value that is not allowed; key and
        line are named.
    ResourceError
        There is no such file.
    """
    text = open_text(path, max_bytes=MAX_BYTES).text
    content = load_yaml(path, max_bytes=MAX_BYTES)
    _check_schema(path, text, content)
    try:
        made = _params.build(FigureFile, content)
    except ParameterError as error:
        raise _refused(path, text, _keys_of(error), error.what, error.evidence) from error
    recipes = {}
    for name, figure in made.figures.items():
        where = ["figures", name, "arguments"]
        try:
            recipe: Recipe = _params.build(RECIPES[figure.function], figure.arguments)
        except ParameterError as error:
            keys = [*where, *_keys_of(error)]
            raise _refused(path, text, keys, error.what, error.evidence) from error
        recipes[name] = recipe
    _check_names(path, text, made)
    return FigureBook(path, text, made.licence, made.figures, recipes)


def _check_schema(path: Path, text: str, content: object) -> None:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import best_match

    figures = content.get("figures") if isinstance(content, dict) else None
    for name in figures if isinstance(figures, dict) else ():
        if not isinstance(name, str):
            what = f"the figure id {name!r} is not text"
            raise _refused(path, text, ["figures"], what, "YAML reads null, true and 1 as values")
    for place, value in _numbers(content):
        if not math.isfinite(value):
            what = f"{value} is no number that another can be compared with"
            raise _refused(path, text, place, what)
    problem = best_match(Draft202012Validator(figures_schema()).iter_errors(content))
    if problem is None:
        return
    while problem.context:  # of several allowed shapes, the one that was meant
        problem = max(problem.context, key=lambda one: (len(one.absolute_path), one.message))
    keys: Keys = list(problem.absolute_path)
    if problem.validator == "additionalProperties" and isinstance(problem.instance, dict):
        keys += [key for key in problem.instance if key not in problem.schema["properties"]][:1]
    is_text = problem.validator == "type" and problem.validator_value == "string"
    evidence = "Text that looks like a number needs quotes" if is_text else ""
    raise _refused(path, text, keys, problem.message, evidence)


def _numbers(content: object, keys: tuple[str | int, ...] = ()) -> Iterator[tuple[Keys, float]]:
    """Each float of a document with the keys that lead to it."""
    if isinstance(content, float):
        yield list(keys), content
    elif isinstance(content, dict):
        for key, value in content.items():
            yield from _numbers(value, (*keys, str(key)))
    elif isinstance(content, list):
        for place, value in enumerate(content):
            yield from _numbers(value, (*keys, place))


def _check_names(path: Path, text: str, made: FigureFile) -> None:
    """No figure is called "all", and no two write the same file or one of the run's own."""
    owner: dict[str, str] = {"results": "the table of results", "figures": "the definitions"}
    for name, figure in made.figures.items():
        if not re.fullmatch(FIGURE_ID, name):  # in a schema $ is also before a last newline
            what = f"{name!r} is no figure id: letters, digits, dash and underscore"
            raise _refused(path, text, ["figures"], what)
        if name.casefold() == ALL:
            raise _refused(path, text, ["figures", name], f"a figure cannot be called {name!r}")
        stem = figure.outputs.stem.casefold()
        if stem in owner:
            what = f"{figure.outputs.svg!r} is taken, it belongs to {owner[stem]}"
            raise _refused(path, text, ["figures", name, "outputs", "svg"], what)
        owner[stem] = f"the figure {name!r}"


def _keys_of(error: ParameterError) -> Keys:
    named = error.facts.get("key") or error.facts.get("parameter") or ""
    keys: Keys = []
    for part in str(named).replace("]", "").replace("[", ".").split("."):
        keys += [int(part) if part.isdigit() else part] if part else []
    return keys


def _refused(path: Path, text: str, keys: Keys, what: str, evidence: str = "") -> InputError:
    line = line_of(text, keys)
    named = ".".join(map(str, keys)) or "the document"
    what = what if len(what) <= 300 else what[:299] + "…"
    return InputError(
        f"{path.name}, line {line}, {named}: {what}",
        evidence,
        "Correct this key; `neurosig reproduce --schema` prints what is allowed",
        source=str(path),
        line=line,
        key=named,
    )
