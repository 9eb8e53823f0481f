"""The code in the documentation runs and gives what the page shows."""

import doctest
import re
import warnings
from pathlib import Path

import pytest

from neurosig.cli.app import COMMANDS

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


def test_the_index_leads_to_every_page():
    index = (DOCS / "README.md").read_text(encoding="utf-8")
    for page in sorted(DOCS.glob("*.md")):
        assert page.name == "README.md" or f"]({page.name})" in index, page.name


def test_the_readme_lists_the_commands_of_the_program_once_and_in_its_order():
    readme = (DOCS.parent / "README.md").read_text(encoding="utf-8")
    listed = re.findall(r"^`neurosig (\w+(?: \| \w+)+)`", readme, re.MULTILINE)
    assert listed == [" | ".join(COMMANDS)]


LINK = re.compile(r"\]\((?!https?:)([^)\s#]+)")


def test_links_between_pages_lead_to_files_that_are_there():
    pages = [DOCS.parent / "README.md", *sorted(DOCS.glob("*.md"))]
    links = [(page, name) for page in pages for name in LINK.findall(page.read_text("utf-8"))]
    assert len(links) > 40
    assert [f"{p.name}: {name}" for p, name in links if not (p.parent / name).exists()] == []
