"""Agreement of methods as data and as a drawing."""

import matplotlib as mpl
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from neurosig import pl
from neurosig.errors import InputError


@pytest.fixture
def table():
    names = ["mean", "zscore", "gsva"]
    nan = float("nan")
    axon = pd.DataFrame([[1, 0.9, 0.5], [0.9, 1, -0.1], [0.5, -0.1, 1]], names, names)
    pain = pd.DataFrame(nan, names, names)
    return pd.concat({"axon": axon, "pain": pain}, names=["signature", "method"])


def test_each_pair_is_there_once(table):
    data = pl.agreement_data(table, n_obs=80, agreement={"axon": 0.6, "pain": float("nan")})
    assert data[["first", "second", "rho"]].head(3).to_numpy().tolist() == [
        ["mean", "zscore", 0.9],
        ["mean", "gsva", 0.5],
        ["zscore", "gsva", -0.1],
    ]
    assert len(data) == 6
    assert data["agreement"].tolist()[:3] == [0.6, 0.6, 0.6]
    assert set(data["n"]) == {80}


def test_the_triangle_has_the_pairs_and_orange_where_methods_disagree(table):
    figure = pl.agreement_figure(pl.agreement_data(table.loc[["axon"]], n_obs=80))
    axes = figure.axes[0]
    assert [text.get_text() for text in axes.texts] == ["0.90", "0.50", "−0.10"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["zscore", "gsva"]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["mean", "zscore"]
    colours = axes.images[0].cmap(axes.images[0].norm([-0.1]))
    assert mpl.colors.to_hex(colours[0]) == "#e69f00"
    assert "Orange: below 0. n = 80 samples." in [text.get_text() for text in figure.texts]


def test_the_title_has_kendalls_w_where_it_is_known(table):
    data = pl.agreement_data(table, n_obs=80, agreement={"axon": 0.6, "pain": float("nan")})
    figure = pl.agreement_figure(data)
    titles = [axes.get_title(loc="left") for axes in figure.axes[:2]]
    assert titles == ["axon\nKendall's W 0.60", "pain"]


def test_panels_do_not_overlap(table):
    many = pd.concat([table.rename(index={"axon": f"axon {i}"}) for i in range(3)])
    many = many[~many.index.duplicated()]
    figure = pl.agreement_figure(pl.agreement_data(many, n_obs=80))
    renderer = FigureCanvasAgg(figure).get_renderer()
    boxes = [axes.get_tightbbox(renderer) for axes in figure.axes]
    for i, one in enumerate(boxes):
        assert figure.bbox.x1 >= one.x1
        for other in boxes[i + 1 :]:
            assert not one.overlaps(other)


def test_the_words_name_the_pair_that_agrees_least(table):
    text = pl.agreement_alt(pl.agreement_data(table, n_obs=80))
    assert "axon: zscore and gsva (−0.10); pain: no scores" in text


def test_another_table_is_refused(table):
    with pytest.raises(InputError, match="not one of methods by methods"):
        pl.agreement_data(table.reset_index(drop=True), n_obs=80)
