"""`reproduce` on a small book: what passes, what fails and what is left behind."""

import json
import sys

import pandas as pd
import pytest

import neurosig as ns
from neurosig.errors import (
    ChecksumError,
    MissingDependencyError,
    ParameterError,
    ResourceError,
)
from neurosig.provenance import sha256_of_file
from neurosig.records.checking import check_records
from neurosig.records.finding import find_records
from neurosig.reproduction.comparison import Check
from neurosig.reproduction.verb import read_figures, version_notes

from .conftest import with_hashes

FILES = {
    "curves.csv",
    "curves.svg",
    "figures.yaml",
    "heat.csv",
    "heat.svg",
    "provenance.json",
    "results.csv",
    "ro-crate-metadata.json",
}


def names_in(folder):
    return {path.name for path in folder.iterdir()}


def test_numbers_by_hand_are_found_and_everything_is_written(book, tmp_path):
    found = ns.reproduce("all", output=tmp_path / "out", figures=book)
    assert found.is_passed
    assert found.table["verdict"].tolist() == ["PASS"] * 7
    assert names_in(found.folder) == FILES
    results = pd.read_csv(found.folder / "results.csv")
    assert results["quantity"].tolist()[:2] == ["z[S, a]", "z[S, f]"]
    assert results["origin"].unique().tolist() == ["by hand"]
    assert (found.folder / "figures.yaml").read_text() == book.read_text()


def test_one_figure_writes_its_own_files_alone(book, tmp_path):
    found = ns.reproduce("heat", output=tmp_path / "out", figures=book)
    assert names_in(found.folder) == FILES - {"curves.csv", "curves.svg"}


def test_two_runs_give_the_same_figures_byte_for_byte(book, tmp_path):
    folders = [
        ns.reproduce("all", output=tmp_path / name, figures=book).folder for name in ("one", "two")
    ]
    for name in FILES - {"provenance.json", "ro-crate-metadata.json"}:
        first, second = ((folder / name).read_bytes() for folder in folders)
        assert first == second, name


def test_a_perturbed_expected_number_fails_with_its_name_and_both_values(edit, tmp_path):
    path = edit("n_risk[low, 4]: 2", "n_risk[low, 4]: 3")
    found = ns.reproduce("all", output=tmp_path / "out", figures=path)
    failed = [check for check in found.checks if not check.is_passed]
    assert len(failed) == 1
    assert not found.is_passed
    assert str(failed[0]).startswith(
        "FAIL  curves  n_risk[low, 4]  expected 3  found 2  tolerance 3e-09  (by hand)"
    )


def test_a_perturbed_input_value_is_refused_with_the_file_and_both_hashes(edit, book, tmp_path):
    recorded = sha256_of_file(book.parent / "expression.csv")
    edit("NGF,0,1", "NGF,0.5,1", "expression.csv")
    changed = sha256_of_file(book.parent / "expression.csv")
    with pytest.raises(ChecksumError, match=r"'expression\.csv' of the figure 'heat'") as caught:
        ns.reproduce("heat", output=tmp_path / "out", figures=book)
    assert f"expression.csv: SHA-256 {changed}, recorded {recorded}" in str(caught.value)
    assert not (tmp_path / "out").exists()
    assert names_in(tmp_path) == {"book"}


def test_a_perturbed_input_with_its_new_hash_fails_in_the_numbers(edit, book, tmp_path):
    before = sha256_of_file(book.parent / "expression.csv")
    edit("NGF,0,1", "NGF,0.5,1", "expression.csv")
    book.write_text(book.read_text().replace(before, "@expression.csv@"))
    book.write_text(with_hashes(book.read_text(), book.parent))
    found = ns.reproduce("heat", output=tmp_path / "out", figures=book)
    assert [check.quantity for check in found.checks if not check.is_passed] == [
        "z[S, a]",
        "z[S, f]",
    ]


def test_with_all_a_figure_that_cannot_be_made_does_not_take_the_others_with_it(edit, tmp_path):
    path = edit("signature: S", "signature: T")
    found = ns.reproduce("all", output=tmp_path / "out", figures=path)
    assert set(found.errors) == {"curves"}
    assert [(c.figure, c.verdict) for c in found.checks] == [
        ("heat", "PASS"),
        ("heat", "PASS"),
        ("curves", "FAIL"),
    ]
    assert "'T'" in str(found.checks[-1])
    assert "curves.svg" not in names_in(found.folder)


def test_an_input_that_is_not_recorded_is_not_read(edit, tmp_path):
    path = edit("      - {name: clinical.csv, sha256", "      - {name: signatures.gmt, sha256")
    text = path.read_text()
    wrong, right = (sha256_of_file(path.parent / n) for n in ("clinical.csv", "signatures.gmt"))
    path.write_text(text.replace(wrong, right, 1))
    with pytest.raises(ParameterError, match=r"reads 'clinical\.csv' of file, which is not among"):
        ns.reproduce("heat", output=tmp_path / "out", figures=path)


def test_a_catalogue_signature_is_an_input_with_a_hash(edit, tmp_path):
    path = edit("signatures: {files: [signatures.gmt]}", "signatures: {ids: [NTF.RECEPTORS]}")
    with pytest.raises(ParameterError, match="'signatures' of signatures, which is not among"):
        ns.reproduce("heat", output=tmp_path / "out", figures=path)
    line = f"      - {{name: signatures, source: signatures, sha256: {'f' * 64}}}\n    versions"
    edit("    versions", line)
    with pytest.raises(ChecksumError, match=r"1 signatures: SHA-256 [0-9a-f]{64}, recorded ffff"):
        ns.reproduce("heat", output=tmp_path / "out", figures=path)


def test_an_input_that_is_gone_is_refused(book, tmp_path):
    (book.parent / "clinical.csv").unlink()
    with pytest.raises(ResourceError, match=r"'clinical\.csv' is not there"):
        ns.reproduce("heat", output=tmp_path / "out", figures=book)


def test_one_of_several_recorded_hashes_is_enough(edit, book, tmp_path):
    known = sha256_of_file(book.parent / "expression.csv")
    edit(f"sha256: {known}", f"sha256: [{'f' * 64}, {known}]")
    assert ns.reproduce("heat", output=tmp_path / "out", figures=book).is_passed


def test_a_quantity_that_the_figure_does_not_have_fails_with_a_like_one(edit, tmp_path):
    path = edit("z[S, a]: -1", "z[S, aa]: -1")
    found = ns.reproduce("heat", output=tmp_path / "out", figures=path)
    assert str(found.checks[0]).endswith("no such number, did you mean 'z[S, a]'?")
    assert not found.checks[0].is_passed


def test_other_versions_are_a_note_and_no_failure(book, tmp_path):
    found = ns.reproduce("all", output=tmp_path / "out", figures=book)
    of_versions = [note for note in found.notes if "recorded with" in note]
    assert len(of_versions) == 1
    assert of_versions[0].endswith("is installed, the figures were recorded with 0.0.1")
    assert found.is_passed


def test_a_package_of_the_record_that_is_not_there_is_a_note(edit):
    path = edit("versions: {numpy: 0.0.1}", "versions: {no-such-package: '1.0'}")
    assert version_notes([read_figures(path).figures["heat"]]) == [
        "no-such-package is not installed, the figures were recorded with 1.0"
    ]


@pytest.mark.parametrize("name", ["notes.txt", "forest.svg"])
def test_a_folder_with_other_content_is_refused_and_left_alone(book, tmp_path, name):
    out = tmp_path / "out"
    out.mkdir()
    (out / name).write_text("mine")
    with pytest.raises(ResourceError, match=f"It holds '{name}'"):
        ns.reproduce("heat", output=out, figures=book)
    assert (out / name).read_text() == "mine"


def test_the_folder_of_the_definitions_is_no_output(book):
    for name in ("expression.csv", "clinical.csv", "signatures.gmt"):
        (book.parent / name).unlink()
    with pytest.raises(ResourceError, match=r"It holds 'figures\.yaml'"):
        ns.reproduce("heat", output=book.parent, figures=book)
    assert book.is_file()


def test_someone_elses_definitions_are_not_replaced(book, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "figures.yaml").write_text("mine")
    with pytest.raises(ResourceError, match=r"It holds 'figures\.yaml'"):
        ns.reproduce("heat", output=out, figures=book)
    assert (out / "figures.yaml").read_text() == "mine"


def test_a_file_is_no_output(book, tmp_path):
    (tmp_path / "out").write_text("mine")
    with pytest.raises(ResourceError, match="is not a folder"):
        ns.reproduce("heat", output=tmp_path / "out", figures=book)


def test_an_earlier_reproduction_is_replaced_even_where_part_of_it_is_gone(book, tmp_path):
    out = tmp_path / "out"
    ns.reproduce("all", output=out, figures=book)
    for name in ("heat.svg", "results.csv", "ro-crate-metadata.json", "provenance.json"):
        (out / name).unlink()
    (out / ".snakemake_timestamp").touch()
    assert ns.reproduce("heat", output=out, figures=book).is_passed
    assert names_in(out) == FILES - {"curves.csv", "curves.svg"}


def test_a_run_that_fails_leaves_the_earlier_one_as_it_was(edit, book, tmp_path):
    out = tmp_path / "out"
    ns.reproduce("all", output=out, figures=book)
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    edit("NGF,0,1", "NGF,0.5,1", "expression.csv")
    with pytest.raises(ChecksumError):
        ns.reproduce("all", output=out, figures=book)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
    assert names_in(tmp_path) == {"book", "out"}


def test_without_rocrate_the_message_says_how_to_get_it(book, tmp_path, monkeypatch):
    for name in [m for m in sys.modules if m.partition(".")[0] == "rocrate"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "rocrate", None)  # makes an import fail
    with pytest.raises(MissingDependencyError, match="rocrate is not installed") as caught:
        ns.reproduce("heat", output=tmp_path / "out", figures=book)
    assert "neurosig[reproduce]" in caught.value.remedy
    assert not (tmp_path / "out").exists()


def test_the_provenance_has_inputs_seed_time_and_hashes_that_hold(book, tmp_path):
    folder = ns.reproduce("heat", output=tmp_path / "out", figures=book).folder
    record = json.loads((folder / "provenance.json").read_text())
    assert record["figures"]["heat"]["seed"] == 0
    assert record["versions"]["numpy"]
    assert {one["path"] for one in record["outputs"]} == {
        "ro-crate-metadata.json",
        "heat.svg",
        "heat.csv",
        "results.csv",
        "figures.yaml",
    }
    for one in record["outputs"]:
        assert one["sha256"] == sha256_of_file(folder / one["path"])
    for one in record["figures"]["heat"]["inputs"]:
        assert one["sha256"] == [sha256_of_file(book.parent / one["name"])]
    assert {(check.role, check.status) for check in check_records(folder)} == {("output", "ok")}
    for name in ("heat.svg", "heat.csv", "results.csv", "ro-crate-metadata.json"):
        (found,) = find_records(folder / name)
        assert found.is_current
    (folder / "heat.csv").write_text("changed")
    (changed,) = [check for check in check_records(folder) if check.status != "ok"]
    assert (changed.path, changed.status) == ("heat.csv", "changed")


@pytest.mark.parametrize(
    ("found", "tolerance", "verdict"),
    [
        (1.0, 0.0, "PASS"),
        (1.25, 0.25, "PASS"),
        (1.26, 0.25, "FAIL"),
        (float("nan"), 9.0, "FAIL"),
        (float("inf"), 9.0, "FAIL"),
    ],
)
def test_a_number_passes_up_to_its_tolerance(found, tolerance, verdict):
    assert Check("f", "q", 1.0, found, tolerance, "R").verdict == verdict


def test_a_tolerance_is_absolute_plus_relative(edit, tmp_path):
    # z[S, a] = -1.3363: 0.1 + 0.5 * 1.2 = 0.7 around -1.2 holds it
    path = edit("atol: 1.0e-9", "atol: 0.1\n        rtol: 0.5")
    edit("z[S, a]: -1.3363062095621219", "z[S, a]: -1.2")
    found = ns.reproduce("heat", output=tmp_path / "out", figures=path)
    assert found.checks[0].tolerance == pytest.approx(0.7)
    assert found.is_passed
