"""Coverage as data and as a drawing."""

import pandas as pd
import pytest

from neurosig import pl
from neurosig.errors import InputError


def table(**shares):
    return pd.DataFrame(
        {
            "n_genes": 10,
            "n_found": [round(10 * share) for share in shares.values()],
            "coverage": list(shares.values()),
            "status": ["ok" if share >= 0.5 else "refused" for share in shares.values()],
            "missing_genes": "",
        },
        index=list(shares),
    )


@pytest.fixture
def coverages():
    return {"A": table(axon=1.0, immune=0.9), "B": table(axon=0.3, immune=0.8)}


def test_the_least_covered_signature_comes_first(coverages):
    data = pl.coverage_data(coverages, 0.5)
    assert data[["signature", "cohort", "coverage"]].to_numpy().tolist() == [
        ["axon", "A", 1.0],
        ["axon", "B", 0.3],
        ["immune", "A", 0.9],
        ["immune", "B", 0.8],
    ]


def test_refused_signatures_are_crosses(coverages):
    axes = pl.coverage_figure(pl.coverage_data(coverages, 0.5)).axes[0]
    crosses = [line for line in axes.lines if line.get_marker() == "x" and len(line.get_xdata())]
    assert [line.get_xdata().tolist() for line in crosses] == [[0.3]]


def test_cohorts_differ_in_colour_and_in_shape(coverages):
    axes = pl.coverage_figure(pl.coverage_data(coverages, 0.5)).axes[0]
    marks = [h for h in axes.get_legend().legend_handles if h.get_marker() != "x"]
    assert len({(mark.get_color(), mark.get_marker()) for mark in marks}) == 2
    assert len({mark.get_marker() for mark in marks}) == 2
    assert [t.get_text() for t in axes.get_legend().get_texts()] == ["A", "B", "refused"]


def test_the_threshold_is_drawn_and_written(coverages):
    axes = pl.coverage_figure(pl.coverage_data(coverages, 0.4)).axes[0]
    assert "threshold 40 %" in [text.get_text() for text in axes.texts]
    assert any(list(line.get_xdata()) == [0.4, 0.4] for line in axes.lines)


def test_no_cohort_is_refused():
    with pytest.raises(InputError, match="no coverage to draw"):
        pl.coverage_data({}, 0.5)


def test_a_table_that_is_no_coverage_is_refused(coverages):
    with pytest.raises(InputError, match="'n_found'"):
        pl.coverage_data({"A": coverages["A"].drop(columns="n_found")}, 0.5)


def test_the_words_for_the_figure_name_what_was_refused(coverages):
    assert pl.coverage_alt(pl.coverage_data(coverages, 0.5)) == (
        "Share of genes found for 2 signatures in 2 cohorts, threshold 50%. "
        "Refused: axon in B (3 of 10 genes)."
    )


def test_the_words_say_when_none_was_refused(coverages):
    assert pl.coverage_alt(pl.coverage_data({"A": coverages["A"]}, 0.5)).endswith(
        "None was refused."
    )


@pytest.mark.parametrize("status", ["weights_ignored", "partly_scored"])
def test_signatures_that_are_scored_with_a_remark_are_not_drawn_or_told_as_refused(
    coverages, status
):
    remarked = coverages["A"].assign(status=["ok", status])
    data = pl.coverage_data({"A": remarked}, 0.5)
    axes = pl.coverage_figure(data).axes[0]
    assert not [line for line in axes.lines if line.get_marker() == "x" and len(line.get_xdata())]
    assert [t.get_text() for t in axes.get_legend().get_texts()] == ["A"]
    assert pl.coverage_alt(data).endswith("None was refused.")
