"""Messy clinical columns."""

import numpy as np
import pandas as pd
import pytest

from neurosig.errors import ClinicalError, ParameterError
from neurosig.outcomes.clinic.clean import (
    clean_table,
    cleaning_report,
    find_column,
    level_text,
    matching,
    numbers_of,
    reads_as_numbers,
    texts_of,
)


def column(*values, name="x"):
    return pd.DataFrame({name: pd.Series(values, dtype=object)})


def cleaned(*values, **options):
    return clean_table(column(*values), **options).data["x"]


@pytest.mark.parametrize(
    "token",
    [
        "[Not Available]",
        "[Unknown]",
        "[Not Applicable]",
        "[Not Evaluated]",
        "[Discrepancy]",
        "[Completed]",
        "--",
        ".",
        "",
        "NA",
        "N/A",
        "na",
        "nan",
        "null",
        "None",
        "missing",
        "unknown",
        " Unknown ",
        "NaN",
        "#N/A",
    ],
)
def test_a_known_token_becomes_missing_and_is_counted(token):
    result = clean_table(column("1.5", token, token))
    assert result.data["x"].tolist()[0] == 1.5
    assert result.data["x"].isna().tolist() == [False, True, True]
    assert result.report["tokens"].tolist() == [f"{token.strip()!r}: 2"]
    assert result.report["n_missing"].tolist() == [2]


def test_none_in_small_letters_is_a_finding_not_a_missing_value():
    assert cleaned("none", "None").tolist() == ["none", pytest.approx(np.nan, nan_ok=True)]


def test_own_tokens_are_added_to_the_known_ones():
    assert np.isnan(cleaned("1", "X", "na", missing=("x",)).tolist()[1:]).all()
    assert cleaned("1", "x").tolist() == ["1", "x"]


def test_text_that_is_all_numbers_becomes_numbers():
    values = cleaned("123", " 4.5", "-1e-3", ".5", "7.", None, "Inf")
    assert values.dtype == np.float64
    assert values.tolist()[:5] == [123.0, 4.5, -0.001, 0.5, 7.0]
    assert np.isnan(values[5])
    assert np.isinf(values[6])


def test_one_text_among_numbers_leaves_the_column_text():
    assert cleaned("1", "2", "3a").tolist() == ["1", "2", "3a"]


@pytest.mark.parametrize("codes", [("01", "11"), ("0012", "0345"), ("1E5", "2E5")])
def test_codes_stay_text(codes):
    assert cleaned(*codes).tolist() == list(codes)
    assert cleaning_report(clean_table(column(*codes)).data)["kind"].tolist() == ["code"]


def test_a_stray_zero_in_front_of_a_count_makes_it_no_code():
    assert cleaned("0", "00", "01", "12").tolist() == [0.0, 0.0, 1.0, 12.0]


@pytest.mark.parametrize("values", [("12,5", "3"), ("1,234", "12,5"), (",5", "1")])
def test_a_decimal_comma_is_refused_naming_the_option(values):
    with pytest.raises(ClinicalError, match=r"'x' has numbers with a decimal comma.*decimal=\",\""):
        cleaned(*values)


def test_a_decimal_comma_is_read_when_declared():
    assert cleaned("12,5", "3", "1,234", decimal=",").tolist() == [12.5, 3.0, 1.234]


@pytest.mark.parametrize(
    ("values", "decimal"),
    [(("1.234,5", "3"), "."), (("1,234", "1,000"), "."), (("1.234,5",), ","), (("12.5",), ",")],
)
def test_thousands_separators_are_refused_as_ambiguous(values, decimal):
    with pytest.raises(ClinicalError, match="decimal or grouped in thousands"):
        cleaned(*values, decimal=decimal)


def test_a_column_can_be_kept_as_text():
    assert cleaned("12,5", "3", text=("x",)).tolist() == ["12,5", "3"]
    with pytest.raises(ClinicalError, match="no column 'y'"):
        cleaned("1", text=("y",))


def test_another_decimal_mark_is_refused():
    with pytest.raises(ParameterError, match="decimal cannot be"):
        cleaned("1", decimal="|")


@pytest.mark.parametrize(
    "dates", [("2011-03-04", "2012-12-01"), ("3/4/2011", "12/31/2011"), ("04.03.2011", "1-Mar-12")]
)
def test_dates_where_numbers_are_needed_are_refused(dates):
    table = clean_table(column(*dates, name="death")).data
    assert table["death"].tolist() == list(dates)
    with pytest.raises(ClinicalError, match=r"'death' holds dates.*dt\.days"):
        numbers_of(table["death"])


def test_date_and_duration_types_are_refused_as_numbers():
    days = pd.Series(pd.to_datetime(["2011-03-04", "2012-03-04"]), name="day")
    for values in (days, days - days[0]):
        with pytest.raises(ClinicalError, match="holds dates"):
            numbers_of(values)
        with pytest.raises(ClinicalError, match="holds dates"):
            reads_as_numbers(values)


def test_texts_where_numbers_are_needed_are_listed():
    with pytest.raises(ClinicalError, match=r"1 distinct value: 'old'.*missing=\('old',\)"):
        numbers_of(column("1", "old")["x"])


def test_typed_columns_are_left_as_they_are_and_the_input_is_not_changed():
    table = pd.DataFrame(
        {
            "n": [1, 2],
            "b": [True, False],
            "i": pd.array([1, None], dtype="Int64"),
            "c": pd.Categorical(["1", "NA"]),
        },
        index=["p", "p"],
    )
    before = table.copy()
    result = clean_table(table)
    pd.testing.assert_frame_equal(table, before)
    assert result.data["n"].dtype == np.int64
    assert result.report["kind"].tolist() == ["number", "boolean", "number", "number"]
    assert result.data["c"].tolist()[0] == 1.0
    np.testing.assert_array_equal(numbers_of(result.data["i"]), [1.0, np.nan])
    assert numbers_of(result.data["b"]).tolist() == [1.0, 0.0]
    assert texts_of(result.data["i"]) == ["1", None]


def test_repeated_column_names_are_refused():
    with pytest.raises(ClinicalError, match="occur more than once"):
        clean_table(pd.DataFrame([[1, 2]], columns=["a", "a"]))


def test_an_unknown_column_is_refused_with_the_closest_names():
    with pytest.raises(ClinicalError, match=r"Did you mean 'OS\.time'"):
        find_column(pd.DataFrame({"OS.time": [1], "age": [2]}), "os_time")


def test_values_match_as_text_or_number():
    assert level_text(np.float64(3.0)) == level_text(3) == "3"
    assert (
        matching(["01", "1.0", "10", "x", None], "1").tolist() == [True, True, False] + [False] * 2
    )
    assert matching([" Dead".strip(), "alive"], "DEAD").tolist() == [True, False]
