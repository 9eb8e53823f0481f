"""Reading a figures.yaml: what is wrong with it is said with its key and its line."""

import jsonschema
import pytest

from neurosig._yaml import line_of
from neurosig.errors import InputError, ParameterError, ResourceError
from neurosig.reproduction.definition import figures_schema, read_figures
from neurosig.reproduction.verb import shipped_figures

Z = 1.3363062095621219


def line_with(path, text):
    lines = path.read_text().splitlines()
    return next(number for number, line in enumerate(lines, start=1) if text in line)


def test_a_book_has_its_figures_with_their_inputs_numbers_and_outputs(book):
    read = read_figures(book)
    assert list(read.figures) == ["heat", "curves"]
    heat = read.figures["heat"]
    assert [i.name for i in heat.inputs] == ["expression.csv", "clinical.csv", "signatures.gmt"]
    assert heat.outputs.stem == "heat"
    assert heat.expected[0].numbers == {"z[S, a]": -Z, "z[S, f]": Z}
    assert read.recipes["heat"].method == "mean"
    assert read.folder == book.resolve().parent


def test_an_unknown_figure_is_refused_with_the_known_ones(book):
    with pytest.raises(ParameterError, match="no figure 'heatt'") as caught:
        read_figures(book).chosen("heatt")
    assert "heat, curves" in caught.value.evidence
    assert read_figures(book).chosen("all") == ["heat", "curves"]


@pytest.mark.parametrize(
    ("old", "new", "key", "at"),
    [
        ("title: Scores", "titel: Scores", "figures.heat.titel", "titel: Scores"),
        ("function: heatmap", "function: heat", "figures.heat.function", "function: heat"),
        ("method: mean", "metod: mean", "figures.heat.arguments.metod", "metod: mean"),
        ("atol: 1.0e-9", "atol: -1", "figures.heat.expected.0.atol", "atol: -1"),
        ("atol: 1.0e-9", "atol: .inf", "figures.heat.expected.0.atol: inf", "atol: .inf"),
        ("rtol: 1.0e-9", "rtol: 1", "figures.curves.expected.0.rtol", "rtol: 1"),
        ("low, 4]: 2", "low, 4]: .nan", "numbers.n_risk[low, 4]: nan is no number", "low, 4]"),
        ("low, 4]: 2", "low, 4]: -.inf", "numbers.n_risk[low, 4]: -inf is no number", "low, 4]"),
        ("origin: by hand", 'origin: " "', "origin is empty", "origin"),
        ("licence: CC-BY-4.0", 'licence: "<my own>"', "licence", "licence"),
        ("  curves:\n", '  "curves\\n":\n', "no figure id", "figures:"),
        ("  curves:\n", "  ../curves:\n", "'../curves' does not match", "figures:"),
        ("z[S, a]: -1.33", "z[S, a]: x", "figures.heat.expected.0.numbers.z[S, a]", "z[S, a]"),
        ("svg: heat.svg", "svg: ../heat.svg", "figures.heat.outputs.svg", "../heat.svg"),
        ("svg: heat.svg", "svg: warm.svg", "figures.heat.outputs", "warm.svg"),
        ("licence: CC-BY-4.0\n", "", "the document", "version: 1"),
        ("  curves:\n", "  all:\n", "figures.all", "  all:"),
        ("svg: curves.svg, csv: curves.csv", "svg: heat.svg, csv: heat.csv", "outputs", "heat.svg"),
        (
            "svg: heat.svg, csv: heat.csv",
            "svg: results.svg, csv: results.csv",
            "svg",
            "results.svg",
        ),
        ("function: heatmap\n", "function: heatmap\n    seed: -1\n", "figures.heat.seed", "seed"),
        ("unit: months", "unit: moons", "cohort.endpoint.unit", "unit: moons"),
    ],
)
def test_what_is_not_allowed_is_refused_with_its_key_and_line(edit, old, new, key, at):
    path = edit(old, new)
    with pytest.raises(InputError) as caught:
        read_figures(path)
    message = str(caught.value)
    assert key in message
    line = caught.value.facts["line"]
    lines = path.read_text().splitlines()
    assert f"figures.yaml, line {line}," in message
    assert any(at in text for text in lines[line - 1 : line + 4])


def test_a_figure_of_which_nothing_is_expected_is_refused(book):
    head, _, _ = book.read_text().rpartition("    expected:\n")
    book.write_text(head + "    expected: []\n")
    with pytest.raises(InputError, match="expected is empty") as caught:
        read_figures(book)
    assert "figures.curves" in str(caught.value)


def test_a_hash_that_is_none_is_refused_in_its_line(edit, book):
    text = book.read_text()
    found = text[text.index("sha256: ") + 8 :][:64]
    path = edit(found, "c0ffee")
    with pytest.raises(InputError, match=r"figures\.heat\.inputs\.0\.sha256") as caught:
        read_figures(path)
    assert caught.value.facts["line"] == line_with(path, "c0ffee")


@pytest.mark.parametrize(
    ("new", "said"),
    [
        ("  curves: [", "line"),
        ("  heat:", "'heat' is there already"),
        ("  curves: &a", "anchors"),
        ("  null:", "figure id None is not text"),
    ],
)
def test_broken_yaml_is_refused_with_its_line(edit, new, said):
    path = edit("  curves:", new)
    with pytest.raises(InputError, match=r"figures\.yaml, line \d+") as caught:
        read_figures(path)
    assert said in str(caught.value)


def test_an_empty_list_of_figures_is_refused(tmp_path):
    path = tmp_path / "figures.yaml"
    path.write_text("licence: CC0-1.0\nfigures: {}\n")
    with pytest.raises(InputError, match=r"line 2, figures: .*non-empty"):
        read_figures(path)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ResourceError, match=r"none\.yaml"):
        read_figures(tmp_path / "none.yaml")


def test_the_schema_is_one_and_takes_what_is_read(book):
    schema = figures_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    assert {"heatmap", "forest", "dotplot"} <= set(
        schema["properties"]["figures"]["additionalProperties"]["properties"]["function"]["enum"]
    )
    assert len(read_figures(shipped_figures()).figures) == 10


def test_a_line_is_that_of_the_last_key_that_is_there():
    text = "a:\n  b:\n    - x\n    - y: 1\n"
    assert line_of(text, ["a", "b", 1, "y"]) == 4
    assert line_of(text, ["a", "b", 7]) == 2
    assert line_of(text, ["a", "c", "d"]) == 1
    assert line_of(text, []) == 1
