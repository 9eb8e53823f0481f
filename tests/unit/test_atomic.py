"""Files that are either whole or not there."""

import ast
import csv
import os
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurosig import _atomic
from neurosig.errors import ResourceError

KILLED = """
import os, sys
from pathlib import Path
from neurosig import _atomic

with _atomic.replacing(Path(sys.argv[1])) as temporary:
    temporary.write_text("half of it")
    os._exit(9)
"""


@pytest.mark.parametrize("earlier", [None, "whole and old"])
def test_a_kill_in_the_middle_of_writing_leaves_the_old_file_or_none(
    tmp_path: Path, earlier: str | None
) -> None:
    path = tmp_path / "table.csv"
    if earlier is not None:
        path.write_text(earlier)
    child = subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False)
    assert child.returncode == 9
    assert (path.read_text() if path.exists() else None) == earlier


def test_a_full_disk_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "scores.h5ad"
    path.write_text("old")

    def on_a_full_disk(temporary: Path) -> None:
        temporary.write_text("part")
        raise OSError(28, "No space left on device")

    with pytest.raises(ResourceError, match="No space left"):
        _atomic.write_with(path, on_a_full_disk)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_folders_are_made_and_a_path_below_a_file_is_a_resource_error(tmp_path: Path) -> None:
    _atomic.write_text(tmp_path / "a" / "b" / "c.txt", "é\n")
    assert (tmp_path / "a" / "b" / "c.txt").read_bytes() == "é\n".encode()
    with pytest.raises(ResourceError, match="cannot be written"):
        _atomic.write_text(tmp_path / "a" / "b" / "c.txt" / "d.txt", "x")


@pytest.mark.parametrize("mask", [0o022, 0o077])
def test_permissions_follow_the_umask(tmp_path: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        _atomic.write_text(tmp_path / "x.txt", "x")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "x.txt").stat().st_mode) == 0o666 & ~mask


def test_json_has_the_same_bytes_whatever_the_order_of_its_keys(tmp_path: Path) -> None:
    _atomic.write_json(tmp_path / "a.json", {"b": 1, "a": ["é"]})
    _atomic.write_json(tmp_path / "b.json", {"a": ["é"], "b": 1})
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()


@given(st.lists(st.floats(allow_nan=False), min_size=1))
def test_floats_come_back_to_the_bit(values: list[float]) -> None:
    text = _atomic.csv_text(pd.DataFrame({"x": values}))
    assert [float(line) for line in text.splitlines()[1:]] == values


def test_cells_are_written_by_their_type() -> None:
    table = pd.DataFrame(
        {
            "text": ["=1+1", "-x", "a,b", "nan", None],
            "number": [-0.5, np.nan, np.inf, 1e-300, 0.1],
            "count": [1, 2, 3, 4, 5],
            "flag": [True, False, True, False, True],
        }
    )
    assert _atomic.csv_text(table).splitlines() == [
        "text,number,count,flag",
        "'=1+1,-0.5,1,True",
        "'-x,,2,False",
        '"a,b",inf,3,True',
        "nan,1e-300,4,False",
        ",0.1,5,True",
    ]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_a_text_that_a_spreadsheet_would_run_is_prefixed_and_can_be_read_back(
    tmp_path: Path, start: str
) -> None:
    text = f"{start}cmd|' /C calc'!A0"
    _atomic.write_csv(tmp_path / "x.csv", pd.DataFrame({text: [text]}))
    with (tmp_path / "x.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert rows == [[f"'{text}"], [f"'{text}"]]
    assert _atomic.unguard_cell(rows[1][0]) == text


def test_a_text_with_an_apostrophe_of_its_own_stays_as_it_is() -> None:
    assert _atomic.unguard_cell("'quoted'") == "'quoted'"
    assert _atomic.unguard_cell("5'-nucleotidase") == "5'-nucleotidase"


WRITERS = frozenset(
    {"write_text", "write_bytes", "write_h5ad", "write_zarr", "to_parquet", "to_excel"}
    | {"savefig", "save", "savez", "savez_compressed", "tofile", "copyfile", "copy2"}
)
TEMPORARY = {
    "_atomic.py": "write_bytes to the temporary path",
    "_array_file.py": "NumPy writes to the temporary path, which is opened for it",
    "cli/score.py": "Scores.save and CohortStats.save, which are atomic",
    "cli/train.py": "FrozenModel.save, which is atomic",
    "pl/style.py": "draws into a buffer",
}


def _writes(call: ast.Call) -> bool:
    """Whether a call writes a file by itself."""
    function = call.func
    if isinstance(function, ast.Name):
        return function.id == "open" and _mode(call.args[1:]) in ("w", "a", "x")
    if not isinstance(function, ast.Attribute):
        return False
    if isinstance(function.value, ast.Name) and function.value.id == "_atomic":
        return False
    is_to_write = function.attr == "open" and _mode(call.args) in ("w", "a", "x")
    return function.attr in WRITERS or is_to_write


def _mode(arguments: list[ast.expr]) -> str:
    mode = arguments[0] if arguments else ast.Constant("r")
    return str(mode.value)[0] if isinstance(mode, ast.Constant) else ""


def test_every_file_is_written_through_the_atomic_writer() -> None:
    """Calls that write otherwise; the list above says why some may."""
    package = Path(_atomic.__file__).parent
    found = {
        path.relative_to(package).as_posix(): sorted({ast.unparse(c) for c in calls})
        for path in sorted(package.rglob("*.py"))
        if (calls := [n for n in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
                      if isinstance(n, ast.Call) and _writes(n)])
    }  # fmt: skip
    assert {name: calls for name, calls in found.items() if name not in TEMPORARY} == {}
    assert set(found) == set(TEMPORARY)
