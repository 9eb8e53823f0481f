"""The result table: q-values, families, column order."""

import numpy as np
import pandas as pd
import pytest

from neurosig.errors import InputError
from neurosig.outcomes.results import Results, benjamini_hochberg, declare_family, ordered, wald


def test_q_values_equal_hand_arithmetic():
    # sorted 0.005 0.01 0.03 0.5 times 4/1 4/2 4/3 4/4 = 0.02 0.02 0.04 0.5
    np.testing.assert_allclose(
        benjamini_hochberg([0.03, 0.005, 0.5, 0.01]), [0.04, 0.02, 0.5, 0.02], rtol=1e-12
    )


def test_q_values_equal_scipy():
    from scipy.stats import false_discovery_control

    p = np.random.default_rng(0).uniform(size=200) ** 2
    np.testing.assert_allclose(benjamini_hochberg(p), false_discovery_control(p), rtol=1e-12)


def test_missing_p_values_are_no_tests():
    with_gaps = benjamini_hochberg([np.nan, 0.01, np.nan, 0.04])
    np.testing.assert_array_equal(with_gaps[[1, 3]], benjamini_hochberg([0.01, 0.04]))
    assert np.isnan(with_gaps[[0, 2]]).all()
    assert benjamini_hochberg([]).size == 0


def test_a_q_value_is_never_above_one():
    assert benjamini_hochberg([1.0, 0.99]).max() <= 1.0


def test_a_number_that_is_no_p_value_is_refused():
    with pytest.raises(InputError, match="is not a p-value"):
        benjamini_hochberg([0.1, 1.2])


def _table():
    return pd.DataFrame(
        {
            "term": ["score", "age", "score", "score"],
            "p_value": [0.01, 0.001, 0.04, 0.02],
            "status": ["ok", "ok", "ok", "separation"],
        }
    )


def test_only_score_rows_that_went_through_are_in_the_family():
    table = declare_family(_table(), "score rows of A")
    np.testing.assert_allclose(table["q_value"], [0.02, np.nan, 0.04, np.nan])
    assert table["family"].tolist() == ["2 score rows of A", "", "2 score rows of A", ""]


def test_a_second_family_leaves_the_first_alone():
    first = declare_family(_table(), "first", np.array([True, True, False, False]))
    both = declare_family(first, "second", np.array([False, False, True, True]))
    assert both["family"].tolist() == ["1 first", "", "1 second", ""]
    np.testing.assert_allclose(both["q_value"], [0.01, np.nan, 0.04, np.nan])
    again = declare_family(both, "all")
    assert again["family"].tolist() == ["2 all", "", "2 all", ""]


def test_declaring_a_family_does_not_change_the_table_given():
    table = _table()
    declare_family(table, "all")
    assert "q_value" not in table.columns


def test_columns_come_in_the_fixed_order_and_unknown_ones_last():
    table = pd.DataFrame([[1, 2, 3, 4]], columns=["mine", "tau2", "status", "cohort"])
    assert list(ordered(table).columns) == ["cohort", "status", "tau2", "mine"]


def test_a_wald_test_is_normal_or_students_t():
    # z = 1.959964 has p = 0.05; t with 10 df has its 97.5 % quantile at 2.228139 (any table)
    normal = wald(np.array([1.959963984540054]), np.array([1.0]), 0.95)
    assert normal[1][0] == pytest.approx(0.05, rel=1e-12)
    student = wald(np.array([2.228139]), np.array([1.0]), 0.95, np.array([10.0]))
    assert student[1][0] == pytest.approx(0.05, abs=1e-6)
    assert student[2][0] == pytest.approx(2.228139, abs=1e-6)


def test_results_hand_out_the_score_rows():
    assert Results(_table()).scores["p_value"].tolist() == [0.01, 0.04, 0.02]
