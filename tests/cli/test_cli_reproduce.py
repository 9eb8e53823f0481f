"""`neurosig reproduce`: what it prints and how it ends."""

import json

import pytest

FIGURES = """licence: CC-BY-4.0
figures:
  heat:
    title: Scores of 60 patients
    caption: Mean of six genes.
    function: heatmap
    arguments:
      signatures: {files: [signatures.gmt]}
      cohort:
        id: alpha
        expression: {file: alpha.csv, orientation: genes_in_rows}
        clinical: {file: alpha_clinical.csv, id: patient}
        endpoint: {time: OS.time, event: OS, unit: days}
    inputs:
      - {name: alpha.csv, sha256: @alpha.csv@}
      - {name: alpha_clinical.csv, sha256: @alpha_clinical.csv@}
      - {name: signatures.gmt, sha256: @signatures.gmt@}
    versions: {}
    outputs: {svg: heat.svg, csv: heat.csv}
    expected:
      - origin: nobody
        atol: 100
        numbers: {"z[AXON, alpha-000]": 0}
"""


@pytest.fixture
def book(small_data, tmp_path):
    import shutil

    from neurosig.provenance import sha256_of_file

    text = FIGURES
    for name in ("alpha.csv", "alpha_clinical.csv", "signatures.gmt"):
        shutil.copy(small_data / name, tmp_path)
        text = text.replace(f"@{name}@", sha256_of_file(tmp_path / name))
    path = tmp_path / "figures.yaml"
    path.write_text(text)
    return path


def test_a_figure_is_reported_number_by_number_and_the_end_is_0(neurosig, book, tmp_path):
    ended = neurosig("reproduce", "heat", "--figures", book, "--output", tmp_path / "out")
    assert ended.code == 0
    lines = ended.out.splitlines()
    assert lines[0].startswith("PASS  heat  z[AXON, alpha-000]  expected 0  found ")
    assert lines[0].endswith("tolerance 1e+02  (nobody)")
    assert lines[1] == "PASS: 1 of 1 number within tolerance, 1 figure"
    assert lines[2] == f"folder: {tmp_path / 'out'}"


def test_a_number_out_of_tolerance_ends_with_1(neurosig, book, tmp_path):
    book.write_text(book.read_text().replace("atol: 100", "atol: 0.0"))
    ended = neurosig("reproduce", "all", "--figures", book, "--output", tmp_path / "out")
    assert ended.code == 1
    assert ended.out.startswith("FAIL  heat  z[AXON, alpha-000]  expected 0  found ")
    assert "FAIL: 0 of 1 number within tolerance, 1 figure" in ended.out


def test_a_changed_input_ends_with_5_and_names_the_file(neurosig, book, tmp_path):
    with (tmp_path / "alpha.csv").open("a") as file:
        file.write("X,1\n")
    ended = neurosig("reproduce", "heat", "--figures", book, "--output", tmp_path / "out")
    assert ended.code == 5
    assert "ChecksumError: The input 'alpha.csv' of the figure 'heat'" in ended.err
    assert not (tmp_path / "out").exists()


def test_with_all_a_figure_that_was_not_made_ends_with_its_code(neurosig, book, tmp_path):
    _, figure = book.read_text().split("figures:\n", 1)
    second = (
        figure.replace("  heat:", "  warm:").replace("heat.", "warm.").replace("alpha.csv", "x")
    )
    book.write_text(book.read_text() + second)
    ended = neurosig("reproduce", "all", "--figures", book, "--output", tmp_path / "out")
    assert ended.code == 5
    assert "FAIL  warm  ResourceError: The input 'x' is not there" in ended.out
    assert "FAIL: 1 of 1 number within tolerance, 2 figures, 1 figure not made" in ended.out


def test_the_list_is_one_id_a_line(neurosig, book):
    assert neurosig("reproduce", "--list", "--figures", book).out == "heat\n"
    shipped = neurosig("reproduce", "--list").out.splitlines()
    assert {"coverage", "heatmap", "forest", "kaplan_meier"} <= set(shipped)


def test_an_unknown_figure_or_none_lists_the_ids(neurosig, tmp_path):
    for arguments in (["forrest", "--output", tmp_path / "out"], []):
        ended = neurosig("reproduce", *arguments)
        assert ended.code == 2
        assert "Known: coverage, heatmap, correlation, forest" in ended.err


def test_a_package_that_is_not_installed_is_told_with_its_extra(neurosig, tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    ended = neurosig("reproduce", "oligodendroglioma", "--output", tmp_path / "out")
    assert ended.code == 5
    assert 'python -m pip install "neurosig[reproduce]"' in ended.err


def test_the_schema_is_json(neurosig):
    schema = json.loads(neurosig("reproduce", "--schema").out)
    assert set(schema["required"]) == {"licence", "figures"}


def test_a_damaged_book_is_an_error_of_input_with_its_line(neurosig, book):
    book.write_text(book.read_text().replace("caption:", "capton:"))
    ended = neurosig("reproduce", "--list", "--figures", book)
    assert ended.code == 3
    assert "figures.yaml, line 5, figures.heat.capton" in ended.err
