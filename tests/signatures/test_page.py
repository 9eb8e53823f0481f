"""The table of all entries in the documentation is that of the catalogue."""

import runpy

import pytest

from neurosig._bundled import bundled


@pytest.fixture(scope="module")
def script():
    # Run, not imported: an import would leave a cache folder among the signatures.
    return runpy.run_path(str(bundled("signatures") / "page.py"), run_name="page")


def test_the_page_is_current(script):
    if not script["PAGE"].is_file():
        pytest.skip("the documentation is not part of this installation")
    assert script["PAGE"].read_text(encoding="utf-8") == script["page"](), (
        "run python signatures/page.py"
    )


def test_every_entry_has_a_row_with_its_licence(script):
    lines = script["page"]().splitlines()
    rows = [line for line in lines if line.startswith("| `") and line.count(" | ") == 7]
    assert len(rows) == 217
    (row,) = [line for line in rows if line.startswith("| `NTR.GLYCINE`")]
    assert "| 4 | exact_hgnc_group | yes | unknown | HGNC group 868 |" in row


def test_a_bar_in_a_cell_does_not_end_it(script):
    assert script["_table"](["a"], [["x|y"]]).splitlines()[-1] == r"| x\|y |"
