"""Fetching the home cohorts from a server on this machine."""

import codecs
import dataclasses
import gzip
import json

import pytest

import neurosig as ns
from neurosig._lock import locked
from neurosig.datasets import registry
from neurosig.datasets.cache import LEDGER, RemoteFile, fetch, recorded
from neurosig.datasets.registry import COHORTS
from neurosig.datasets.tcga import load_cohort
from neurosig.errors import ChecksumError, ParameterError, ResourceError
from neurosig.records.checking import check_records
from neurosig.records.files import read_record

pytest.importorskip("pooch")


@pytest.fixture
def prad(hub, monkeypatch):
    """The registry's prostate cohort, as it is, from the local server."""
    cohort = dataclasses.replace(COHORTS["PRAD"], hub=hub.address)
    monkeypatch.setitem(registry.COHORTS, "PRAD", cohort)
    return cohort


def test_a_cohort_is_fetched_read_and_has_its_recommended_endpoint(prad, tmp_path):
    data = load_cohort("PRAD", folder=tmp_path)
    x = data.expression.to_frame()
    assert x.loc["TCGA-2A-A8VO-01"].to_dict() == {"NGF": 0.0, "NTRK1": 1.5, "TH": 6.5}
    assert data.endpoint.event == "PFI"
    tumours = data.clinical[data.clinical["sample_type"] == "Primary Tumor"]
    survival = data.endpoint.read(tumours)
    assert (survival.n_events, survival.is_known.sum()) == (1, 3)
    assert "1 sample of 4 without survival data" in data.notes[0]
    assert data.notes[1] == "taken from the survival file alone: _PATIENT, OS"
    assert data.clinical.loc["TCGA-2A-A8VL-01", "OS"] == 0  # 9 in the clinical matrix


def test_a_second_use_needs_no_network(prad, hub, tmp_path):
    load_cohort("PRAD", folder=tmp_path)
    n_before = hub.n_requests
    data = load_cohort("PRAD", folder=tmp_path, offline=True)
    assert hub.n_requests == n_before == 3
    assert data.expression.n_vars == 3


def test_the_checksum_is_written_down_at_first_and_verified_afterwards(prad, tmp_path):
    path = fetch(prad.survival, tmp_path)
    entry = recorded(tmp_path)["PRAD/PRAD_survival.txt"]
    assert entry["bytes"] == path.stat().st_size
    assert entry["url"].endswith("survival%2FPRAD_survival.txt")
    path.write_bytes(path.read_bytes() + b"TCGA-XX\n")
    with pytest.raises(ChecksumError, match=r"changed since it was fetched.*--again"):
        fetch(prad.survival, tmp_path)
    assert fetch(prad.survival, tmp_path, again=True).stat().st_size == entry["bytes"]


def test_another_file_on_the_hub_than_the_first_is_refused(prad, hub, tmp_path):
    path = fetch(prad.survival, tmp_path)
    path.unlink()
    hub.files["survival%2FPRAD_survival.txt"] += b"changed\n"
    with pytest.raises(ChecksumError, match="not the file that was fetched first"):
        fetch(prad.survival, tmp_path)
    assert not path.exists()
    assert fetch(prad.survival, tmp_path, again=True).read_bytes().endswith(b"changed\n")


def test_a_connection_that_breaks_is_taken_up_where_it_broke(hub, tmp_path):
    content = bytes(range(256)) * 400
    hub.files["big.bin"] = content
    hub.n_breaks, hub.break_after = 2, 30_000
    path = fetch(RemoteFile(f"{hub.address}/big.bin", "big.bin"), tmp_path)
    assert path.read_bytes() == content
    assert hub.ranges == ["bytes=30000-", "bytes=60000-"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["big.bin", LEDGER]


def test_a_connection_that_keeps_breaking_says_so_and_the_next_call_goes_on(hub, tmp_path):
    content = bytes(range(256)) * 400
    hub.files["big.bin"] = content
    file = RemoteFile(f"{hub.address}/big.bin", "big.bin")
    hub.n_breaks, hub.break_after = 5, 10_000
    with pytest.raises(ResourceError, match=r"5 attempts.*50,000 bytes have arrived.*goes on"):
        fetch(file, tmp_path)
    assert not (tmp_path / "big.bin").exists()
    assert fetch(file, tmp_path).read_bytes() == content
    assert hub.ranges[-1] == "bytes=50000-"


def test_fetching_again_keeps_the_file_until_the_new_one_is_here(hub, tmp_path):
    hub.files["table"] = b"first\n"
    file = RemoteFile(f"{hub.address}/table", "table.tsv")
    path = fetch(file, tmp_path)
    hub.status = 503
    with pytest.raises(ResourceError, match="503"):
        fetch(file, tmp_path, again=True)
    assert fetch(file, tmp_path, offline=True).read_bytes() == b"first\n"
    hub.status, hub.files["table"] = 200, b"second\n"
    assert fetch(file, tmp_path, again=True).read_bytes() == b"second\n"
    assert fetch(file, tmp_path, offline=True) == path
    assert sorted(p.name for p in tmp_path.iterdir()) == [LEDGER, "table.tsv"]


def test_again_and_offline_contradict_each_other(tmp_path):
    with pytest.raises(ParameterError, match="again=True and offline=True contradict"):
        fetch(RemoteFile("http://127.0.0.1:9/file", "file"), tmp_path, again=True, offline=True)


def test_a_file_is_asked_for_as_it_is(hub, tmp_path):
    hub.files["table"] = b"x"
    fetch(RemoteFile(f"{hub.address}/table", "table"), tmp_path)
    assert hub.encodings == ["identity"]


def test_a_file_that_changes_on_the_hub_in_between_is_fetched_from_its_start(hub, tmp_path):
    hub.files["big.bin"] = b"a" * 50_000
    file = RemoteFile(f"{hub.address}/big.bin", "big.bin")
    hub.n_breaks, hub.break_after = 5, 1_000
    with pytest.raises(ResourceError):
        fetch(file, tmp_path)
    hub.files["big.bin"] = b"b" * 50_000
    assert fetch(file, tmp_path).read_bytes() == b"b" * 50_000


PAGE = b"\n<!DOCTYPE html><html><body>Service Unavailable</body></html>"


@pytest.mark.parametrize(
    "page",
    [PAGE, codecs.BOM_UTF8 + PAGE, gzip.compress(PAGE)],
    ids=["plain", "byte-order mark", "gzip"],
)
def test_a_web_page_in_place_of_a_file_is_refused_and_not_kept(hub, tmp_path, page):
    hub.files["page"] = page
    file = RemoteFile(f"{hub.address}/page", "matrix.tsv")
    with pytest.raises(ResourceError, match=r"a web page in place of the file.*Unavailable"):
        fetch(file, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("status", "said"), [(404, "404 Not Found"), (503, "503")])
def test_an_error_of_the_server_is_told(hub, tmp_path, status, said):
    hub.files["there"] = b"x"
    hub.status = status
    with pytest.raises(ResourceError, match=said):
        fetch(RemoteFile(f"{hub.address}/there", "there"), tmp_path)
    assert not (tmp_path / "there").exists()


def test_without_a_network_the_message_says_what_to_do(tmp_path):
    file = RemoteFile("http://127.0.0.1:9/file", "file")  # nothing listens at port 9
    with pytest.raises(ResourceError, match=r"could not be fetched.*Check the network"):
        fetch(file, tmp_path)
    with pytest.raises(ResourceError, match="asked for without the network"):
        fetch(file, tmp_path, offline=True)


def test_a_damaged_ledger_is_named(prad, tmp_path):
    (tmp_path / LEDGER).write_text("{")
    with pytest.raises(ResourceError, match=r"checksums\.json"):
        fetch(prad.survival, tmp_path)


def test_every_home_cohort_has_three_files_on_the_hub_and_a_recommended_endpoint():
    assert set(COHORTS) == {"PAAD", "PRAD", "BRCA", "HNSC", "COAD", "STAD", "GBM", "LGG"}
    for name, cohort in COHORTS.items():
        assert [f.url.rsplit("/", 1)[1] for f in cohort.files] == [
            f"TCGA.{name}.sampleMap%2FHiSeqV2.gz",
            f"TCGA.{name}.sampleMap%2F{name}_clinicalMatrix",
            f"survival%2F{name}_survival.txt",
        ]
        assert ns.Endpoint.recommended(name).time == "PFI.time"


def test_an_unknown_cohort_is_refused_with_the_closest(tmp_path):
    with pytest.raises(ParameterError, match=r"no home cohort 'PAA'.*Did you mean 'PAAD'"):
        load_cohort("PAA", folder=tmp_path)


def test_the_command_fetches_lists_and_gives_lines_for_a_study(prad, tmp_path, capsys):
    from neurosig.cli import main

    def run(*arguments):
        with pytest.raises(SystemExit) as end:
            main([*map(str, arguments)])
        assert end.value.code == 0
        return capsys.readouterr().out

    folder = ("--folder", tmp_path)
    assert "0 of 3" in run("data", "list", *folder)
    lines = run("data", "fetch", "prad", *folder)
    assert "endpoint: {time: PFI.time, event: PFI, unit: days}" in lines
    assert str(tmp_path / "PRAD" / "HiSeqV2.tsv.gz") in lines
    listed = run("data", "list", *folder)
    assert "fetched" in listed
    assert "93 progressions / 500, 10 deaths / 500" in listed
    shown = run("data", "where", "PRAD", *folder)
    sums = json.loads((tmp_path / LEDGER).read_text())
    assert all(entry["sha256"] in shown for entry in sums.values())
    checks = check_records(tmp_path)  # the fetched files, and clinical.csv made of two of them
    assert {check.status for check in checks} == {"ok"}
    clinical = read_record(tmp_path / "PRAD" / "clinical.csv.provenance.json")
    assert {entry["made_by"]["url"] for entry in clinical["inputs"]} == {
        sums[f"PRAD/{name}"]["url"] for name in ("PRAD_clinicalMatrix.tsv", "PRAD_survival.txt")
    }


def test_a_file_that_another_process_fetches_is_refused_until_it_is_done(hub, tmp_path):
    file = RemoteFile(f"{hub.address}/survival%2FPRAD_survival.txt", "PRAD/survival.txt")
    (tmp_path / "PRAD").mkdir()
    with locked(tmp_path / file.name), pytest.raises(ResourceError, match="Another run is writing"):
        fetch(file, tmp_path)
    assert hub.n_requests == 0
    assert list((tmp_path / "PRAD").iterdir()) == []
    assert fetch(file, tmp_path).is_file()
    assert {path.name for path in tmp_path.rglob("*")} == {"PRAD", "survival.txt", LEDGER}
