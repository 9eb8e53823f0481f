"""Ordered categoricals keep their order wherever levels matter.

The same analysis with levels whose alphabet is their order, or with the order stated, is what each
is compared with.
"""

import warnings
from dataclasses import replace

import anndata as ad
import numpy as np
import pandas as pd
import pytest

import neurosig as ns
from neurosig.errors import ClinicalError, ClinicalWarning, NeurosigWarning, ParameterError
from neurosig.outcomes.clinic.clean import clean_table
from neurosig.outcomes.clinic.recode import recode

ORDER = ["low", "mid", "high"]  # by the alphabet high < low < mid
SORTED = {"low": "a low", "mid": "b mid", "high": "c high"}
END = ns.Endpoint(time="t", event="e")


def clinic(n=240, seed=0, order=ORDER):
    rng = np.random.default_rng(seed)
    grade = rng.choice(ORDER, n)
    table = pd.DataFrame(
        {
            "t": np.ceil(rng.exponential(500, n)),
            "e": rng.integers(0, 2, n),
            "age": rng.normal(60, 9, n),
            "text": grade,
            "sorted": [SORTED[g] for g in grade],
            "grade": pd.Categorical(grade, order, ordered=True),
        }
    )
    table["score"] = rng.normal(size=n) + table["grade"].cat.codes / 2
    return table


def cohort(name="A", seed=0, missing=0, order=ORDER):
    table = clinic(seed=seed, order=order)
    table.loc[: missing - 1, ["grade", "text", "sorted"]] = None
    scores = table.pop("score").to_frame("NGF")
    return ns.Cohort.join(scores, table, END, name=name)


def quiet(verb, *args, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NeurosigWarning)
        return verb(*args, **options)


def equal(found, expected, left="grade", right="sorted"):
    """Two tables are the same but for the name of the column and its levels."""

    def plain(table):
        text = table.to_csv(float_format="%.10g")
        for old, new in SORTED.items():
            text = text.replace(new, old)
        return text.replace(left, "*").replace(right, "*")

    assert plain(found) == plain(expected)


def test_a_cleaned_table_keeps_order_and_missing_values():
    raw = pd.Categorical(["low ", "NA", "high", None], ["low ", "mid", "high", "NA"], ordered=True)
    cleaned = clean_table(pd.DataFrame({"grade": raw}))
    assert cleaned.data["grade"].tolist() == ["low", np.nan, "high", np.nan]
    assert cleaned.data["grade"].cat.categories.tolist() == ORDER
    assert cleaned.data["grade"].cat.ordered
    assert cleaned.report.iloc[0].tolist() == ["grade", "ordered", 4, 2, "'NA': 1"]


def test_categoricals_without_order_are_texts_or_numbers_as_before():
    table = pd.DataFrame({"a": pd.Categorical(["x", "y"]), "b": pd.Categorical([1, 2])})
    cleaned = clean_table(table).data
    assert [str(dtype) for dtype in cleaned.dtypes] == ["object", "float64"]


def test_ordinal_regression_needs_no_stated_order():
    found = ns.regress(cohort(), outcome="grade", kind="ordinal").table
    model = ns.RegressionModel(order=tuple(ORDER))
    equal(
        found, ns.regress(cohort(), outcome="text", kind="ordinal", model=model).table, right="text"
    )
    assert found["estimate"][0] > 0
    turned = ns.RegressionModel(order=tuple(ORDER[::-1]))  # what is asked for comes first
    reverse = ns.regress(cohort(), outcome="grade", kind="ordinal", model=turned).table
    assert reverse["estimate"][0] == pytest.approx(-found["estimate"][0], rel=1e-6)
    with pytest.raises(ClinicalError, match=r"not stated.*or let the column be an ordered"):
        ns.regress(cohort(), outcome="text", kind="ordinal")


def test_levels_of_an_outcome_without_rows_are_no_levels():
    table = clinic()
    table["grade"] = table["grade"].cat.add_categories("highest")
    both = ns.Cohort.join(table[["score"]], table.drop(columns="score"), END, name="A")
    found = ns.regress(both, outcome="grade", kind="ordinal").table
    expected = ns.regress(cohort(), outcome="grade", kind="ordinal").table
    assert found["estimate"][0] == pytest.approx(expected["estimate"][0], rel=1e-12)


def test_the_lowest_level_of_a_covariate_is_the_reference():
    found = ns.cox(cohort(), adjust=["grade"]).table
    assert found["term"].tolist() == ["score", "grade[mid]", "grade[high]"]
    equal(found, ns.cox(cohort(), adjust=["sorted"]).table)
    assert ns.cox(cohort(), adjust=["text"]).table["term"][1] == "text[low]"
    asked = ns.cox(cohort(), adjust=[ns.Term("grade", reference="high")]).table
    assert asked["term"].tolist()[1:] == ["grade[low]", "grade[mid]"]


def test_ordered_levels_that_are_numbers_are_levels():
    table = clinic()
    codes = table["grade"].cat.codes + 9  # 9, 10, 11: by the alphabet 10, 11, 9
    table["code"] = pd.Categorical(codes, [9, 10, 11], ordered=True)
    both = ns.Cohort.join(table[["score"]], table.drop(columns="score"), END)
    terms = ns.cox(both, adjust=["code"]).table["term"].tolist()
    assert terms == ["score", "code[10]", "code[11]"]


def test_groups_are_compared_in_their_order():
    found = ns.compare_groups(cohort(), by="grade")
    assert found.notes[0].startswith("Groups of grade: low (")
    equal(found.table, ns.compare_groups(cohort(), by="sorted").table)
    curves = ns.kaplan_meier(cohort().time, cohort().event, groups=cohort().data["grade"])
    assert curves["group"].drop_duplicates().tolist() == ORDER


def test_a_multinomial_outcome_has_its_levels_in_order():
    model = ns.RegressionModel(reference="mid")
    found = ns.regress(cohort(), outcome="grade", kind="multinomial", model=model).table
    assert found["level"].tolist() == ["low", "high"]


def test_imputed_levels_keep_their_order_and_are_drawn_by_proportional_odds():
    imputed = ns.impute(cohort(missing=24), ["grade"], m=10, seed=1)
    assert set(imputed.summary["method"]) == {"ordinal"}
    for one in imputed.cohorts:
        assert one.data["grade"].cat.categories.tolist() == ORDER
        assert one.data["grade"].notna().all()
    found = quiet(ns.cox, imputed, adjust=["grade"]).table
    assert found["term"].tolist() == ["score", "grade[mid]", "grade[high]"]
    coded = cohort(missing=24)
    place = coded.data["sorted"].map({"a low": 1.0, "b mid": 2.0, "c high": 3.0})
    numbers = replace(coded, data=coded.data.assign(place=place))
    methods = {"place": "ordinal"}
    other = ns.impute(numbers, ["place"], methods=methods, m=10, seed=1)
    categories = ns.Term("place", kind="categorical")
    again = quiet(ns.cox, other, adjust=[categories]).table
    numeric = ["estimate", "std_error", "p_value", "fmi"]
    np.testing.assert_allclose(again[numeric], found[numeric], rtol=1e-10)
    with pytest.raises(ParameterError, match=r"'ordinal' needs an order of the levels of 'sorted'"):
        ns.impute(coded, ["sorted"], methods={"sorted": "ordinal"}, m=2, seed=1)


def test_a_frozen_model_has_the_lowest_level_as_its_reference():
    model = ns.train(cohort(), "NGF", adjust=["grade"])
    assert model.names == ("NGF", "grade[mid]", "grade[high]")
    expected = ns.train(cohort(), "NGF", adjust=["sorted"])
    np.testing.assert_allclose(model.coef, expected.coef, rtol=1e-12)
    assert len(ns.validate(model, cohort("B", seed=3)).table) > 0


def test_pooled_cohorts_keep_an_order_that_they_share():
    both = [cohort("A"), cohort("B", seed=1)]
    found = quiet(ns.pooled_cox, both, adjust=["grade"]).table
    assert found["term"].tolist() == ["score", "grade[mid]", "grade[high]"]
    equal(found, quiet(ns.pooled_cox, both, adjust=["sorted"]).table)
    wider = cohort("B", seed=1, order=["lowest", *ORDER])
    again = quiet(ns.pooled_cox, [both[0], wider], adjust=["grade"]).table
    assert again["estimate"].tolist() == pytest.approx(found["estimate"].tolist(), rel=1e-12)


def test_orders_that_contradict_each_other_are_said_and_the_alphabet_decides():
    both = [cohort("A"), cohort("B", seed=1, order=ORDER[::-1])]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = ns.pooled_cox(both, adjust=["grade"]).table
    said = [w for w in caught if w.category is ClinicalWarning]
    assert "A: low < mid < high; B: high < mid < low" in str(said[0].message)
    assert [w.filename for w in said] == [__file__]
    assert found["term"].tolist() == ["score", "grade[low]", "grade[mid]"]


def test_rows_kept_and_levels_recoded_keep_the_order():
    kept = cohort().where("grade", ["high", "low"])
    assert ns.cox(kept, adjust=["grade"]).table["term"].tolist() == ["score", "grade[high]"]
    later = quiet(ns.landmark, cohort(), 50)
    assert ns.cox(later, adjust=["grade"]).table["term"][1] == "grade[mid]"
    merged = recode(clinic(), "grade", {"mid": "raised", "high": "raised"})["grade"]
    assert merged.cat.categories.tolist() == ["low", "raised"]
    assert merged.cat.ordered


def test_the_observations_of_single_cells_keep_their_order():
    table = clinic()
    index = [f"p{i}" for i in range(len(table))]
    cells = ad.AnnData(np.zeros((len(table), 1)), obs=table.set_axis(index))
    scores = table[["score"]].set_axis(index)
    both = ns.Cohort.join(scores, cells.obs.drop(columns="score"), END)
    assert ns.cox(both, adjust=["grade"]).table["term"][1] == "grade[mid]"
