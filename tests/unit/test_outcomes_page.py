"""The examples of docs/outcomes.md run and give the numbers the page shows."""

import doctest
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "outcomes.md"


def test_the_examples_of_the_outcomes_page_give_the_numbers_shown():
    result = doctest.testfile(
        str(PAGE), module_relative=False, optionflags=doctest.NORMALIZE_WHITESPACE
    )
    assert result.attempted > 10
    assert result.failed == 0
