"""Cumulative incidence curves as data and as a drawing."""

import numpy as np
import pandas as pd
import pytest

from neurosig import pl
from neurosig.errors import InputError
from neurosig.outcomes.competing.incidence import cumulative_incidence
from neurosig.pl.style import GROUP_COLOURS, new_figure


@pytest.fixture
def curves():
    time, cause = [1, 2, 3, 4, 5, 6, 7, 8], [1, 2, 1, 0, 1, 2, 1, 0]
    return cumulative_incidence(time, cause, groups=list("aabbabab"), names=["cancer", "other"])


def test_each_curve_starts_at_time_zero_with_incidence_zero(curves):
    data = pl.incidence_data(curves)
    starts = data.groupby(["cause", "group"]).first()
    assert (starts[["time", "incidence", "ci_low", "ci_high"]] == 0).all(axis=None)
    assert len(data) == len(curves) + 4
    again = pl.incidence_data(data)
    assert len(again) == len(data)


def test_numbers_are_those_of_the_table_and_the_table_is_not_changed(curves):
    before = curves.copy()
    data = pl.incidence_data(curves)
    both = data.merge(curves, on=["cause", "group", "time"])
    assert len(both) == len(curves)
    np.testing.assert_array_equal(both["incidence_x"], both["incidence_y"])
    np.testing.assert_array_equal(both["n_event_x"], both["n_event_y"])
    pd.testing.assert_frame_equal(curves, before)


def test_the_steps_drawn_are_those_of_the_cause(curves):
    data = pl.incidence_data(curves)
    axes = pl.draw_incidence(new_figure(4, 3).add_subplot(), data, "other")
    lines = [line for line in axes.lines if len(line.get_xdata()) > 2]
    assert [line.get_color() for line in lines] == list(GROUP_COLOURS[:2])
    expected = data[(data["cause"] == "other") & (data["group"] == "a")]["incidence"]
    np.testing.assert_array_equal(lines[0].get_ydata(), expected)
    assert axes.get_title(loc="left") == "other"


def test_the_causes_share_one_scale_and_the_note_stands_below(curves):
    figure = pl.incidence_figure(pl.incidence_data(curves), note="Gray's test: p = 0.5")
    assert len(figure.axes) == 2
    assert len({axes.get_ylim() for axes in figure.axes}) == 1
    assert [text.get_text() for text in figure.texts] == ["Gray's test: p = 0.5"]


def test_the_words_for_a_figure_hold_its_numbers(curves):
    words = pl.incidence_alt(pl.incidence_data(curves), "NGF in the cohort")
    assert words.startswith("Cumulative incidence curves of NGF in the cohort. cancer in a: n 4,")
    last = curves[(curves["cause"] == "cancer") & (curves["group"] == "a")].iloc[-1]
    assert f"incidence {last['incidence']:.0%} at time {last['time']:.3g}" in words


def test_what_is_no_curve_and_no_cause_is_refused(curves):
    with pytest.raises(InputError, match="lack 'ci_low'"):
        pl.incidence_data(curves.drop(columns="ci_low"))
    with pytest.raises(InputError, match="no curve to draw"):
        pl.incidence_data(curves.head(0))
    with pytest.raises(InputError, match="no cause 'heart'"):
        pl.draw_incidence(new_figure(4, 3).add_subplot(), pl.incidence_data(curves), "heart")
