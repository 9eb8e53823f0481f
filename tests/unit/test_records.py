"""Records of files: what they hold, where they are found, and that no change stays unseen."""

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import anndata
import numpy as np
import pandas as pd
import pytest
import yaml

import neurosig as ns
from neurosig import _atomic, provenance
from neurosig.cli import main
from neurosig.errors import InputError
from neurosig.records.checking import Check, check_records
from neurosig.records.files import FOLDER_RECORD, path_from, read_record, sealed, sidecar_of
from neurosig.records.finding import find_records, made_with
from neurosig.records.words import describe
from neurosig.records.writing import amend_folder_record, write_folder_record, write_sidecar

pytestmark = pytest.mark.filterwarnings("default::neurosig.errors.NeurosigWarning")

X = pd.DataFrame([[1.0, 2.0, 3.5], [4.0, 0.5, 1.0]], ["p", "q"], ["NGF", "RET", "TH"])
SETS = {"S": ["NGF", "RET"], "T": ["TH"]}


def statuses(place: Path, **options: Any) -> dict[str, str]:
    """Path and status of what is not as recorded."""
    return {c.path: c.status for c in check_records(place, **options) if c.status != "ok"}


def wrong(place: Path) -> dict[str, str]:
    """The same without inputs that a copied folder has no way to."""
    return {path: status for path, status in statuses(place).items() if status != "not here"}


def run(*arguments: object) -> None:
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    assert ended.value.code in (0, None)


# ------------------------------------------------------------------------------------------ writing


def test_a_sidecar_lists_what_was_written_and_read_with_the_hash_of_their_bytes(
    tmp_path: Path,
) -> None:
    """SHA-256 of "abc": FIPS 180-4, example of one block."""
    read, table, picture = tmp_path / "in" / "a", tmp_path / "t.csv", tmp_path / "figs" / "p.svg"
    for path, content in ((read, "abc"), (table, "x\n1\n"), (picture, "<svg/>")):
        path.parent.mkdir(exist_ok=True)
        path.write_text(content)
    places = write_sidecar([table, picture], inputs=[read], seed=7, what="made up")
    assert places == (tmp_path / "t.csv.provenance.json", tmp_path / "figs/p.svg.provenance.json")
    record = read_record(places[0])
    abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert record["inputs"] == [{"path": "in/a", "sha256": abc, "bytes": 3}]
    digests = [hashlib.sha256(text).hexdigest() for text in (b"x\n1\n", b"<svg/>")]
    assert record["outputs"] == [
        {"path": "t.csv", "sha256": digests[0], "bytes": 4},
        {"path": "figs/p.svg", "sha256": digests[1], "bytes": 6},
    ]
    assert (record["schema"], record["seed"], record["what"]) == (
        "neurosig-provenance/1",
        7,
        "made up",
    )
    assert record["versions"]["numpy"] == np.__version__
    other = read_record(places[1])
    assert [entry["path"] for entry in other["outputs"]] == ["../t.csv", "p.svg"]
    assert other["inputs"][0]["path"] == "../in/a"


def test_the_time_is_utc_and_can_be_fixed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import UTC, datetime

    before = datetime.now(UTC).replace(microsecond=0)
    told = datetime.strptime(provenance.now(), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    assert before <= told <= datetime.now(UTC)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    (tmp_path / "x").write_text("x")
    first = write_sidecar([tmp_path / "x"])[0].read_bytes()
    assert json.loads(first)["created"] == "1970-01-02T00:00:00Z"
    assert write_sidecar([tmp_path / "x"])[0].read_bytes() == first


def test_saved_scores_are_the_same_bytes_when_the_time_is_fixed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    saved = []
    for name in ("a.h5ad", "b.h5ad"):
        ns.score(X, SETS, method="mean", min_coverage=0).save(tmp_path / name)
        saved.append((tmp_path / name).read_bytes())
    assert saved[0] == saved[1]
    assert b"1970-01-02T00:00:00Z" in saved[0]


def test_the_command_can_be_pasted_into_a_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["/opt/bin/neurosig", "score", "my file.csv", "--id", "A$B"])
    assert provenance.command() == "neurosig score 'my file.csv' --id 'A$B'"
    monkeypatch.setattr("sys.argv", ["/opt/neurosig/__main__.py", "methods"])
    assert provenance.command() == "neurosig methods"


def test_the_hash_of_a_folder_is_that_of_its_listing_by_sha256sum(tmp_path: Path) -> None:
    """What `cd store && find -type f | sort | xargs sha256sum | sha256sum` gives, without "./"."""
    store = tmp_path / "x.zarr"
    (store / "b").mkdir(parents=True)
    (store / "b" / "0").write_bytes(b"abc")
    (store / "a").write_bytes(b"")
    empty, abc = hashlib.sha256(b"").hexdigest(), hashlib.sha256(b"abc").hexdigest()
    listing = f"{empty}  a\n{abc}  b/0\n"
    assert provenance.sha256_of(store) == hashlib.sha256(listing.encode()).hexdigest()


def test_what_made_an_input_is_carried_on(tmp_path: Path) -> None:
    given, scores, table = tmp_path / "x.csv", tmp_path / "s.csv", tmp_path / "cox.csv"
    for path in (given, scores, table):
        path.write_text(path.name)
    signatures = {"sha256": "ab" * 32, "n": 2}
    methods = {"zscore": {"revision": 1, "parameters": {"zeros": "rank"}}}
    write_sidecar([scores], inputs=[given], signatures=signatures, methods=methods, seed=3)
    (place,) = write_sidecar([table], inputs=[scores])
    (entry,) = read_record(place)["inputs"]
    assert entry["made_by"]["signatures"] == signatures
    assert entry["made_by"]["methods"] == methods
    assert entry["made_by"]["seed"] == 3
    assert entry["made_by"]["command"] == provenance.command()
    scores.write_text("edited by hand")  # its record is not of this file
    (place,) = write_sidecar([table], inputs=[scores])
    assert "made_by" not in read_record(place)["inputs"][0]


def test_an_earlier_record_of_a_file_that_is_written_again_goes(tmp_path: Path) -> None:
    report, named = tmp_path / "n.report.csv", tmp_path / "n.csv"
    report.write_text("first")
    write_sidecar([report])
    report.write_text("second")
    named.write_text("x")
    write_sidecar([named, report])
    assert not sidecar_of(report).exists()
    assert {check.status for check in check_records(tmp_path)} == {"ok"}


# ------------------------------------------------------------------------------------------ finding


def test_a_record_is_found_from_every_file_that_it_lists(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("s.csv", "s.coverage.csv")]
    for path in files:
        path.write_text(path.name)
    (place,) = write_sidecar(files)
    for path in files:
        (found,) = find_records(path)
        assert (found.place.name, found.is_current) == (place.name, True)
    files[1].write_text("changed")
    (found,) = find_records(files[1])
    assert found.is_current is False
    assert "CHANGED: the file is not the one that was written" in describe(found)


def test_a_file_in_a_run_folder_is_found_through_the_record_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "t.csv").write_text("x")
    write_folder_record(tmp_path, seed=1)
    (found,) = find_records(tmp_path / "tables" / "t.csv")
    assert found.place == tmp_path / FOLDER_RECORD
    assert [e["path"] for e in found.record["outputs"]] == ["tables/t.csv"]
    (whole,) = find_records(tmp_path)
    assert whole.record == found.record


@pytest.mark.filterwarnings("ignore:Writing zarr v2 data")
def test_records_inside_h5ad_zarr_and_npz_are_found(tmp_path: Path) -> None:
    scores = ns.score(X, SETS, method="zscore", min_coverage=0)
    scores.save(tmp_path / "s.h5ad")
    scores.cohort_stats.save(tmp_path / "c.npz")
    adata = anndata.AnnData(X)
    ns.tl.score(adata, SETS, method="zscore", min_coverage=0)
    adata.write_h5ad(tmp_path / "tl.h5ad")
    adata.write_zarr(tmp_path / "tl.zarr")
    expected = json.loads(json.dumps(scores.provenance))
    for name in ("s.h5ad", "c.npz", "tl.h5ad", "tl.zarr"):
        (found,) = find_records(tmp_path / name)
        assert found.place == found.file
        assert found.is_current is None
        for key in ("method", "signatures", "coverage", "versions", "schema"):
            assert found.record[key] == expected[key], (name, key)
        text = describe(found)
        assert "zscore, revision 1" in text
        assert scores.provenance["signatures"]["sha256"] in text
        assert "kept inside the file" in text


@pytest.mark.parametrize("name", ["table.csv", "cells.h5ad", "arrays.npz", "damaged.h5ad"])
def test_a_file_without_a_record_is_an_input_error_that_says_what_to_do(
    tmp_path: Path, name: str
) -> None:
    path = tmp_path / name
    match name:
        case "cells.h5ad":
            anndata.AnnData(X).write_h5ad(path)
        case "arrays.npz":
            np.savez(path, x=np.arange(3))
        case "damaged.h5ad":
            path.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(20))
        case _:
            path.write_text("x\n1\n")
    with pytest.raises(InputError, match=r"has no provenance record.*Keep files together with"):
        find_records(path)


def test_a_file_that_is_not_there_and_a_damaged_record_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"There is no .*nothing\.csv"):
        find_records(tmp_path / "nothing.csv")
    path = tmp_path / "x.csv"
    path.write_text("x")
    sidecar_of(path).write_text('{"schema": "neurosig-prov')
    with pytest.raises(InputError, match=r"x\.csv\.provenance\.json' cannot be read"):
        find_records(path)
    sidecar_of(path).write_text('{"schema": "neurosig-provenance/2", "inputs": [], "outputs": []}')
    with pytest.raises(InputError, match=r"Its schema is 'neurosig-provenance/2', this version"):
        find_records(path)


def test_a_provenance_json_of_another_program_is_not_taken_for_ours(tmp_path: Path) -> None:
    path = tmp_path / "run" / "x.csv"
    path.parent.mkdir()
    path.write_text("x")
    (tmp_path / FOLDER_RECORD).write_text('{"agent": "somebody"}')
    write_sidecar([path])
    (found,) = find_records(path)
    assert found.place.name == "x.csv.provenance.json"


def test_a_fetched_file_is_told_by_the_list_of_its_folder(tmp_path: Path) -> None:
    path = tmp_path / "PRAD" / "matrix.tsv.gz"
    path.parent.mkdir()
    path.write_bytes(b"abc")
    digest = hashlib.sha256(b"abc").hexdigest()
    entry = {"url": "https://example.org/m", "sha256": digest, "bytes": 3, "fetched": "2026-01-01"}
    (tmp_path / "checksums.json").write_text(json.dumps({"PRAD/matrix.tsv.gz": entry}))
    (found,) = find_records(path)
    assert found.is_current
    assert "fetched from" in describe(found)
    assert "https://example.org/m" in describe(found)
    assert statuses(tmp_path) == {}
    path.write_bytes(b"abd")
    assert statuses(tmp_path) == {"PRAD/matrix.tsv.gz": "changed"}


def test_the_record_of_scores_gives_signatures_methods_and_seed(tmp_path: Path) -> None:
    scores = ns.score(X, SETS, method="ssgsea", min_coverage=0)
    about = made_with(scores.provenance)
    assert about["signatures"] == {"sha256": scores.provenance["signatures"]["sha256"], "n": 2}
    assert about["methods"]["ssgsea"]["revision"] == ns.methods.SsGsea.spec.revision
    assert "seed" not in about  # nothing was drawn


# ----------------------------------------------------------------------------------------- checking


def made_by_outcome_commands(folder: Path, clinic: tuple[Any, ...]) -> list[str]:
    """Run the commands that link scores to outcomes; the names of their main files."""
    joined = (folder / "s.csv", *clinic)
    column = joined[: joined.index("--time")]
    commands: dict[str, tuple[object, ...]] = {
        "regress.csv": ("regress", *column, "--outcome", "pni", "--positive", "yes"),
        "imputed.csv": (
            "regress", *column, "--outcome", "pni", "--positive", "yes", "--adjust", "age",
            "--imputations", "5",
        ),
        "compare.csv": ("compare", *column, "--by", "pni"),
        "correlate.csv": ("correlate", *column, "--with", "age"),
        "interplay.csv": ("interplay", *joined, "--first", "AXON", "--second", "CYTOTOXIC"),
        "model.json": ("train", *joined, "--signature", "AXON"),
        "power.csv": ("power", "--hr", "1.5", "--n-events", "100"),
    }  # fmt: skip
    for name, given in commands.items():
        run(*given, "--output", folder / name)
    run(
        "validate", folder / "model.json", *joined, "--cohort", "other",
        "--output", folder / "validate.csv",
    )  # fmt: skip
    run(
        "mediation", *joined, "--exposure", "AXON", "--mediator", "CYTOTOXIC", "--horizon", "900",
        "--n-resamples", "40", "--output", folder / "mediation.csv",
        "--figure", folder / "paths.svg",
    )  # fmt: skip
    return [*commands, "validate.csv", "mediation.csv", "paths.svg"]


@pytest.fixture(scope="module")
def made_once(
    small_data: Path, small_template: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A folder with a file of every kind that a command writes, each with its record."""
    folder = tmp_path_factory.mktemp("everything")
    signatures = ("--file", small_data / "signatures.gmt")
    matrix = (small_data / "alpha.csv", "--orientation", "genes_in_rows")
    clinic = (
        small_data / "alpha_clinical.csv", "--id", "patient", "--time", "OS.time", "--event", "OS",
    )  # fmt: skip
    score = ("score", *matrix, *signatures, "--method", "zscore")
    run(*score, "--output", folder / "s.csv", "--save-cohort", folder / "npz" / "cohort.npz")
    run(*score, "--output", folder / "s.tsv")
    run(*score, "--output", folder / "s.h5ad", "--null", "matched", "--null-sets", "5")
    run("cox", folder / "s.csv", *clinic, "--output", folder / "cox.csv")
    run("km", folder / "s.csv", *clinic, "--signature", "AXON", "--output", folder / "km.svg")
    extra = made_by_outcome_commands(folder, clinic)
    assert all((folder / name).is_file() for name in extra)
    run("harmonise", *matrix, "--duplicates", "mean", "--output", folder / "named.parquet")
    for ending in ("gmt", "gmx", "json"):
        run("signatures", "export", *signatures, "--output", folder / f"sets.{ending}")
    run(
        "signatures", "compare", *signatures, "--output", folder / "pairs.csv",
        "--figure", folder / "overlap.svg",
    )  # fmt: skip
    run(
        "assess", *matrix, *signatures, "--n-sets", "5", "--output", folder / "verdicts.csv",
        "--figure", folder / "quality" / "picture.svg",
    )  # fmt: skip
    study = {**small_template, "cohorts": small_template["cohorts"][:1]}
    study |= {"scoring": {"method": "mean"}, "figures": {"signatures": ["AXON"]}}
    study["null_test"] = {"n_sets": 0, "n_permutations": 0, "catalogue": False}
    config = folder.parent / "everything.yaml"
    config.write_text(yaml.safe_dump(study))
    run("run", config, "--output", folder / "study")
    return folder


@pytest.fixture
def everything(made_once: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made_once, tmp_path / "copy"))


def test_every_file_that_a_command_writes_has_a_record(made_once: Path) -> None:
    checks = check_records(made_once)
    assert {check.status for check in checks} == {"ok"}  # and none is extra
    endings = {Path(check.path).suffix for check in checks if check.role == "output"}
    assert endings == {
        ".csv", ".tsv", ".h5ad", ".npz", ".parquet", ".svg", ".gmt", ".gmx", ".json", ".html",
        ".yaml", ".md",
    }  # fmt: skip
    files = [p for p in made_once.rglob("*") if p.is_file() and "provenance" not in p.name]
    assert len(files) == sum(check.role == "output" for check in checks)
    for path in files:
        assert find_records(path)[0].is_current, path


def test_the_chain_from_a_model_to_its_matrix_is_in_the_records(made_once: Path) -> None:
    cox = read_record(made_once / "cox.csv.provenance.json")
    assert Path(cox["inputs"][0]["path"]).name == "s.csv"
    made_by = cox["inputs"][0]["made_by"]
    assert made_by["methods"]["zscore"]["revision"] == ns.methods.ZScore.spec.revision
    scores = read_record(made_once / "s.csv.provenance.json")
    assert made_by["signatures"] == scores["signatures"]
    assert made_by["created"] == scores["created"]
    assert {Path(e["path"]).name for e in scores["inputs"]} == {"alpha.csv", "signatures.gmt"}
    assert read_record(made_once / "s.h5ad.provenance.json")["seed"] == 0
    study = read_record(made_once / "study" / FOLDER_RECORD)
    names = {Path(entry["path"]).name for entry in study["inputs"]}
    assert names == {"alpha.csv", "alpha_clinical.csv", "signatures.gmt"}


def one_bit_flipped(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


KINDS = {
    "csv": "s.csv", "tsv": "s.tsv", "h5ad": "s.h5ad", "npz": "npz/cohort.npz", "svg": "km.svg",
    "parquet": "named.parquet", "gmt": "sets.gmt", "gmx": "sets.gmx", "json": "sets.json",
    "coverage": "s.coverage.csv", "html": "study/report.html", "yaml": "study/config.yaml",
    "manifest": "study/manifest.json", "table": "study/tables/cohorts.csv",
    "figure": "study/figures/coverage.svg",
    "record": "s.csv.provenance.json", "record of a run": "study/provenance.json",
}  # fmt: skip


@pytest.mark.parametrize("name", KINDS.values(), ids=KINDS)
def test_one_flipped_bit_is_seen_in_every_kind_of_file(everything: Path, name: str) -> None:
    one_bit_flipped(everything / name)
    assert wrong(everything)[name] == "changed"


@pytest.mark.parametrize("position", range(0, 100, 7))
def test_one_flipped_bit_is_seen_wherever_in_a_record_it_is(tmp_path: Path, position: int) -> None:
    path = tmp_path / "x.csv"
    path.write_text("x\n")
    (place,) = write_sidecar([path], note="a text to flip bits in")
    content = bytearray(place.read_bytes())
    content[position * len(content) // 100] ^= 1
    place.write_bytes(content)
    found = {(c.path, c.status) for c in check_records(tmp_path)}
    assert (place.name, "changed") in found


def test_a_record_made_to_fit_a_changed_file_by_hand_does_not_pass(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("x\n")
    (place,) = write_sidecar([path])
    path.write_text("y\n")
    record = read_record(place)
    record["outputs"][0]["sha256"] = hashlib.sha256(b"y\n").hexdigest()
    _atomic.write_json(place, record)
    assert statuses(tmp_path) == {place.name: "changed"}


def test_missing_and_extra_files_are_named(everything: Path) -> None:
    (everything / "study" / "tables" / "cohorts.csv").unlink()
    (everything / "study" / "notes.txt").write_text("mine")
    (everything / ".partial-0-1-2-3.csv").write_text("left")
    (everything / ".DS_Store").write_text("left by a file browser")
    assert wrong(everything) == {
        "study/tables/cohorts.csv": "missing",
        "study/notes.txt": "extra",
        ".partial-0-1-2-3.csv": "extra",
    }


def test_inputs_are_looked_for_where_they_were_and_in_the_folder_that_is_named(
    tmp_path: Path,
) -> None:
    data, out, elsewhere = tmp_path / "data", tmp_path / "out", tmp_path / "else"
    (data / "sub").mkdir(parents=True)
    out.mkdir()
    for name in ("sub/a.csv", "b.csv"):
        (data / name).write_text(name)
    (out / "t.csv").write_text("x")
    write_sidecar([out / "t.csv"], inputs=[data / "sub" / "a.csv", data / "b.csv"])
    assert statuses(out) == {}
    shutil.move(data, elsewhere)
    assert statuses(out) == {"../data/sub/a.csv": "not here", "../data/b.csv": "not here"}
    assert statuses(out, data=elsewhere) == {}
    (elsewhere / "b.csv").write_text("another")
    assert statuses(out, data=elsewhere) == {"../else/b.csv": "changed"}


def test_of_two_records_of_a_file_the_later_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared, first, second = (tmp_path / name for name in ("shared.csv", "1.csv", "2.csv"))
    for number, path in ((100, first), (200, second)):
        monkeypatch.setenv("SOURCE_DATE_EPOCH", str(number))
        path.write_text("x")
        shared.write_text(path.name)
        write_sidecar([path, shared])
    assert statuses(tmp_path) == {}
    shared.write_text("1.csv")  # what the earlier record says
    assert statuses(tmp_path) == {"shared.csv": "changed"}


@pytest.mark.filterwarnings("ignore:Writing zarr v2 data")
def test_a_zarr_store_that_was_read_is_compared_as_a_whole(tmp_path: Path) -> None:
    store, out = tmp_path / "x.zarr", tmp_path / "out"
    anndata.AnnData(X).write_zarr(store)
    out.mkdir()
    run("harmonise", store, "--output", out / "named.h5ad")
    assert statuses(out) == {}
    piece = next(
        path for path in sorted(store.rglob("*")) if path.is_file() and path.stat().st_size
    )
    one_bit_flipped(piece)
    assert statuses(out) == {"../x.zarr": "changed"}


def test_one_file_can_be_checked_by_itself(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("x")
    write_sidecar([path])
    (tmp_path / "other.csv").write_text("in no record")
    assert statuses(path) == {}
    path.write_text("y")
    assert statuses(path) == {"x.csv": "changed"}
    assert statuses(sidecar_of(path)) == {"x.csv": "changed"}
    ns.score(X, SETS, method="zscore", min_coverage=0).save(tmp_path / "s.h5ad")
    with pytest.raises(InputError, match="only the record inside it"):
        check_records(tmp_path / "s.h5ad")


def test_a_folder_without_records_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="There is no record in"):
        check_records(tmp_path)
    (tmp_path / FOLDER_RECORD).write_text('{"agent": "somebody"}')
    (tmp_path / "x").write_text("x")
    assert isinstance(check_records(tmp_path)[0], Check)


def test_a_report_that_is_built_again_is_written_down_and_nothing_else_is(everything: Path) -> None:
    study = everything / "study"
    table = study / "tables" / "cohorts.csv"
    table.write_text(table.read_text().replace("alpha", "ALPHA"))
    run("report", study)
    assert wrong(study) == {"tables/cohorts.csv": "changed"}
    record = read_record(study / FOLDER_RECORD)
    (step,) = record["amended"]
    assert step["outputs"] == ["report.html"]
    one_bit_flipped(study / FOLDER_RECORD)
    with pytest.raises(InputError):
        amend_folder_record(study, [study / "report.html"])


def test_the_seal_is_of_the_record_without_it() -> None:
    record = sealed({"b": 1, "a": [2]})
    text = '{\n  "a": [\n    2\n  ],\n  "b": 1\n}\n'
    assert record["record_sha256"] == hashlib.sha256(text.encode()).hexdigest()
    assert sealed(record) == record


def test_a_path_is_told_from_the_folder_of_the_record(tmp_path: Path) -> None:
    real = tmp_path / "real" / "deep"
    real.mkdir(parents=True)
    link = tmp_path / "link"
    link.symlink_to(real)
    (tmp_path / "x").write_text("x")
    assert path_from(tmp_path / "x", real) == "../../x"
    assert path_from(tmp_path / "x", link) == "../../x"  # ".." of a link is that of its target
    assert (link / path_from(tmp_path / "x", link)).read_text() == "x"
