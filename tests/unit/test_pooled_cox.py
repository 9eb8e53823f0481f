"""One Cox model over the patients of several cohorts."""

import numpy as np
import pandas as pd
import pytest

import neurosig as ns
from neurosig.errors import (
    ClinicalError,
    ClinicalWarning,
    EndpointError,
    ParameterError,
)

END = ns.Endpoint(time="days", event="dead", name="OS")


def made(name, n=80, *, effect=0.5, seed=0, endpoint=END, scale=1.0, **columns):
    """A cohort whose hazard doubles and more with its score."""
    rng = np.random.default_rng(seed)
    score = rng.normal(size=n)
    days = np.ceil(rng.exponential(500 * np.exp(-effect * score)))
    clinic = pd.DataFrame(
        {"days": days, "dead": rng.integers(0, 3, n) > 0, "age": rng.normal(60, 9, n)}
    )
    scores = pd.DataFrame({"NGF": score * scale + 7 * scale, "TH": rng.normal(size=n)})
    return ns.Cohort.join(scores, clinic.assign(**columns), endpoint, name=name)


def score_row(cohorts, **options):
    options = {"signatures": "NGF"} | options
    return ns.pooled_cox(cohorts, **options).table.iloc[0]


def test_units_of_a_score_in_a_cohort_do_not_matter():
    a, b = made("A"), made("B", seed=1)
    plain, stretched = score_row([a, b]), score_row([a, made("B", seed=1, scale=1000.0)])
    assert plain["estimate"] == pytest.approx(stretched["estimate"], abs=1e-9)
    assert plain["effect_scale"] == "HR per SD"
    assert score_row([a, b], scale="none")["effect_scale"] == "HR per unit"


def test_without_covariates_the_heterogeneity_is_that_of_the_cohorts_own_likelihoods():
    # by the likelihoods of three separate fits: 2 (sum l_c(beta_c) - l(beta))
    effects = {"A": 1.0, "B": 0.5, "C": -0.3}
    cohorts = [made(name, seed=i, effect=effects[name]) for i, name in enumerate(effects)]
    row = score_row(cohorts)
    own = sum(ns.fit_cox(c, "NGF").loglik for c in cohorts)
    joined = pd.concat([c.data.assign(days=c.time, dead=c.event, of=c.name) for c in cohorts])
    joined["x"] = joined["NGF"] / joined.groupby("of")["NGF"].transform("std")
    together = ns.Cohort.join(
        joined[["x"]].set_axis(range(len(joined))),
        joined[["days", "dead", "of"]].set_axis(range(len(joined))),
        END,
    )
    fit = ns.fit_cox(together, "x", strata=["of"], scale="none")
    assert row["lr_heterogeneity"] == pytest.approx(2 * (own - fit.loglik), abs=1e-7)
    assert row["estimate"] == pytest.approx(fit.coef[0], abs=1e-9)
    assert row["p_heterogeneity"] < 0.01


def test_a_signature_that_a_cohort_lacks_is_fitted_on_the_others():
    third = made("C", seed=2)
    third = ns.Cohort.join(
        third.data[["NGF"]], third.data.drop(columns=["NGF", "TH"]), END, name="C"
    )
    table = ns.pooled_cox([made("A"), made("B", seed=1), third]).table.set_index("signature")
    assert table["cohorts"].to_dict() == {"NGF": "A, B, C", "TH": "A, B"}
    assert table["n"].to_dict() == {"NGF": 240, "TH": 160}
    two = score_row([made("A"), made("B", seed=1)], signatures="TH")
    assert table.loc["TH", "estimate"] == two["estimate"]


def test_each_score_is_fitted_as_if_it_were_alone():
    cohorts = [made("A"), made("B", seed=1)]
    together = ns.pooled_cox(cohorts, adjust=["age"]).table.query("term == 'score'")
    for name in ("NGF", "TH"):
        alone = score_row(cohorts, adjust=["age"], signatures=name)
        row = together.set_index("signature").loc[name]
        assert row["estimate"] == alone["estimate"]
        assert row["lr_heterogeneity"] == alone["lr_heterogeneity"]


def test_what_cannot_be_pooled_is_refused():
    a, b = made("A"), made("B", seed=1)
    with pytest.raises(ParameterError, match="at least two cohorts"):
        ns.pooled_cox([a])
    with pytest.raises(ParameterError, match="'A' occurs more than once"):
        ns.pooled_cox([a, made("A", seed=1)])
    other = ns.Endpoint(time="days", event="dead", name="RFS")
    with pytest.raises(EndpointError, match=r"different endpoints.*OS: 'A'; RFS: 'B'"):
        ns.pooled_cox([a, made("B", seed=1, endpoint=other)])
    months = ns.Endpoint(time="days", event="dead", name="OS", unit="months")
    with pytest.warns(ClinicalWarning, match="do not look like months"):
        in_months = made("B", seed=1, endpoint=months)
    with pytest.raises(EndpointError, match=r"units of time.*days: 'A'; months: 'B'"):
        ns.pooled_cox([a, in_months])
    with pytest.raises(ClinicalError, match=r"'grade' is not in every cohort.*'A' lack"):
        ns.pooled_cox([a, made("B", seed=1, grade=["g1", "g2"] * 40)], adjust=["grade"])
    bare = ns.Cohort.join(b.scores, pd.DataFrame({"age": 1.0}, index=b.data.index), name="B")
    with pytest.raises(EndpointError, match="'B' has no endpoint"):
        ns.pooled_cox([a, bare])


def test_a_cohort_without_events_is_left_out_with_a_warning():
    a, b = made("A"), made("B", seed=1)
    silent = made("C", seed=2)
    silent = silent.subset(silent.event == 0, "alive")
    with pytest.warns(ClinicalWarning, match="without an event are left out: 'C'"):
        row = score_row([a, b, silent])
    assert row["cohorts"] == "A, B"
    assert row["estimate"] == score_row([a, b])["estimate"]
    with pytest.raises(EndpointError, match="Fewer than two cohorts have an event"):
        ns.pooled_cox([a, silent])


def test_a_cohort_with_one_level_of_a_covariate_is_kept_with_a_warning():
    a = made("A", sex=["f", "m"] * 40)
    only_women = made("B", seed=1, sex="f")
    with pytest.warns(ClinicalWarning, match="1 case: sex in B"):
        table = ns.pooled_cox([a, only_women], signatures="NGF", adjust=["sex"]).table
    assert table["n"].tolist() == [160, 160]
    assert table["term"].tolist() == ["score", "sex[m]"]


def test_a_constant_score_leaves_its_cohort_out_of_that_model():
    flat = made("C", seed=2)
    flat = ns.Cohort.join(
        flat.scores.assign(NGF=3.0), flat.data.drop(columns=["NGF", "TH"]), END, name="C"
    )
    with pytest.warns(ClinicalWarning, match="1 case: NGF in C"):
        table = ns.pooled_cox([made("A"), made("B", seed=1), flat]).table.set_index("signature")
    assert table["cohorts"].to_dict() == {"NGF": "A, B", "TH": "A, B, C"}
    expected = score_row([made("A"), made("B", seed=1)])
    assert table.loc["NGF", "estimate"] == pytest.approx(expected["estimate"], abs=1e-12)


def test_levels_agree_where_one_cohort_has_them_as_numbers():
    a, b = made("A", grade=[1, 2, 3, 1] * 20), made("B", seed=1, grade=["1", "2", "3", "2"] * 20)
    grade = ns.Term("grade", kind="categorical")
    table = ns.pooled_cox([a, b], signatures="NGF", adjust=[grade]).table
    assert table["term"].tolist() == ["score", "grade[2]", "grade[3]"]


def test_robust_errors_have_no_test_of_heterogeneity():
    cohorts = [made("A"), made("B", seed=1)]
    table = ns.pooled_cox(cohorts, signatures="NGF", model=ns.CoxModel(robust=True)).table
    assert "lr_heterogeneity" not in table.columns


def test_the_row_flow_names_the_cohorts():
    flow = ns.pooled_cox([made("A"), made("B", seed=1)]).row_flow
    assert {"A: time known", "B: time known"} <= set(flow["step"])


def test_a_cohort_that_loses_all_its_rows_is_refused():
    a, b = made("A", marker=range(80)), made("B", seed=1, marker=range(80))
    c = made("C", seed=2, marker=np.nan)
    with (
        pytest.raises(ClinicalError, match="'C' loses all its rows"),
        pytest.warns(ClinicalWarning, match="33% of the rows lack marker"),
    ):
        ns.pooled_cox([a, b, c], adjust=["marker"])
    with pytest.warns(ClinicalWarning, match="33% of the rows lack marker"):
        row = score_row([a, b, c], adjust=["marker"], allow_loss=True)
    assert row["cohorts"] == "A, B"


def test_cohorts_scored_in_different_ways_are_pointed_out():
    rng = np.random.default_rng(0)
    names = [f"G{i}" for i in range(30)]
    levels = 8 + rng.normal(size=(60, 30)) + np.arange(30) / 10
    expression = pd.DataFrame(levels, columns=names)
    clinic = pd.DataFrame({"days": rng.exponential(500, 60), "dead": [1, 1, 1, 0] * 15})

    def scored(name, method):
        scores = ns.score(expression, {"AXON": names[:5]}, method=method)
        return ns.Cohort.join(scores, clinic, END, name=name)

    with pytest.warns(ClinicalWarning, match="'A'.*B: method singscore, here ssgsea"):
        ns.pooled_cox([scored("A", "singscore"), scored("B", "ssgsea")])
    ns.pooled_cox([scored("A", "singscore"), scored("B", "singscore")])


def test_a_score_far_from_0_is_not_taken_for_the_cohorts():
    a, b = made("A"), made("B", seed=1)
    far = [
        ns.Cohort.join(c.data[["NGF"]] + 1e9, c.data.drop(columns=["NGF", "TH"]), END, name=c.name)
        for c in (a, b)
    ]
    row, plain = score_row(far), score_row([a, b])
    assert row["status"] == "ok"
    assert row["estimate"] == pytest.approx(plain["estimate"], rel=1e-6)
    assert row["p_heterogeneity"] == pytest.approx(plain["p_heterogeneity"], rel=1e-5)


def test_a_score_of_one_value_everywhere_is_constant_not_missing():
    cohorts = [made("A"), made("B", seed=1)]
    cohorts = [
        ns.Cohort.join(
            c.data[["NGF"]].assign(FLAT=1.0), c.data.drop(columns=["NGF", "TH"]), END, name=c.name
        )
        for c in cohorts
    ]
    with pytest.warns(ClinicalWarning, match="same for all patients"):
        table = ns.pooled_cox(cohorts).table.set_index("signature")
    assert table["status"].to_dict() == {"NGF": "ok", "FLAT": "constant"}


def test_one_cohort_is_not_pooled():
    with pytest.raises(ParameterError, match="at least two cohorts"):
        ns.pooled_cox(made("A"))


@pytest.mark.filterwarnings("ignore::neurosig.errors.SmallSampleWarning")
def test_clusters_of_two_cohorts_are_apart_also_where_they_have_one_name():
    centre = np.arange(80) % 4
    named = [made(n, seed=i, centre=centre) for i, n in enumerate("AB")]
    apart = [made(n, seed=i, centre=centre + 4 * i) for i, n in enumerate("AB")]
    for errors in ("sandwich", "jackknife"):
        model = ns.CoxModel(cluster="centre", cluster_errors=errors)
        one, other = (score_row(cohorts, model=model) for cohorts in (named, apart))
        assert one["std_error"] == pytest.approx(other["std_error"], rel=1e-12)
        assert one["model"].endswith("errors by centre within cohort")
    assert one["df"] == 7


def test_a_missing_cluster_is_no_cluster_of_its_cohort():
    centre = [None if i < 5 else f"c{i % 4}" for i in range(80)]
    cohorts = [made(n, seed=i, centre=centre) for i, n in enumerate("AB")]
    with pytest.warns(ClinicalWarning, match="6% of the rows lack cluster"):
        row = score_row(cohorts, model=ns.CoxModel(cluster="centre"))
    assert (row["n"], row["df"]) == (150, 7)


def test_levels_without_a_counterpart_in_another_cohort_are_refused():
    sex = np.where(np.arange(80) % 2, "male", "female")
    cohorts = [made("A", sex=sex), made("B", seed=1, sex=np.char.upper(sex))]
    with pytest.raises(ClinicalError, match=r"A and B have no level of 'sex' in common.*upper"):
        ns.pooled_cox(cohorts, adjust=["sex"])
    coded = [made("A", sex=np.arange(80) % 2), made("B", seed=1, sex=sex)]
    with pytest.raises(ClinicalError, match=r"no level of 'sex' in common\. A has '0', '1'; B"):
        ns.pooled_cox(coded, adjust=["sex"])
    some = np.where(np.arange(80) < 10, "other", sex)
    assert score_row([made("A", sex=sex), made("B", seed=1, sex=some)], adjust=["sex"])["n"] == 160


def test_numbers_in_one_cohort_and_texts_in_another_are_refused():
    age = np.arange(80) + 20
    texts = [str(a) if a % 9 else "unclear" for a in age]
    with pytest.raises(ClinicalError, match=r"'years' is numbers in A and texts in B.*'unclear'"):
        ns.pooled_cox([made("A", years=age), made("B", seed=1, years=texts)], adjust=["years"])


def test_a_covariate_in_another_unit_is_warned_of():
    years = np.arange(80) / 2 + 40
    in_days = [made("A", birth=years), made("B", seed=1, birth=years * 365.25)]
    with pytest.warns(ClinicalWarning, match="'birth' seems to have another unit in B than in A"):
        ns.pooled_cox(in_days, adjust=["birth"])
    ns.pooled_cox([made("A", birth=years), made("B", seed=1, birth=years + 50)], adjust=["birth"])
