"""Kaplan-Meier curves as data and as a drawing."""

import numpy as np
import pandas as pd
import pytest

from neurosig import pl
from neurosig.errors import InputError
from neurosig.pl.style import GROUP_COLOURS, new_figure

AT_RISK = pd.DataFrame(
    {
        "group": ["a", "a", "a", "b", "b", "b"],
        "time": [0.0, 2.0, 4.0] * 2,
        "n_risk": [4, 3, 1, 2, 2, 1],
    }
)


def words(figure):
    return [text.get_text() for text in figure.findobj(match=lambda a: hasattr(a, "get_text"))]


def test_each_curve_starts_at_time_zero_with_all_alive(curves):
    data = pl.kaplan_meier_data(curves)
    starts = data.groupby("group").first()
    assert starts["time"].tolist() == [0.0, 0.0]
    assert starts["survival"].tolist() == [1.0, 1.0]
    assert starts["n_risk"].tolist() == [4, 2]
    assert len(data) == len(curves) + 2


def test_a_curve_that_already_starts_at_zero_gets_no_second_start(curves):
    once = pl.kaplan_meier_data(curves)
    again = pl.kaplan_meier_data(once[once["part"] == "curve"])
    assert len(again) == len(once)


def test_numbers_at_risk_are_rows_of_the_same_table(curves):
    data = pl.kaplan_meier_data(curves, AT_RISK)
    counts = data[data["part"] == "at risk"]
    assert counts["n_risk"].tolist() == [4, 3, 1, 2, 2, 1]
    assert counts["survival"].isna().all()


def test_the_inputs_are_not_changed(curves):
    before, counts = curves.copy(), AT_RISK.copy()
    pl.kaplan_meier_data(curves, AT_RISK)
    pd.testing.assert_frame_equal(curves, before)
    pd.testing.assert_frame_equal(AT_RISK, counts)


def test_groups_that_are_a_categorical_keep_their_order(curves):
    order = pd.CategoricalDtype(["b", "a", "unused"], ordered=True)
    data = pl.kaplan_meier_data(curves.assign(group=curves["group"].astype(order)))
    assert data["group"].drop_duplicates().tolist() == ["a", "b"]


def test_a_missing_column_is_named(curves):
    with pytest.raises(InputError, match="'ci_low'"):
        pl.kaplan_meier_data(curves.drop(columns="ci_low"))


def test_a_table_without_rows_is_refused(curves):
    with pytest.raises(InputError, match="no curve to draw"):
        pl.kaplan_meier_data(curves.head(0))


def test_the_drawn_steps_are_the_estimates(curves):
    axes = new_figure(5, 4).add_subplot()
    assert pl.draw_kaplan_meier(axes, pl.kaplan_meier_data(curves)) is axes
    first = next(line for line in axes.lines if line.get_drawstyle() == "steps-post")
    assert first.get_xdata().tolist() == [0, 1, 2, 3, 4]
    # by hand: 1, 3/4, 3/4, 3/4 * 1/2, 3/8
    assert first.get_ydata().tolist() == [1, 0.75, 0.75, 0.375, 0.375]


def test_censored_observations_are_ticks_on_the_curve(curves):
    axes = new_figure(5, 4).add_subplot()
    pl.draw_kaplan_meier(axes, pl.kaplan_meier_data(curves))
    ticks = [line for line in axes.lines if line.get_marker() == "|"]
    assert [line.get_xdata().tolist() for line in ticks] == [[2, 4], [5]]
    assert [line.get_ydata().tolist() for line in ticks] == [[0.75, 0.375], [0.5]]


def test_groups_differ_in_colour_and_in_line_type(curves):
    axes = new_figure(5, 4).add_subplot()
    pl.draw_kaplan_meier(axes, pl.kaplan_meier_data(curves))
    steps = [line for line in axes.lines if line.get_drawstyle() == "steps-post"]
    assert [line.get_color() for line in steps] == list(GROUP_COLOURS[:2])
    assert steps[0].get_linestyle() != steps[1].get_linestyle()


def test_names_at_curves_that_end_together_do_not_overlap(curves):
    same = pd.concat([curves.head(4).assign(group=name) for name in "pqr"])
    figure = new_figure(5, 4)
    axes = figure.add_axes((0.1, 0.1, 0.6, 0.8))
    pl.draw_kaplan_meier(axes, pl.kaplan_meier_data(same))
    heights = sorted(note.xy[1] for note in axes.texts)
    line = 8.5 / 72 / (4 * 0.8) * 1.02
    assert np.diff(heights).min() > line


def test_the_figure_has_the_counts_and_the_note(curves):
    data = pl.kaplan_meier_data(curves, AT_RISK)
    figure = pl.kaplan_meier_figure(data, time_label="Time (years)", note="Groups: for display.")
    shown = words(figure)
    assert {"Number at risk", "4", "3", "1", "Time (years)", "Groups: for display."} <= set(shown)


def test_the_note_says_what_the_groups_are_for_and_what_was_tested():
    row = {"effect": 1.448, "effect_low": 1.1, "effect_high": 1.9, "p_value": 0.00001}
    assert pl.display_note(row, split="tertiles") == (
        "Groups: tertiles, for display. Test: Cox per SD, HR 1.45 [1.10, 1.90], p <0.001."
    )


def test_the_note_of_a_failed_fit_says_so():
    row = {"effect": float("nan"), "status": "too_few_events"}
    assert "not estimated (too_few_events)" in pl.display_note(row)


def test_the_words_for_the_figure_hold_n_events_and_ends(curves):
    alt = pl.kaplan_meier_alt(pl.kaplan_meier_data(curves, AT_RISK), "axon in A", "Test: Cox.")
    assert alt == (
        "Kaplan-Meier curves of axon in A. a: n 4, 2 events, survival 38% at time 4. "
        "b: n 2, 1 events, survival 50% at time 5. Test: Cox."
    )


def test_a_curve_without_groups_needs_no_name(curves):
    alone = curves.head(4).drop(columns="group")
    axes = new_figure(5, 4).add_subplot()
    pl.draw_kaplan_meier(axes, pl.kaplan_meier_data(alone))
    assert not list(axes.texts)
    assert axes.get_xticks().max() <= 4
