"""Forest plots as data and as a drawing."""

import numpy as np
import pandas as pd
import pytest

from neurosig import pl
from neurosig.errors import InputError
from neurosig.pl.forest_axis import EffectAxis
from neurosig.pl.style import SMALL_SIZE, text_width


def words(figure):
    return [text.get_text() for text in figure.axes[0].texts]


def test_cohorts_come_with_their_pooled_row_and_other_endpoints_below(results, pooled):
    data = pl.forest_data(results, pooled, signature="axon")
    assert data[["kind", "label", "endpoint"]].to_numpy().tolist() == [
        ["cohort", "A", "OS"],
        ["cohort", "B", "OS"],
        ["pooled", "pooled", "OS"],
        ["cohort", "R", "RFS"],
    ]
    assert data["effect"].tolist() == [1.2, 1.4, 1.3, 1.6]


def test_a_title_stands_above_in_room_of_its_own(results):
    data = pl.forest_data(results, signature="axon")
    plain, titled = pl.forest_figure(data), pl.forest_figure(data, title="axon")
    assert [text.get_text() for text in titled.texts] == ["axon"]
    assert plain.texts == []
    assert titled.get_figheight() == pytest.approx(plain.get_figheight() + 0.25)
    box = titled.texts[0].get_window_extent()
    assert box.y0 > max(text.get_window_extent().y1 for text in titled.axes[0].texts)


def test_only_the_rows_of_the_score_are_shown(results):
    assert 9.0 not in pl.forest_data(results, signature="axon")["effect"].tolist()


def test_an_unknown_signature_is_refused_with_the_known_ones(results):
    with pytest.raises(InputError, match="'axon', 'immune'"):
        pl.forest_data(results, signature="axom")


def test_a_table_without_effects_is_refused(results):
    with pytest.raises(InputError, match="'effect_low'"):
        pl.forest_data(results.drop(columns="effect_low"), signature="axon")


def test_the_diamond_is_there_once_and_spans_its_interval(results, pooled):
    figure = pl.forest_figure(pl.forest_data(results, pooled, signature="axon"))
    (diamond,) = figure.axes[0].patches
    corners = diamond.get_xy()
    # the row of the pooled effect: 1.3 / 1.25, 1.3 and 1.3 * 1.25
    assert corners[:3, 0] == pytest.approx([1.04, 1.3, 1.625])


def test_without_pooled_effects_there_is_no_diamond(results):
    figure = pl.forest_figure(pl.forest_data(results, signature="axon"))
    assert not figure.axes[0].patches


def test_a_pooled_row_of_one_cohort_says_so_and_is_hollow(results, pooled):
    alone = pooled.assign(status="single_cohort", i2=np.nan)
    figure = pl.forest_figure(pl.forest_data(results, alone, signature="axon"))
    assert "Pooled (single cohort)" in words(figure)
    assert figure.axes[0].patches[0].get_facecolor()[3] == 0


def shown_colours(axes, marker):
    return [line.get_color() for line in axes.lines if line.get_marker() == marker]


def test_with_few_cohorts_the_common_effect_is_a_second_hollow_diamond(results, few_cohorts):
    figure = pl.forest_figure(pl.forest_data(results, few_cohorts, signature="axon"))
    random, common = figure.axes[0].patches
    assert common.get_facecolor()[3] == 0
    assert common.get_xy()[:3, 0] == pytest.approx([1.1, 1.28, 1.5])
    assert common.get_edgecolor() != random.get_edgecolor()
    shown = words(figure)
    assert shown.index("Common effect") > shown.index("Random effects (HK)")
    assert {"1.30 [0.10, 17.00]", "1.28 [1.10, 1.50]", "0.004"} <= set(shown)
    # one q for each cohort and for the random effects, none for the common effect
    assert shown.count("0.060") == 4
    assert shown.count("400 / 120") == 2


def test_the_axis_follows_cohorts_and_common_effect_and_cuts_the_rest(results, few_cohorts):
    axes = pl.forest_figure(pl.forest_data(results, few_cohorts, signature="axon")).axes[0]
    low, high = axes.get_xlim()
    # the widest interval of a cohort is that of R: 1.6 * 1.25 = 2; a ratio of 2 is always allowed
    assert high == pytest.approx(2.0 * (2.0 / 0.96) ** 0.06)
    assert (shown_colours(axes, "<"), shown_colours(axes, ">")) == (["#d55e00"], ["#d55e00"])
    cut = axes.patches[0].get_xy()
    assert (cut[:, 0].min(), cut[:, 0].max()) == pytest.approx((low, high))
    # a diamond from 0.1 over 1.3 to 17 keeps ln(high / 1.3) / ln(17 / 1.3) of its right half, and
    # is as high there as a straight line from 0.27 at the middle to 0 at the end says
    at_end = cut[cut[:, 0] == high][:, 1]
    left_over = 0.27 * (1 - np.log(high / 1.3) / np.log(17 / 1.3))
    assert (at_end.max() - at_end.min()) / 2 == pytest.approx(left_over)


def test_a_narrow_hartung_knapp_interval_is_told_with_the_wider_one(results, few_cohorts):
    data = pl.forest_data(results, few_cohorts, signature="immune")
    assert "HK factor 0.02 < 1: wider interval [0.68, 0.94]" in words(pl.forest_figure(data))
    same = few_cohorts.assign(effect_low_wider=0.79, effect_high_wider=0.81)
    data = pl.forest_data(results, same, signature="immune")
    shown = words(pl.forest_figure(data))
    assert "HK factor 0.02 < 1: the HK interval is still the wider one" in shown
    wide = words(pl.forest_figure(pl.forest_data(results, few_cohorts, signature="axon")))
    assert not [text for text in wide if "HK factor" in text]


def test_the_summary_shows_both_effects_of_each_signature(few_cohorts):
    figure = pl.forest_figure(pl.summary_forest_data(few_cohorts))
    axes, shown = figure.axes[0], words(figure)
    assert {"Random effects (HK)", "Common effect", "random effects", "common effect"} <= set(shown)
    assert {"1.30 [0.10, 17.00]", "1.28 [1.10, 1.50]", "0.80 [0.79, 0.81] †"} <= set(shown)
    assert "single cohort" in shown
    assert any(text.startswith("† HK factor below 1") for text in shown)
    # axon and immune and the key above the axis; vascular has a square alone
    circles = [line for line in axes.lines if line.get_marker() == "o"]
    squares = [line for line in axes.lines if line.get_marker() == "s"]
    assert (len(circles), len(squares)) == (3, 4)
    assert {line.get_markerfacecolor() for line in circles} == {"#fffffe"}
    assert axes.get_xlim()[1] < 3
    assert shown_colours(axes, ">") == ["#0072b2"]


def test_without_common_effects_the_summary_has_one_effect_per_line(pooled):
    figure = pl.forest_figure(pl.summary_forest_data(pooled))
    assert "HR per SD [95 % CI]" in words(figure)
    assert not shown_colours(figure.axes[0], "o")


def test_signatures_without_an_estimate_are_named_below_the_summary(pooled):
    lost = [f"long signature name {i}" for i in range(12)]
    rows = [
        pooled.head(1).assign(signature=name, effect=np.nan, status="no_score") for name in lost
    ]
    data = pl.summary_forest_data(pd.concat([pooled, *rows]))
    figure = pl.forest_figure(data)
    assert len(data) == 14
    below = [text for text in figure.axes[0].texts if "long signature" in text.get_text()]
    told = " ".join(text.get_text() for text in below)
    assert told == f"Not estimated, no score (12): {', '.join(lost)}"
    assert len(below) > 1
    # a margin of 0.1 inches at each side
    room = figure.get_size_inches()[0] - 0.2
    assert max(text_width(text.get_text(), SMALL_SIZE) for text in below) <= room
    lowest = figure.axes[0].get_position().y0 * figure.get_size_inches()[1] + min(
        text.get_position()[1] / 72 for text in below
    )
    assert lowest > 0


def test_a_summary_without_any_estimate_still_names_its_rows(pooled):
    data = pl.summary_forest_data(pooled.assign(effect=np.nan, status="no_cohort"))
    assert words(pl.forest_figure(data)).count("not estimated: no cohort") == 2


def test_the_texts_are_beside_the_rows(results, pooled):
    shown = words(pl.forest_figure(pl.forest_data(results, pooled, signature="axon")))
    assert {"Cohort", "n / events", "HR per SD [95 % CI]", "p", "q", "OS", "RFS"} <= set(shown)
    assert {"200 / 60", "1.20 [0.96, 1.50]", "0.030", "0.060", "Pooled", "400 / 120"} <= set(shown)
    assert "2 cohorts, I² 23 %, τ² 0.010, heterogeneity p = 0.27" in shown


def test_a_row_that_was_not_estimated_says_so(results):
    failed = results.assign(effect=np.nan, status="too_few_events")
    shown = words(pl.forest_figure(pl.forest_data(failed, signature="axon")))
    assert "not estimated: too few events" in shown


def test_the_area_of_a_square_grows_with_precision(results, pooled):
    figure = pl.forest_figure(pl.forest_data(results, pooled, signature="axon"))
    squares = [line for line in figure.axes[0].lines if line.get_marker() == "s"]
    by_effect = {float(line.get_xdata()[0]): line.get_markersize() for line in squares}
    # standard errors 0.1 and 0.2: half the side, a quarter of the area
    assert by_effect[1.2] == pytest.approx(2 * by_effect[1.4])


def test_the_summary_is_sorted_with_failures_last(pooled):
    failed = pooled.tail(1).assign(signature="failed", effect=np.nan, status="no_cohort")
    data = pl.summary_forest_data(pd.concat([failed, pooled.iloc[::-1]]))
    assert data["label"].tolist() == ["axon", "immune", "failed"]
    assert set(data["kind"]) == {"signature"}


def test_a_summary_without_score_rows_is_refused(pooled):
    with pytest.raises(InputError, match="no effect to draw"):
        pl.summary_forest_data(pooled.assign(term="age"))


def test_ratios_have_a_logarithmic_axis_around_one(results):
    axes = pl.forest_figure(pl.forest_data(results, signature="axon")).axes[0]
    assert axes.get_xscale() == "log"
    low, high = axes.get_xlim()
    assert low < 1 < high


def test_differences_have_a_linear_axis_around_zero(results):
    data = pl.forest_data(
        results.assign(effect_scale="difference per SD", effect=-0.3, effect_low=-0.5),
        signature="axon",
    )
    axes = pl.forest_figure(data).axes[0]
    assert axes.get_xscale() == "linear"
    assert axes.get_xlim()[0] < -0.5


def test_an_interval_beyond_the_axis_ends_in_an_arrow(results):
    data = pl.forest_data(results.assign(effect_high=1e6), signature="axon")
    axis = EffectAxis.of(data)
    # no further than three times as far from 1 as the furthest estimate, on the log scale, plus 6 %
    assert axis.high < 1.6**3 * 1.2
    markers = [line.get_marker() for line in pl.forest_figure(data).axes[0].lines]
    assert markers.count(">") == 3


def test_an_infinite_end_is_drawn_and_written(results):
    data = pl.forest_data(results.assign(effect_high=np.inf), signature="axon")
    figure = pl.forest_figure(data)
    assert "1.20 [0.96, ∞]" in words(figure)
    assert np.isfinite(figure.axes[0].get_xlim()).all()


def test_the_words_for_the_figure_hold_its_numbers(results, pooled):
    alt = pl.forest_alt(pl.forest_data(results, pooled, signature="axon"), "axon")
    assert alt.startswith("Forest plot of axon: HR per SD. A (OS), n / events 200 / 60: ")
    assert "Pooled (OS), n / events 400 / 120: 1.30 [1.04, 1.62], p 0.030." in alt


def test_the_words_hold_both_effects_where_there_are_two(results, few_cohorts):
    one = pl.forest_alt(pl.forest_data(results, few_cohorts, signature="axon"))
    every = pl.forest_alt(pl.summary_forest_data(few_cohorts))
    for alt in (one, every):
        assert "1.30 [0.10, 17.00], p 0.030; common effect 1.28 [1.10, 1.50], p 0.004." in alt
    assert "Random effects (HK) (OS), n / events 400 / 120" in one


def test_the_words_for_a_long_figure_say_how_much_is_left(pooled):
    many = pd.concat([pooled] * 10, ignore_index=True)
    assert "8 more rows are in the source table." in pl.forest_alt(pl.summary_forest_data(many))
