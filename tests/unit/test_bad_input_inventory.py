"""No row of the table of bad inputs is forgotten: each row of an outcome has a test of its number.

A test covers row 12 if its name has `row_12_`, or if it is the case 12 of a table of a module
test_bad_input_*.py: a dictionary by row that a test is parametrised over under the name "row".
"""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROWS = (*range(1, 33), 62, 64, 65, 66)
_NUMBER = re.compile(r"_row_(\d+)_")


def named_rows(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Rows in the names of tests."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            yield from ((int(number), node.name) for number in _NUMBER.findall(node.name))


def parametrised_rows(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Rows that are keys of the tables which tests are parametrised over."""
    tables = {
        target.id: [key.value for key in node.value.keys if isinstance(key, ast.Constant)]
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in tree.body:
        if not isinstance(node, ast.FunctionDef) or not node.name.startswith("test_"):
            continue
        for call in (d for d in node.decorator_list if isinstance(d, ast.Call)):
            texts = [ast.unparse(part) for part in (call.func, *call.args)]
            if texts[0] == "pytest.mark.parametrize" and texts[1] == "'row'" and texts[2] in tables:
                yield from ((row, f"{node.name}[{row}]") for row in tables[texts[2]])


def inventory(folder: Path) -> dict[int, list[str]]:
    """The tests of each row."""
    found: dict[int, list[str]] = defaultdict(list)
    for path in sorted(folder.glob("test_*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        rows = list(named_rows(tree))
        if path.name.startswith("test_bad_input_"):
            rows += parametrised_rows(tree)
        for row, name in rows:
            found[row].append(f"{path.name}::{name}")
    return found


@pytest.fixture(scope="module")
def found() -> dict[int, list[str]]:
    return inventory(HERE)


@pytest.mark.parametrize("row", ROWS)
def test_every_row_of_an_outcome_has_its_test(found, row):
    assert found.get(row), f"no test for row {row}: name one test_row_{row}_..."


def test_names_and_tables_are_read_and_other_numbers_are_not(tmp_path):
    (tmp_path / "test_x.py").write_text("def test_row_7_is_refused(): ...\ndef test_9(): ...\n")
    (tmp_path / "test_bad_input_y.py").write_text(
        "import pytest\n"
        "CASES = {1: 'a', 4: 'b'}\n"
        "OTHER = {5: 'c'}\n"
        "@pytest.mark.parametrize('row', CASES)\n"
        "def test_refused(row): ...\n"
        "@pytest.mark.parametrize('size', OTHER)\n"
        "def test_sizes(size): ...\n"
    )
    assert dict(inventory(tmp_path)) == {
        1: ["test_bad_input_y.py::test_refused[1]"],
        4: ["test_bad_input_y.py::test_refused[4]"],
        7: ["test_x.py::test_row_7_is_refused"],
    }
