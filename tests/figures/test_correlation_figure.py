"""Correlations as data and as a drawing."""

import matplotlib as mpl
import pandas as pd
import pytest
from matplotlib.patches import Polygon

from neurosig import pl
from neurosig.errors import InputError


@pytest.fixture
def table():
    return pd.DataFrame(
        {
            "signature": ["axon", "axon", "pain", "pain"],
            "covariate": ["immune", "vessels"] * 2,
            "estimate": [0.7, -0.2, 0.1, float("nan")],
            "ci_low": 0.0,
            "ci_high": 0.9,
            "p_value": [0.001, 0.3, 0.4, float("nan")],
            "q_value": [0.003, 0.4, 0.4, float("nan")],
            "n": [80, 80, 80, 79],
            "n_shared_genes": [0, 3, 0, float("nan")],
            "flag": "",
        }
    )


def test_the_data_keep_the_order_and_count_shared_genes(table):
    data = pl.correlation_data(table)
    assert data[["signature", "covariate"]].to_numpy().tolist() == [
        ["axon", "immune"],
        ["axon", "vessels"],
        ["pain", "immune"],
        ["pain", "vessels"],
    ]
    assert data["n_shared_genes"].tolist() == [0, 3, 0, 0]


def test_covariates_that_are_no_signatures_share_no_genes(table):
    data = pl.correlation_data(table.drop(columns="n_shared_genes"))
    assert data["n_shared_genes"].tolist() == [0, 0, 0, 0]


def test_each_cell_shows_its_correlation_bold_where_it_holds(table):
    axes = pl.correlation_figure(pl.correlation_data(table)).axes[0]
    assert axes.images[0].get_array().tolist()[0] == [0.7, -0.2]
    shown = {text.get_text(): text.get_fontweight() for text in axes.texts}
    assert shown == {"0.70": "bold", "−0.20": "normal", "0.10": "normal", "–": "normal"}


def test_cells_that_share_genes_have_a_corner(table):
    axes = pl.correlation_figure(pl.correlation_data(table)).axes[0]
    corners = [patch for patch in axes.patches if isinstance(patch, Polygon)]
    assert len(corners) == 1
    assert corners[0].get_xy()[0].tolist() == [1.5, -0.5]  # column vessels, row axon


def test_the_colours_are_on_one_scale_and_the_note_has_n(table):
    figure = pl.correlation_figure(pl.correlation_data(table))
    assert figure.axes[0].images[0].get_clim() == (-1.0, 1.0)
    note = "Triangle: the two share genes. Bold: q < 0.05. n = 79 to 80 samples."
    assert note in [text.get_text() for text in figure.texts]


def test_dark_cells_have_light_numbers(table):
    axes = pl.correlation_figure(pl.correlation_data(table)).axes[0]
    colours = {text.get_text(): mpl.colors.to_hex(text.get_color()) for text in axes.texts}
    assert colours["0.70"] == "#fffffe"
    assert colours["0.10"] == "#1b1f24"


def test_the_words_name_the_largest_correlation(table):
    text = pl.correlation_alt(pl.correlation_data(table))
    assert "axon with immune (0.70); pain with immune (0.10)" in text


def test_another_table_is_refused(table):
    with pytest.raises(InputError, match="lacks 'covariate'"):
        pl.correlation_data(table.drop(columns="covariate"))
    with pytest.raises(InputError, match="no rows"):
        pl.correlation_data(table.head(0))
