"""Slopes, corners and mediations as data and as drawings."""

import warnings

import numpy as np
import pandas as pd
import pytest

import neurosig as ns
from neurosig import pl
from neurosig.errors import InputError, ParameterError
from neurosig.pl.style import new_figure

DAYS = ns.Endpoint(time="days", event="dead")


@pytest.fixture(scope="module")
def cohort():
    rng = np.random.default_rng(8)
    axon, immune = rng.normal(size=(2, 120))
    days = rng.exponential(500 * np.exp(-0.5 * axon - 0.8 * axon * immune)) + 1
    clinic = {
        "days": np.minimum(days, 1500),
        "dead": (days <= 1500).astype(int),
        "growth": axon * immune + rng.normal(size=120),
    }
    return ns.Cohort.join(
        pd.DataFrame({"axon": axon, "immune": immune}), pd.DataFrame(clinic), DAYS
    )


@pytest.fixture(scope="module")
def found(cohort):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ns.interplay(cohort, ("axon", "immune"))


@pytest.fixture(scope="module")
def mediated(cohort):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ns.mediation(
            cohort, exposure="axon", mediator="immune", tau=1000,
            bootstrap=ns.Bootstrap(n_resamples=20),
        )  # fmt: skip


def test_slopes_are_ratios_along_the_observed_range(found, cohort):
    data = pl.slopes_data(found, "axon", "immune")
    line = data[(data["part"] == "line") & (data["slope_of"] == "axon")]
    z = (cohort.data["immune"] - cohort.data["immune"].mean()) / cohort.data["immune"].std()
    assert [line["at"].min(), line["at"].max()] == pytest.approx([z.min(), z.max()])
    rows = found.table.set_index("term")["estimate"]
    expected = np.exp(rows["first"] + rows["first:second"] * line["at"])
    np.testing.assert_allclose(line["estimate"], expected, rtol=1e-9)
    assert (line["band_low"] < line["ci_low"]).all()
    patients = data[(data["part"] == "patient") & (data["slope_of"] == "axon")]
    np.testing.assert_allclose(patients["at"], np.sort(z), atol=1e-9)
    with pytest.raises(ParameterError, match="no model of"):
        pl.slopes_data(found, "immune", "axon")


def test_the_bar_of_a_slope_is_its_simultaneous_region(found):
    data = pl.slopes_data(found, "axon", "immune")
    axes = pl.draw_slopes(new_figure(4, 3).add_subplot(), data, "axon")
    regions = found.regions.query("slope_of == 'axon' and band == 'simultaneous'").dropna()
    bars = [line.get_xdata() for line in axes.lines if line.get_linewidth() == 2.4]
    assert len(bars) == len(regions) >= 1
    np.testing.assert_allclose(bars, regions[["low", "high"]])
    assert axes.get_yscale() == "log"
    with pytest.raises(InputError, match="no slope of 'NGF'"):
        pl.draw_slopes(new_figure(4, 3).add_subplot(), data, "NGF")


def test_a_linear_slope_is_drawn_on_a_linear_axis_around_zero(cohort):
    linear = ns.interplay(cohort, ("axon", "immune"), model="linear", outcome="growth")
    data = pl.slopes_data(linear, "axon", "immune")
    axes = pl.draw_slopes(new_figure(4, 3).add_subplot(), data, "axon")
    assert axes.get_yscale() == "linear"
    assert axes.get_ylabel() == "difference per SD"
    rows = linear.table.set_index("term")["estimate"]
    line = data[(data["part"] == "line") & (data["slope_of"] == "axon")]
    expected = rows["first"] + rows["first:second"] * line["at"]
    np.testing.assert_allclose(line["estimate"], expected, atol=1e-12)


def test_the_slopes_figure_has_both_scores_and_its_note(found):
    figure = pl.slopes_figure(pl.slopes_data(found, "axon", "immune"), note="p = 0.01")
    assert [axes.get_title(loc="left") for axes in figure.axes] == [
        "Slope of axon", "Slope of immune",
    ]  # fmt: skip
    texts = [text.get_text() for text in figure.texts]
    assert "p = 0.01" in texts
    assert any(text.startswith("Bands: each level by itself") for text in texts)


def test_corner_curves_start_at_one_and_are_those_of_the_table(cohort):
    table = ns.interplay_corners(cohort, ("axon", "immune"), times=[100, 500]).table
    data = pl.corners_data(table)
    assert len(data) == 12
    assert (data.groupby("group", sort=False)["estimate"].first() == 1).all()
    axes = pl.draw_corners(new_figure(4, 3).add_subplot(), data)
    drawn = [line.get_ydata() for line in axes.lines if len(line.get_xdata()) == 3]
    assert len(drawn) == 4
    np.testing.assert_array_equal(drawn[3][1:], table["estimate"].iloc[-2:])
    figure = pl.corners_figure(data, time_label="Days")
    assert figure.axes[0].get_xlabel() == "Days"
    assert "not groups of patients" in figure.texts[-1].get_text()


def test_corners_without_time_are_points(cohort):
    table = ns.interplay_corners(cohort, ("axon", "immune"), model="linear", outcome="growth").table
    axes = pl.corners_figure(pl.corners_data(table)).axes[0]
    points = [line.get_xdata()[0] for line in axes.lines if line.get_marker() == "o"]
    np.testing.assert_allclose(points, table["estimate"])
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels[0] == f"axon low, immune low (n {table['n_quadrant'][0]})"


def test_effects_are_drawn_in_order_with_their_numbers_and_assumptions(mediated):
    data = pl.mediation_data(mediated.table)
    assert data["label"].tolist()[:3] == ["Total effect", "Direct (pure)", "Indirect (total)"]
    figure = pl.mediation_figure(data, notes=mediated.notes)
    axes = figure.axes[0]
    points = [line.get_xdata()[0] for line in axes.lines if line.get_marker() in "Do"]
    np.testing.assert_allclose(points, data["effect"])
    assert axes.get_xlabel() == "days of survival up to 1000"
    text = " ".join(text.get_text().strip() for text in figure.texts)
    for note in mediated.notes:
        assert note in text
    ratio = pl.mediation_data(mediated.table, "risk ratio")
    drawn = pl.draw_mediation(new_figure(4, 3).add_subplot(), ratio)
    reference = [line for line in drawn.lines if line.get_xdata()[0] == line.get_xdata()[-1] == 1]
    assert len(reference) == 1


def test_what_is_no_such_table_is_refused(mediated, cohort):
    with pytest.raises(InputError, match="lacks 'estimate'"):
        pl.corners_data(pd.DataFrame({"group": ["a"], "ci_low": [0], "ci_high": [1]}))
    with pytest.raises(InputError, match="no measure 'hazard ratio'"):
        pl.mediation_data(mediated.table, "hazard ratio")
    with pytest.raises(InputError, match="lacks 'measure'"):
        pl.mediation_data(cohort.data.assign(term="total", effect=1, mediator="x"))


def test_the_words_for_the_figures_hold_their_numbers(found, mediated, cohort):
    words = pl.slopes_alt(pl.slopes_data(found, "axon", "immune"))
    middle = np.exp(found.table.set_index("term")["estimate"]["first"])
    assert f"{middle:.1f}" in words
    assert "at 0.0 SD" in words
    table = ns.interplay_corners(cohort, ("axon", "immune"), times=[500]).table
    assert f"axon high, immune high: {table['estimate'].iloc[-1]:.2f}" in pl.corners_alt(
        pl.corners_data(table)
    )
    said = pl.mediation_alt(pl.mediation_data(mediated.table, "risk ratio"))
    total = mediated.table.query("measure == 'risk ratio' and term == 'total'").iloc[0]
    assert f"Total effect {total['effect']:.2f} [{total['effect_low']:.2f}" in said
