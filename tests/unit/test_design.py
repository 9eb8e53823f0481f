"""Covariates and the design matrix."""

import warnings

import numpy as np
import pandas as pd
import pytest

from neurosig.errors import ClinicalError, ParameterError, SmallSampleWarning
from neurosig.outcomes.clinic.clinical_io import read_clinical
from neurosig.outcomes.design import Term, design_matrix


def repeated(*values, times=5):
    return pd.DataFrame({"x": [v for v in values for _ in range(times)]})


def names(data, *terms):
    return design_matrix(data, list(terms)).names


def test_numbers_are_taken_as_they_are():
    design = design_matrix(pd.DataFrame({"age": [61, 70], "psa": ["0.5", "4"]}), ["age", "psa"])
    assert design.names == ("age", "psa")
    assert design.matrix.tolist() == [[61.0, 0.5], [70.0, 4.0]]
    assert design.matrix.flags.c_contiguous


def test_categories_are_coded_against_the_first_level():
    design = design_matrix(repeated("b", "a", "c"), ["x"])
    assert design.names == ("x[b]", "x[c]")
    assert design.matrix[::5].tolist() == [[1, 0], [0, 0], [0, 1]]


def test_the_reference_level_can_be_chosen():
    assert names(repeated("a", "b", "c"), Term("x", reference="c")) == ("x[a]", "x[b]")
    with pytest.raises(ClinicalError, match=r"no level 'd'.*'a', 'b', 'c'"):
        names(repeated("a", "b", "c"), Term("x", reference="d"))


def test_numbers_can_be_levels_and_sort_as_numbers():
    assert names(repeated(10, 9, 2), Term("x", kind="categorical")) == ("x[9]", "x[10]")
    assert names(repeated(1.0, 2.0, np.nan), Term("x", reference="2")) == ("x[1]",)


def test_codes_and_booleans_are_categories_by_themselves():
    assert names(repeated("01", "11"), "x") == ("x[11]",)
    assert names(repeated(*[True, False]), "x") == ("x[True]",)


def test_rows_with_a_missing_covariate_are_left_out_and_counted_in_order():
    data = pd.DataFrame(
        {"age": [1.0, np.nan, 3.0, 4.0, 5.0], "sex": ["m", None, "NA", "f", "f"]},
        index=list("abcde"),
    )
    with pytest.warns(SmallSampleWarning):
        design = design_matrix(data, ["age", "sex"])
    assert design.rows.tolist() == [True, False, False, True, True]
    assert design.matrix.tolist() == [[1, 1], [4, 0], [5, 0]]
    assert design.row_flow.values.tolist() == [
        ["age known", 5, 1, 4, "no age", "b"],
        ["sex known", 4, 1, 3, "no sex", "c"],
    ]


def test_no_terms_give_an_empty_matrix_of_all_rows():
    design = design_matrix(repeated(1, 2), [])
    assert (design.matrix.shape, design.names, design.rows.all()) == ((10, 0), (), True)


@pytest.mark.parametrize("values", [("a", "a"), (3.0, 3.0), ("a", None)])
def test_a_covariate_with_one_value_is_refused_by_name(values):
    with pytest.raises(ClinicalError, match="'x' has one value only"):
        names(repeated(*values), "x")


def test_a_covariate_that_is_constant_on_the_complete_rows_is_refused():
    data = pd.DataFrame({"a": ["u", "v", "u", "u"], "b": [1.0, np.nan, 2.0, 3.0]})
    with pytest.raises(ClinicalError, match=r"'a' has one value only.*3 complete rows"):
        names(data, "a", "b")


def test_no_complete_row_is_refused():
    data = pd.DataFrame({"a": [1.0, np.nan], "b": [np.nan, 2.0]})
    with pytest.raises(ClinicalError, match=r"No row has all covariates.*b known: 0 of 1"):
        names(data, "a", "b")


@pytest.mark.parametrize(
    ("transform", "expected"),
    [("log", np.log(8)), ("log2", 3.0), ("log1p", np.log(9)), ("sqrt", np.sqrt(8))],
)
def test_a_transform_is_applied_and_named(transform, expected):
    design = design_matrix(repeated(8.0, 2.0), [Term("x", transform=transform)])
    assert design.names == (f"{transform}(x)",)
    assert design.matrix[0, 0] == pytest.approx(expected, rel=1e-15)


@pytest.mark.parametrize(
    ("transform", "value"), [("log", 0), ("log2", -1), ("log1p", -1), ("sqrt", -0.5)]
)
def test_a_transform_that_is_not_defined_names_the_values(transform, value):
    data = pd.DataFrame({"psa": [2.0, value]}, index=["p1", "p2"])
    with pytest.raises(ClinicalError, match=rf"1 row: {value:g} \(p2\)"):
        names(data, Term("psa", transform=transform))
    allowed = {"sqrt": 0.0, "log1p": 0.0}.get(transform, 0.5)
    assert names(data.assign(psa=[2.0, allowed]), Term("psa", transform=transform))


def test_infinite_values_are_refused():
    with pytest.raises(ClinicalError, match="infinite values"):
        names(repeated(1.0, np.inf), "x")


@pytest.mark.parametrize(
    ("values", "message"),
    [(("12,5", "3"), "decimal comma"), (("1.234,5",), "thousands"), (("2011-03-04",), "dates")],
)
def test_what_could_be_a_number_is_not_made_a_category(values, message):
    with pytest.raises(ClinicalError, match=message):
        names(repeated(*values), "x")


def test_texts_in_a_numeric_term_are_refused():
    with pytest.raises(ClinicalError, match="'old'"):
        names(repeated("1", "old"), Term("x", kind="numeric"))


def test_too_many_levels_are_no_category_unless_asked_for():
    data = pd.DataFrame({"age": [*map(str, range(40)), "old"]})
    with pytest.raises(ClinicalError, match="41 levels"):
        names(data, "age")
    with pytest.warns(SmallSampleWarning, match="41 levels"):
        assert len(names(data, Term("age", kind="categorical"))) == 40


def test_small_levels_are_warned_of_by_name():
    data = pd.DataFrame({"grade": ["1"] * 6 + ["2"] * 4 + ["3"] * 2})
    with pytest.warns(SmallSampleWarning, match=r"2 levels: grade\[2\]: 4, grade\[3\]: 2"):
        names(data, Term("grade", kind="categorical"))


def test_an_unknown_column_is_refused_with_the_closest():
    with pytest.raises(ClinicalError, match="Did you mean 'stage'"):
        names(pd.DataFrame({"stage": ["a"], "age": [1]}), "Stages")


def test_names_that_break_formulas_are_just_names():
    data = pd.DataFrame({"HLA-A": [1.0, 2.0], "1-Mar": [3.0, 5.0], "a b|c": [1.0, 0.0]})
    assert names(data, "HLA-A", "1-Mar", "a b|c") == ("HLA-A", "1-Mar", "a b|c")


def test_terms_are_made_from_names_mappings_and_terms():
    term = Term("psa", transform="log2")
    assert Term.of({"column": "psa", "transform": "log2"}) == Term.of(term) == term
    with pytest.raises(ParameterError, match=r"Unknown key 'colunm'.*'column'"):
        Term.of({"colunm": "psa"})
    with pytest.raises(ParameterError, match="transform cannot be 'exp'"):
        Term("psa", transform="exp")


@pytest.mark.parametrize(
    "options",
    [
        {"transform": "log", "reference": "a"},
        {"transform": "log", "kind": "categorical"},
        {"kind": "numeric", "reference": "a"},
    ],
)
def test_a_term_that_contradicts_itself_is_refused(options):
    with pytest.raises(ParameterError, match="as numeric and as categorical"):
        Term("x", **options)


def test_a_term_asked_for_twice_is_refused():
    with pytest.raises(ParameterError, match="'x' occurs more than once"):
        names(repeated(1.0, 2.0), "x", Term("x", kind="categorical"))


def test_the_data_are_not_changed():
    data = pd.DataFrame({"x": ["1", "NA", "3"]})
    before = data.copy()
    design_matrix(data, ["x"])
    pd.testing.assert_frame_equal(data, before)


@pytest.mark.data
def test_the_design_of_a_real_cohort_equals_that_of_pandas(shared_data):
    clinical = read_clinical(shared_data / "tcga_clinical" / "BRCA_clinical.csv.gz")
    stage = "ajcc_pathologic_tumor_stage"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SmallSampleWarning)
        design = design_matrix(clinical, ["age_at_initial_pathologic_diagnosis", stage])
    raw = pd.read_csv(shared_data / "tcga_clinical" / "BRCA_clinical.csv.gz")
    raw = raw.replace({stage: {"[Not Available]": None, "[Discrepancy]": None}})
    complete = raw[["age_at_initial_pathologic_diagnosis", stage]].dropna()
    expected = pd.get_dummies(complete, columns=[stage], drop_first=True, dtype=float)
    np.testing.assert_array_equal(design.matrix, expected.to_numpy())
    assert design.rows.sum() == len(complete)


def test_what_a_model_is_adjusted_for_tells_splines_from_lines():
    terms = [Term("age", transform="spline", knots=5), Term("psa", transform="log2"), Term("stage")]
    assert [term.words for term in terms] == ["spline5(age)", "log2(psa)", "stage"]
