"""An assessment as data and as a drawing."""

import numpy as np
import pandas as pd
import pytest

import neurosig as ns
from neurosig import pl
from neurosig.assessment.rules import QualityThresholds, rules_of
from neurosig.errors import InputError


@pytest.fixture(scope="module")
def assessment():
    """One signature that is fine, one with genes of its own each, one that is not there."""
    rng = np.random.default_rng(1)
    values = rng.normal(7, 1, size=(60, 60))
    values[:, :6] += 2 * rng.normal(size=(60, 1))
    x = pd.DataFrame(values, columns=[f"G{i}" for i in range(60)])
    sets = {
        "fine": [f"G{i}" for i in range(6)],
        "gone": ["G1", "X1", "X2", "X3"],
        "loose": [f"G{i}" for i in range(10, 16)],
    }
    return ns.assess(x, sets)


def test_the_gravest_verdicts_come_first_and_what_led_to_them_is_marked(assessment):
    data = pl.assessment_data(assessment)
    assert data["signature"].drop_duplicates().tolist() == ["gone", "loose", "fine"]
    marked = data[data["fired"].ne("")].groupby("signature")["metric"].agg(set)
    assert marked["gone"] == {"coverage"}
    assert {"reliability", "percentile"} <= marked["loose"]
    assert "fine" not in marked
    share = data.set_index(["signature", "metric"])["value"]
    assert share[("gone", "coverage")] == 0.25


def test_every_rule_has_a_column_in_the_figure():
    from neurosig.pl.assessment import _SHOWN

    shown = {rule for column in _SHOWN for rule in column.rules}
    assert shown == {r.name for r in rules_of(QualityThresholds(), min_coverage=0.5, n_sets=1)}


def test_verdicts_differ_in_shape_as_well_as_in_colour(assessment):
    axes = pl.assessment_figure(pl.assessment_data(assessment)).axes[0]
    marks = [(line.get_marker(), line.get_color()) for line in axes.lines]
    assert len(set(marks)) == len({m for m, _ in marks}) == 3
    words = [text.get_text() for text in axes.texts]
    assert {"ok", "caution", "refuse", "25 %"} <= set(words)
    assert [label.get_text() for label in axes.get_yticklabels()] == ["gone", "loose", "fine"]
    bold = [text.get_text() for text in axes.texts if text.get_fontweight() == "bold"]
    assert bold[0] == "25 %"


def test_the_figure_grows_with_the_number_of_signatures(assessment):
    data = pl.assessment_data(assessment)
    many = pd.concat(
        [data.assign(signature=data["signature"] + str(i)) for i in range(14)], ignore_index=True
    )
    low, high = (pl.assessment_figure(d).get_size_inches()[1] for d in (data, many))
    assert high - low == pytest.approx(0.2 * 39)


def test_the_words_name_what_was_refused_and_why(assessment):
    assert pl.assessment_alt(pl.assessment_data(assessment)) == (
        "Verdicts on 3 signatures: 1 ok, 1 caution, 1 refuse. Refused: gone (1 of 4 genes are in "
        "the matrix (25%); at least 50% have to be)."
    )


def test_nothing_to_draw_is_refused(assessment):
    empty = ns.Assessment(assessment.table.iloc[:0], assessment.rules, {})
    with pytest.raises(InputError, match="no assessment to draw"):
        pl.assessment_data(empty)
