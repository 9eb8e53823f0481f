"""The record of who made a result."""

import hashlib
import json
import sys
from importlib import metadata
from types import MappingProxyType

import pandas as pd
import pytest

import neurosig as ns
from neurosig import provenance


@pytest.fixture
def record():
    x = pd.DataFrame([[1.0, 2.0, 3.5]], ["p"], ["NGF", "RET", "TH"])
    return ns.score(x, {"S": ["NGF", "RET"], "T": ["TH"]}, method="ssgsea").provenance


def test_a_record_is_json_and_comes_back_equal(record):
    text = json.dumps(record, allow_nan=False, sort_keys=True)
    assert json.loads(text) == record


def test_a_record_says_method_signatures_input_and_rules(record):
    assert record["method"]["name"] == "ssgsea"
    assert record["method"]["revision"] == ns.methods.SsGsea.spec.revision
    assert record["method"]["doi"] == "10.1038/nature08460"
    assert record["signatures"]["ids"] == ["S", "T"]
    assert record["expression"]["n_obs"] == 1
    assert record["expression"]["n_genes"] == 3
    assert record["coverage"] == {"min_genes": None, "min_coverage": 0.5}


def test_the_hash_of_the_signatures_is_that_of_their_sorted_compact_json(record):
    text = '[["S",[["NGF",1.0],["RET",1.0]]],["T",[["TH",1.0]]]]'
    assert record["signatures"]["sha256"] == hashlib.sha256(text.encode()).hexdigest()


def test_versions_name_python_and_what_is_installed():
    found = provenance.versions()
    assert found["python"] == ".".join(map(str, sys.version_info[:3]))
    assert found["numpy"] == metadata.version("numpy")
    assert found["numba"] == metadata.version("numba")


def test_a_package_that_is_not_installed_has_no_version(monkeypatch):
    monkeypatch.setattr(provenance, "PACKAGES", ("numpy", "no-such-package"))
    assert list(provenance.versions()) == ["python", "numpy"]


def test_the_hash_of_a_file_is_that_of_its_bytes(tmp_path):
    """SHA-256 of "abc": FIPS 180-4, example of one block."""
    (tmp_path / "file").write_bytes(b"abc")
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert provenance.sha256_of_file(tmp_path / "file") == expected
    assert provenance.sha256_of_file(str(tmp_path / "file")) == expected


@pytest.mark.parametrize(
    ("arguments", "command"),
    [
        (
            ["/opt/somewhere/bin/neurosig", "demo", "--out", "results"],
            "neurosig demo --out results",
        ),
        (["run.py"], "run.py"),
        (["-c"], "-c"),
        ([""], "python"),
        ([], "python"),
    ],
)
def test_the_command_has_no_folder_of_the_program(monkeypatch, arguments, command):
    monkeypatch.setattr(sys, "argv", arguments)
    assert provenance.command() == command
    assert provenance.record()["command"] == command


def test_mappings_and_tuples_become_plain_so_that_they_can_be_written():
    facts = MappingProxyType({"a": (1, MappingProxyType({"b": [2.5]})), 3: None})
    plain = provenance.record(facts=facts)["facts"]
    assert plain == {"a": [1, {"b": [2.5]}], "3": None}
    assert type(plain) is dict
    assert type(plain["a"][1]) is dict


def test_a_record_of_a_file_holds_its_hash(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("gene,p1,p2\nNGF,1.5,2.5\nRET,3.25,0.5\n")
    x = ns.read_expression(path, orientation="genes_in_rows")
    found = ns.score(x, {"S": ["NGF", "RET"]}, method="mean").provenance["expression"]
    assert found["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
