"""Random signatures and the place of the own one, as data and as a drawing."""

import numpy as np
import pandas as pd
import pytest

from neurosig import pl
from neurosig.errors import InputError


@pytest.fixture
def data():
    table = pd.DataFrame(
        {
            "signature": ["AXON", "IMMUNE", "EMPTY"],
            "z_score_test": [-4.0, 0.5, np.nan],
            "p_null": [0.01, 0.6, np.nan],
            "n_null": [99, 99, 0],
        }
    )
    z = np.linspace(-3, 3, 99)
    return pl.null_data(table, pd.DataFrame({"AXON": z, "IMMUNE": z / 2, "EMPTY": np.nan}))


def test_every_random_set_is_in_a_bin_and_a_signature_without_is_left_out(data):
    n = data[data["part"] == "random"].groupby("signature")["n"].sum()
    assert n.to_dict() == {"AXON": 99, "IMMUNE": 99}
    own = data[data["part"] == "observed"].set_index("signature")["low"]
    assert own.to_dict() == {"AXON": 4.0, "IMMUNE": 0.5}


def test_each_signature_has_a_panel_on_one_scale_with_its_line_and_p(data):
    panels = pl.null_figure(data).axes
    assert [axes.get_title(loc="left") for axes in panels] == ["AXON", "IMMUNE"]
    assert len({axes.get_xlim() for axes in panels}) == 1
    assert [axes.lines[0].get_xdata()[0] for axes in panels] == [4.0, 0.5]
    assert [axes.texts[0].get_text() for axes in panels] == ["p = 0.010", "p = 0.60"]
    heights = [sum(bar.get_height() for bar in axes.patches) for axes in panels]
    np.testing.assert_allclose(heights, 1)
    assert pl.null_figure(data).texts[0].get_text().startswith("Bars: 99 random signatures each.")


def test_the_words_name_the_p_values(data):
    assert pl.null_alt(data).endswith("p: AXON 0.010, IMMUNE 0.60.")


def test_the_figure_is_saved_as_the_same_bytes(data, tmp_path):
    for name in ("a", "b"):
        pl.save_figure(pl.null_figure(data), data, tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_a_table_without_a_null_test_is_refused():
    with pytest.raises(InputError, match="'p_null'"):
        pl.null_data(pd.DataFrame({"signature": ["S"], "z_score_test": [1.0]}), pd.DataFrame())


def test_a_table_without_random_sets_is_refused():
    table = pd.DataFrame(
        {"signature": ["S"], "z_score_test": [1.0], "p_null": [np.nan], "n_null": [0]}
    )
    with pytest.raises(InputError, match="no null distribution"):
        pl.null_data(table, pd.DataFrame({"S": [np.nan]}))
