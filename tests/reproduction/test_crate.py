"""The RO-Crate, read back by the library of the format."""

import json
from importlib import metadata

import pytest
from rocrate.rocrate import ROCrate

import neurosig as ns
from neurosig.provenance import sha256_of_file


@pytest.fixture
def folder(book, tmp_path):
    return ns.reproduce("all", output=tmp_path / "out", figures=book).folder


def test_the_crate_conforms_and_lists_every_file(folder):
    content = json.loads((folder / "ro-crate-metadata.json").read_text())
    assert content["@context"][0] if isinstance(content["@context"], list) else content["@context"]
    by_id = {entity["@id"]: entity for entity in content["@graph"]}
    assert len(by_id) == len(content["@graph"])
    descriptor = by_id["ro-crate-metadata.json"]
    assert descriptor["about"] == {"@id": "./"}
    assert descriptor["conformsTo"] == {"@id": "https://w3id.org/ro/crate/1.1"}
    root = by_id["./"]
    assert {"name", "description", "datePublished"} <= set(root)
    assert root["license"]["@id"] == "https://spdx.org/licenses/CC-BY-4.0"
    assert root["conformsTo"] == {"@id": "https://w3id.org/ro/wfrun/process/0.5"}
    assert by_id["https://w3id.org/ro/wfrun/process/0.5"]["@type"] == "CreativeWork"
    listed = {part["@id"] for part in root["hasPart"]}
    assert listed == {path.name for path in folder.iterdir()} - {"ro-crate-metadata.json"}


def test_every_reference_leads_to_an_entity(folder):
    graph = json.loads((folder / "ro-crate-metadata.json").read_text())["@graph"]
    ids = {entity["@id"] for entity in graph}

    def references(value):
        if isinstance(value, dict) and set(value) == {"@id"}:
            yield value["@id"]
        elif isinstance(value, dict):
            for part in value.values():
                yield from references(part)
        elif isinstance(value, list):
            for part in value:
                yield from references(part)

    used = {r for entity in graph for key, v in entity.items() for r in references(v)}
    outside = {
        u for u in used - ids if not u.startswith(("https://w3id.org/", "http://schema.org/"))
    }
    assert outside == set()


def test_rocrate_reads_inputs_outputs_software_and_command_back(book, folder):
    crate = ROCrate(folder)
    actions = {action["name"]: action for action in crate.get_by_type("CreateAction")}
    assert set(actions) == {"Reproduce heat", "Reproduce curves"}
    action = actions["Reproduce heat"]
    assert action["description"] == "neurosig reproduce heat"
    assert {part.id for part in action["result"]} == {"heat.svg", "heat.csv", "results.csv"}
    inputs = {part["name"]: part for part in action["object"]}
    assert set(inputs) == {"expression.csv", "clinical.csv", "signatures.gmt", "figures.yaml"}
    found = sha256_of_file(book.parent / "expression.csv")
    assert inputs["expression.csv"]["sha256"] == found
    assert action["startTime"] <= action["endTime"]
    software = action["instrument"]
    assert software["name"] == "neurosig"
    assert software["url"]
    assert software["softwareVersion"] == metadata.version("neurosig")
    assert crate.license.id == "https://spdx.org/licenses/CC-BY-4.0"


def test_each_file_has_its_type_size_and_hash(folder):
    crate = ROCrate(folder)
    for name, kind in (("heat.svg", "image/svg+xml"), ("results.csv", "text/csv")):
        entity = crate.dereference(name)
        assert entity["encodingFormat"] == kind
        assert entity["contentSize"] == str((folder / name).stat().st_size)
        assert entity["sha256"] == sha256_of_file(folder / name)
    said = crate.dereference("heat.svg")["description"]
    assert said.startswith("Scores of six patients. Mean of two genes. In words: ")


def test_a_figure_whose_numbers_fail_is_a_failed_action(edit, tmp_path):
    path = edit("n_risk[low, 4]: 2", "n_risk[low, 4]: 3")
    crate = ROCrate(ns.reproduce("all", output=tmp_path / "out", figures=path).folder)
    status = {a["name"]: a for a in crate.get_by_type("CreateAction")}
    assert str(status["Reproduce curves"]["actionStatus"]).endswith("FailedActionStatus")
    assert "n_risk[low, 4]" in status["Reproduce curves"]["error"]
    assert str(status["Reproduce heat"]["actionStatus"]).endswith("CompletedActionStatus")
