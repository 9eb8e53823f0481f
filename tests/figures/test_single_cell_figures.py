"""Scores of cells as data and as drawings."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from scipy.stats import gaussian_kde

from neurosig import pl, sc
from neurosig.errors import CellsWarning, InputError, ParameterError
from neurosig.pl.style import text_width, wrapped


@pytest.fixture
def summary(scored_cells):
    return sc.summarise(scored_cells, donor="donor", min_cells=4)


def boxes(figure):
    """The places of all texts in pixels, by their words."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure.set_dpi(300)  # at the default, letters are moved to whole pixels, which widens words
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw_without_rendering()
    beyond = {
        label
        for axes in figure.axes
        for label in axes.get_xticklabels()
        if not axes.get_xlim()[0] <= label.get_position()[0] <= axes.get_xlim()[1]
    }
    texts = [
        text
        for text in figure.findobj(mpl.text.Text)
        if text.get_text().strip() and text.get_visible() and text not in beyond
    ]
    return [(t.get_text(), t.get_rotation(), t.get_window_extent(renderer)) for t in texts]


def assert_readable(figure):
    """No level text lies over another, and none over the edge of the figure."""
    placed = boxes(figure)
    edge = figure.bbox
    for words, _, box in placed:
        assert box.x0 >= edge.x0, words
        assert box.x1 <= edge.x1, words
        assert box.y0 >= edge.y0, words
        assert box.y1 <= edge.y1, words
    level = [(words, box) for words, rotation, box in placed if rotation == 0]
    for i, (words, box) in enumerate(level):
        for other, place in level[i + 1 :]:
            width = min(box.x1, place.x1) - max(box.x0, place.x0)
            height = min(box.y1, place.y1) - max(box.y0, place.y0)
            assert width <= 0 or height <= 0, (words, other)


# --- violin


def test_violin_data_has_a_row_per_signature_and_cell(scored_cells):
    data = pl.violin_data(scored_cells, signatures=["thin", "axon"])
    assert list(data.columns) == ["signature", "group", "score", "status"]
    assert data["signature"].drop_duplicates().tolist() == ["thin", "axon"]
    axon = data[data["signature"] == "axon"]
    np.testing.assert_array_equal(axon["score"], scored_cells.obsm["score_ucell"]["axon"])
    assert axon["group"].astype(str).tolist() == scored_cells.obs["cell_type"].tolist()
    assert set(data.loc[data["signature"] == "thin", "status"]) == {"low_coverage"}


def test_cells_without_a_label_are_warned_about_in_a_violin(scored_cells):
    scored_cells.obs.loc["c000", "cell_type"] = None
    with pytest.warns(CellsWarning, match="1 cell of 120 has no label"):
        data = pl.violin_data(scored_cells, signatures=["axon"])
    assert len(data) == 119


def test_a_signature_that_is_not_there_is_refused(scored_cells):
    with pytest.raises(InputError, match="no signature 'axom'"):
        pl.violin_data(scored_cells, signatures=["axom"])
    with pytest.raises(InputError, match="none to draw"):
        pl.violin_data(scored_cells, signatures=[])


def test_a_violin_is_the_kernel_density_of_its_group(scored_cells):
    data = pl.violin_data(scored_cells, signatures=["axon"])
    axes = pl.violin_figure(data).axes[0]
    outline = axes.collections[0].get_paths()[0].vertices
    scores = data.loc[data["group"] == "E", "score"].to_numpy()
    at = outline[40]
    grid = np.linspace(scores.min(), scores.max(), 128)
    density = gaussian_kde(scores)
    half = 0.42 * density(at[0])[0] / density(grid).max()
    assert abs(at[1]) == pytest.approx(half, rel=1e-9)
    assert (outline[:, 0].min(), outline[:, 0].max()) == (scores.min(), scores.max())


def test_the_dot_of_a_violin_is_the_median_and_the_bar_the_quartiles(scored_cells):
    data = pl.violin_data(scored_cells, signatures=["axon"])
    axes = pl.violin_figure(data).axes[0]
    scores = data.loc[data["group"] == "E", "score"]
    dots = [line for line in axes.lines if line.get_marker() == "o"]
    bars = [line for line in axes.lines if line.get_linewidth() == 2.2]
    assert dots[0].get_xdata()[0] == scores.median()
    assert list(bars[0].get_xdata()) == [scores.quantile(0.25), scores.quantile(0.75)]


def test_points_are_drawn_when_asked_for(scored_cells):
    data = pl.violin_data(scored_cells, signatures=["axon"])

    def n_points(**options):
        axes = pl.violin_figure(data, **options).axes[0]
        return sum(len(line.get_xdata()) for line in axes.lines if line.get_marker() == ".")

    assert n_points() == 0
    assert n_points(points=True) == 120


def test_a_refused_signature_has_a_panel_that_says_so(scored_cells):
    figure = pl.violin_figure(pl.violin_data(scored_cells))
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert titles == ["axon", "flat", "thin"]
    assert "not scored:\nlow coverage" in [t.get_text() for t in figure.axes[2].texts]


def test_the_words_for_violins_name_the_highest_group_and_what_was_not_scored(scored_cells):
    alt = pl.violin_alt(pl.violin_data(scored_cells))
    assert alt.startswith("Distribution of the scores of 3 signatures in 3 groups of cells.")
    assert "axon: E (" in alt
    assert "thin: not scored (low coverage)" in alt


# --- dot plot


def test_the_dots_show_auc_and_share_of_high_cells(summary):
    data = pl.dotplot_data(summary)
    assert data["shown"].equals(summary["auc"])
    assert data["fraction_high"].equals(summary["fraction_high"])
    axes = pl.dotplot_figure(data).axes[0]
    dots, rings, crosses = axes.collections[-3:]
    scored = summary[summary["auc"].notna()]
    np.testing.assert_allclose(dots.get_array(), scored["auc"])
    # areas in proportion to the share of high cells, none below 4 %
    shares = scored["fraction_high"].clip(lower=0.04)
    largest = (0.78 * 0.25 * 72) ** 2
    np.testing.assert_allclose(dots.get_sizes(), largest * shares)
    assert len(crosses.get_offsets()) == 3
    tested = scored[scored["q_value"] < 0.05]
    assert 0 < len(rings.get_offsets()) == len(tested)


def test_a_ring_says_that_q_is_below_five_percent(summary):
    scored = summary[summary["signature"] != "thin"].assign(
        q_value=[0.001, 0.049, 0.05, 0.2, np.nan, 0.9]
    )
    axes = pl.dotplot_figure(pl.dotplot_data(scored)).axes[0]
    assert axes.collections[-2].get_offsets().tolist() == [[0, 0], [1, 0]]


def test_mean_z_by_hand():
    table = pd.DataFrame(
        {
            "signature": ["s"] * 3 + ["flat"] * 2,
            "group": list("abcab"),
            "n_cells": 20,
            "n_donors": 1,
            "mean": [1.0, 2.0, 3.0, 5.0, 5.0],
            "fraction_high": 0.2,
            "auc": [0.2, 0.5, 0.8, 0.5, 0.5],
            "q_value": np.nan,
            "status": "single_donor",
        }
    )
    # mean 2, sd 1; no spread: average everywhere
    shown = pl.dotplot_data(table, colour="mean")["shown"]
    assert shown.tolist() == [-1.0, 0.0, 1.0, 0.0, 0.0]


def test_another_table_or_colour_is_refused(summary):
    with pytest.raises(InputError, match="lacks 'fraction_high'"):
        pl.dotplot_data(summary.drop(columns="fraction_high"))
    with pytest.raises(InputError, match="no rows"):
        pl.dotplot_data(summary.iloc[:0])
    with pytest.raises(ParameterError, match="colour cannot be 'median'"):
        pl.dotplot_data(summary, colour="median")


def test_donors_are_noted_and_their_absence_too(scored_cells, summary):
    texts = [t.get_text() for t in pl.dotplot_figure(pl.dotplot_data(summary)).texts]
    assert texts == ["AUC within donors, tested across 4 donors. In brackets: cells."]
    alone = pl.dotplot_data(sc.summarise(scored_cells))
    assert pl.dotplot_figure(alone).texts[0].get_text().startswith("No donors given")
    few = pl.dotplot_data(sc.summarise(scored_cells, donor="donor", min_cells=15))
    assert (
        pl.dotplot_figure(few).texts[0].get_text()
        == "Too few donors for a test. In brackets: cells."
    )


def test_the_words_for_the_dots_name_the_group_that_stands_out(summary):
    alt = pl.dotplot_alt(pl.dotplot_data(summary))
    assert alt.startswith(
        "Dot plot of 3 signatures in 3 groups of cells. Highest AUC: axon in E (0."
    )
    assert "thin nowhere, not scored" in alt


@pytest.fixture
def many_long_names():
    """Nine cell types and 24 signatures, with long names."""
    rng = np.random.default_rng(4)
    types = ["Cancer Epithelial", "CAFs", "PVL", "Endothelial", "T-cells", "B-cells", "Myeloid",
             "Plasmablasts", "Normal Epithelial"]  # fmt: skip
    names = [f"GO.NEUROTRANSMITTER_BIOSYNTHESIS_{i:02d}" for i in range(24)]
    cells = pd.Index([f"c{i}" for i in range(270)])
    import anndata

    return anndata.AnnData(
        obs=pd.DataFrame({"cell_type": types * 30}, index=cells),
        obsm={"score_ucell": pd.DataFrame(rng.gamma(1, 1, (270, 24)), cells, names)},
    )


def test_no_text_of_a_large_figure_overlaps_or_is_cut_off(many_long_names):
    assert_readable(pl.dotplot_figure(pl.dotplot_data(sc.summarise(many_long_names))))
    assert_readable(pl.violin_figure(pl.violin_data(many_long_names)))


def test_no_text_of_a_small_figure_overlaps_or_is_cut_off(summary, scored_cells):
    small = summary[summary["signature"] != "flat"]
    assert_readable(pl.dotplot_figure(pl.dotplot_data(small)))
    assert_readable(pl.violin_figure(pl.violin_data(scored_cells, signatures=["axon"])))


def test_a_wide_name_of_the_last_group_is_not_cut_off(summary):
    wide = summary.replace({"group": {"T": "W" * 40}})
    assert_readable(pl.dotplot_figure(pl.dotplot_data(wide)))


def test_a_long_name_is_broken_after_its_separators_and_then_cut():
    text = wrapped("HALLMARK.OXIDATIVE_PHOSPHORYLATION and more of it", 1.5, 7.5)
    first, second = text.split("\n")
    assert first == "HALLMARK.OXIDATIVE_"
    assert second.endswith("…")
    assert max(text_width(first, 7.5), text_width(second, 7.5)) <= 1.5
    assert wrapped("x" * 60, 1.0).endswith("…")
    assert wrapped("axon", 1.5) == "axon"


# --- embedding


@pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::PendingDeprecationWarning"
)
def test_scanpy_draws_scores_and_columns_and_the_input_stays_as_it_is(scored_cells):
    from matplotlib import pyplot as plt

    scored_cells.obs["cell_type"] = scored_cells.obs["cell_type"].astype("category")
    before, open_figures, backend = scored_cells.copy(), plt.get_fignums(), mpl.get_backend()
    figure = pl.embedding(scored_cells, ["axon", "cell_type"], cmap="magma", size=40)
    assert isinstance(figure, Figure)
    panel = next(axes for axes in figure.axes if axes.get_title() == "axon")
    # scanpy draws the highest scores last
    drawn = np.sort(scored_cells.obsm["score_ucell"]["axon"])
    np.testing.assert_array_equal(np.ma.getdata(panel.collections[0].get_array()), drawn)
    assert panel.collections[0].get_cmap().name == "magma"
    assert plt.get_fignums() == open_figures
    assert mpl.get_backend() == backend
    pd.testing.assert_frame_equal(scored_cells.obs, before.obs)
    assert list(scored_cells.uns) == list(before.uns)  # no cell_type_colors


@pytest.mark.parametrize(
    ("color", "options", "error", "message"),
    [
        ("axom", {}, InputError, r"Did you mean 'axon'\?"),
        ("thin", {}, InputError, "Status: low_coverage"),
        ("axon", {"basis": "tsne"}, InputError, "no embedding 'tsne'"),
        ("axon", {"show": True}, ParameterError, "The figure is returned"),
        ("axon", {"method": "gsva"}, InputError, r"no scores in adata\.obsm\['score_gsva'\]"),
    ],
)
def test_what_cannot_be_drawn_on_an_embedding_is_refused(
    scored_cells, color, options, error, message
):
    with pytest.raises(error, match=message):
        pl.embedding(scored_cells, color, **options)


def test_a_signature_called_like_a_column_is_refused(scored_cells):
    scored_cells.obs["axon"] = 1.0
    with pytest.raises(ParameterError, match="is a signature and a column"):
        pl.embedding(scored_cells, "axon")
