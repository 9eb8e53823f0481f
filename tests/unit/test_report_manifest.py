"""The manifest of a run folder."""

import json
from dataclasses import asdict

import pytest

from neurosig.errors import InputError, ParameterError, ResourceError
from neurosig.report.manifest import (
    Column,
    Fact,
    FigureItem,
    Manifest,
    Notice,
    Section,
    TableItem,
    TextItem,
    read_manifest,
)

MANIFEST = Manifest(
    title="T",
    subtitle="S",
    summary=(Fact(label="Cohorts", value=2),),
    notices=(Notice(level="exploratory", text="E"),),
    sections=(
        Section(
            id="a",
            title="A",
            items=(
                TextItem(text="words"),
                TableItem(id="t", title="T", file="t.csv", columns=(Column(name="x", format="p"),)),
                FigureItem(id="f", title="F", alt="w", svg="f.svg", csv="f.csv"),
            ),
        ),
    ),
    provenance={"versions": {"numpy": "2"}, "inputs": [{"file": "x"}]},
)


@pytest.fixture
def read(tmp_path):
    def make(content):
        path = tmp_path / "manifest.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
        return read_manifest(path)

    return make


def test_what_is_written_from_the_dataclasses_is_read_back(read):
    assert read(asdict(MANIFEST)) == MANIFEST


def test_a_manifest_needs_no_more_than_a_title(read):
    assert read({"title": "T"}) == Manifest(title="T")


def test_a_missing_manifest_is_named_with_the_way_out(tmp_path):
    with pytest.raises(ResourceError, match=r"no manifest.json.*neurosig run"):
        read_manifest(tmp_path / "manifest.json")


def test_a_manifest_that_is_not_json_is_refused(read):
    with pytest.raises(InputError, match="is not JSON"):
        read("{title: x}")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ([], "manifest has to be a mapping"),
        ({}, "'manifest.title' is missing"),
        ({"title": "T", "sections": {"id": "a"}}, "manifest.sections has to be a list"),
        ({"title": "T", "sections": ["a"]}, r"sections\[0\] has to be a mapping"),
        ({"title": "T", "sections": [{"id": "a", "title": "A", "items": 3}]}, "items has to be"),
        (
            {"title": "T", "sections": [{"id": "a", "title": "A", "items": [{"kind": "pie"}]}]},
            r"sections\[0\].items\[0\].kind cannot be 'pie'",
        ),
        (
            {"title": "T", "sections": [{"id": "a", "title": "A", "items": [{"kind": "text"}]}]},
            r"items\[0\].text' is missing",
        ),
        ({"title": "T", "notices": [{"level": "loud", "text": "x"}]}, "level cannot be 'loud'"),
        ({"title": "T", "subtitel": "x"}, "Did you mean 'subtitle'"),
    ],
)
def test_what_is_wrong_is_named_by_its_key(read, content, said):
    with pytest.raises(ParameterError, match=said):
        read(content)
