"""The code in the documentation runs and gives what the page shows."""

import doctest
import warnings
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("page", ["single_cell.md"])
def test_the_code_of_a_page_runs_and_gives_what_it_shows(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the libraries the page uses, and the one it tells of
        failed, tried = doctest.testfile(
            str(DOCS / page), module_relative=False, optionflags=doctest.NORMALIZE_WHITESPACE
        )
    assert failed == 0
    assert tried > 10
    assert sorted(p.name for p in tmp_path.iterdir()) == ["dots.csv", "dots.svg"]
