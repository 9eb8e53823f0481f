"""The bad inputs of the clinical side, from the file to the cohort, each by its number.

Every case is a file a user could have; the message has to name the column, ids or line, and say
what to do.
"""

import gzip
import warnings

import numpy as np
import pandas as pd
import pytest

from neurosig.errors import InputError, NeurosigWarning
from neurosig.outcomes.clinic.clinical_io import read_clinical
from neurosig.outcomes.clinic.cohort import Cohort
from neurosig.outcomes.clinic.endpoint import Endpoint

GOOD = "id,time,dead,age\np1,400,1,61\np2,800,0,70\np3,1200,0,58\np4,1600,1,66\n"


def scores(ids=("p1", "p2", "p3", "p4")):
    return pd.DataFrame({"NGF": np.arange(len(ids), dtype=float)}, index=list(ids))


def join(folder, content, ids=("p1", "p2", "p3", "p4"), **endpoint):
    path = folder / "clinic.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    options = {"time": "time", "event": "dead"} | endpoint
    return Cohort.join(scores(ids), read_clinical(path), Endpoint(**options))


def column(name, *values):
    """The good table with other values in one column."""
    lines = [line.split(",") for line in GOOD.strip().split("\n")]
    position = lines[0].index(name)
    for line, value in zip(lines[1:], values, strict=True):
        line[position] = value
    return "\n".join(map(",".join, lines)) + "\n"


def test_the_good_table_joins_without_a_word(tmp_path):
    assert join(tmp_path, GOOD).echo == "2 events / 4, median follow-up 3.3 years"


REFUSED = {
    1: (column("time", "400", "-5", "9", "9"), r"negative times.*p2 \(-5\)"),
    4: (column("time", "400", "Inf", "9", "9"), r"infinite times.*p2"),
    6: (column("dead", "1", "2", "1", "2"), r'1/2.*event_values=\("2",\)'),
    7: (column("dead", "0", "1", "2", "0"), r"0/1/2.*competing"),
    11: (GOOD.replace("dead", "CNSR"), r"no column 'dead'"),
    12: (column("dead", "0", "0", "0", "0"), "Nobody had the event"),
    14: (GOOD.replace("\np", "\nq"), r"'p1'.*'q1'"),
    20: (GOOD.replace(",", ";").replace("61", "61,5"), r"'age' has numbers with a decimal comma"),
    21: (column("age", '"1,234"', "1", "2", "3"), "decimal or grouped in thousands"),
    23: (column("time", "2011-03-04", "2012-01-01", "2012-03-01", "2013-01-01"), "holds dates"),
    27: (GOOD + "p1,400,1,61\n", r"p1 \(2 times\)"),
    31: (GOOD.replace("age", "time"), "'time'"),
    52: (GOOD.replace("p4", "pä").encode("latin-1"), r'line 5.*encoding="latin-1"'),
    53: (GOOD.replace("p1,400", "p1,400,9"), "line 2: 5 fields"),
    54: ("id,time,dead,age\n", "a header and no rows"),
    55: (GOOD.replace("61", "6\0"), "NUL byte"),
}


@pytest.mark.parametrize("row", REFUSED)
def test_a_bad_input_is_refused_saying_what_and_where(tmp_path, row):
    content, message = REFUSED[row]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(InputError, match=message) as caught:
            join(tmp_path, content)
    assert caught.value.remedy
    assert caught.value.exit_code == 3


def test_row_11_a_cnsr_column_needs_the_map(tmp_path):
    content = GOOD.replace("dead", "CNSR")
    with pytest.raises(InputError, match=r'event_values=\("0",\)'):
        join(tmp_path, content, event="CNSR")
    cohort = join(tmp_path, content, event="CNSR", event_values=("0",))
    assert cohort.event.tolist() == [0, 1, 1, 0]


def test_row_30_repeated_observations_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"scores have ids.*p1 \(2 times\)"):
        join(tmp_path, GOOD, ids=("p1", "p1", "p2"))


def test_row_58_a_bomb_and_a_very_wide_table_are_refused(tmp_path):
    bomb = tmp_path / "bomb.csv"
    bomb.write_bytes(gzip.compress(GOOD.encode() + b"p9,1,1,1\n" * 200_000))
    with pytest.raises(InputError, match="max_bytes"):
        read_clinical(bomb, max_bytes=100_000)
    wide = tmp_path / "wide.csv"
    wide.write_text(",".join(f"c{i}" for i in range(100_001)) + "\n")
    with pytest.raises(InputError, match="too many columns"):
        read_clinical(wide)


WARNED = {
    2: (column("time", "0", "800", "900", "1000"), "Times of zero"),
    3: (column("time", "400", "", "900", "1000"), "1 of 4 rows: 'p2'"),
    5: (column("dead", "1", "0", "[Not Available]", "1"), "1 of 4 rows: 'p3'"),
}


@pytest.mark.parametrize("row", WARNED)
def test_what_one_can_live_with_is_warned_of_and_counted(tmp_path, row):
    content, message = WARNED[row]
    with pytest.warns(NeurosigWarning, match=message):
        cohort = join(tmp_path, content)
    n_lost = cohort.row_flow["n_lost"].sum()
    assert n_lost == (0 if row == 2 else 1)


FIXED = {
    8: column("dead", "Dead", "Alive", "Alive", "Dead"),
    9: column("dead", " dead", "ALIVE", "alive ", "DEAD"),
    10: column("dead", "1:DECEASED", "0:LIVING", "0:LIVING", "1:DECEASED"),
    19: column("time", '"400"', '" 800"', '"1200.0"', '"1.6e3"'),
    22: GOOD.replace("61", "[Not Available]").replace("70", "--"),
    51: b"\xef\xbb\xbf" + GOOD.encode(),
    56: GOOD.replace("\n", "\r"),
    57: gzip.compress(GOOD.encode()),
}


@pytest.mark.parametrize("row", FIXED)
def test_what_has_one_meaning_is_understood(tmp_path, row):
    cohort = join(tmp_path, FIXED[row])
    assert cohort.event.tolist() == [1, 0, 0, 1]
    assert cohort.time.tolist() == [400, 800, 1200, 1600]
    assert cohort.data["age"].dtype == np.float64


def test_row_28_dots_and_aliquots_meet_patients(tmp_path):
    content = GOOD.replace("p", "TCGA-3X-AAV")
    ids = [f"TCGA.3X.AAV{i}.01A.11R.A41I.07" for i in range(1, 5)]
    with pytest.warns(NeurosigWarning, match="compared as patient ids. 4 matches"):
        assert len(join(tmp_path, content, ids=ids).data) == 4


def test_row_29_normal_tissue_is_warned_of(tmp_path):
    content = GOOD.replace("p1", "TCGA-3X-AAV1-01").replace("p2", "TCGA-3X-AAV1-11")
    with pytest.warns(NeurosigWarning, match="1 normal sample"):
        join(tmp_path, content, ids=("TCGA-3X-AAV1-01", "TCGA-3X-AAV1-11", "p3"))


def test_row_32_ids_stay_text(tmp_path):
    content = GOOD.replace("p1", "0012").replace("p2", "1E5")
    assert join(tmp_path, content, ids=("1E5", "0012")).data.index.tolist() == ["1E5", "0012"]
