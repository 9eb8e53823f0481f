"""Random signatures, permuted labels and other signatures as nulls of a Cox model."""

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kstest

import neurosig as ns
from neurosig.errors import (
    AlignmentError,
    ClinicalWarning,
    ParameterError,
    SeparationError,
    SignatureError,
)
from neurosig.kernels.cox import cox_fit_batch
from neurosig.outcomes.chance.null_columns import q_notes, with_nulls

GENES = [f"G{i:03d}" for i in range(120)]
ENDPOINT = ns.Endpoint(time="t", event="e", event_values=[1], unit="years")
FAST = {"method": "zscore", "catalogue": None, "n_permutations": 0}


def study(n=60, seed=0, shared=0.0, planted=()):
    """Expression and clinic; every gene follows the hazard by `shared`, the planted ones by 1."""
    rng = np.random.default_rng(seed)
    hazard = rng.normal(size=n)
    x = pd.DataFrame(rng.normal(9, 1, (n, len(GENES))), [f"p{i}" for i in range(n)], GENES)
    x += shared * hazard[:, None]
    x[list(planted)] += hazard[:, None]
    time = rng.exponential(np.exp(-hazard))
    clinic = pd.DataFrame(
        {
            "t": time.clip(max=3),
            "e": (time < 3) * 1,
            "age": 60 + 5 * hazard + rng.normal(0, 5, n),
            "site": np.where(rng.random(n) < 0.5, "north", "south"),
        },
        x.index,
    )
    return x, clinic


def joined(x, clinic, sets, method="zscore") -> ns.Cohort:
    return ns.Cohort.join(ns.score(x, sets, method=method), clinic, ENDPOINT)


def test_the_p_value_of_one_gene_is_its_place_among_all_genes():
    """One bin: a random signature is one of 120 genes, by |z| of R's score statistic."""
    x, clinic = study(planted=GENES[:6])
    statistic = cox_fit_batch(
        clinic["t"].to_numpy(), clinic["e"].to_numpy(float), x.to_numpy()
    ).score_statistic
    null = ns.MatchedNull(n_sets=20_000, n_bins=1)
    sets = {name: [name] for name in (GENES[0], GENES[50])}
    found = ns.null_test(joined(x, clinic, sets), x, sets, null=null, **FAST).table
    for row in found.itertuples():
        place = (statistic >= statistic[GENES.index(row.signature)] - 1e-9).mean()
        assert row.p_null == pytest.approx(place, abs=5 * np.sqrt(place / 20_000))
        assert row.z_score_test**2 == pytest.approx(statistic[GENES.index(row.signature)])


def test_a_p_value_is_one_and_those_as_large_over_one_and_all():
    """Recounted from the statistics that are handed out; with nothing as large it is 1 / 20."""
    x, clinic = study(80, planted=GENES[:12])
    sets = {"S": GENES[:12], "T": GENES[40:52]}
    null = ns.MatchedNull(n_sets=19)
    found = ns.null_test(
        joined(x, clinic, sets), x, sets, null=null, **FAST | {"n_permutations": 49}
    )
    table = found.table.set_index("signature")
    for drawn, column in ((found.random, "p_null"), (found.permuted, "p_permuted")):
        for name in sets:
            b = (drawn[name].abs() >= abs(table.loc[name, "z_score_test"])).sum()
            assert table.loc[name, column] == (1 + b) / (1 + len(drawn))
    assert table.loc["S", "p_null"] == 1 / 20


def test_the_permuted_p_value_is_that_of_all_orders():
    """Of six patients all 720 orders of a score are walked, each by its own Cox fit."""
    x, clinic = study(6, seed=4)
    clinic["e"] = [1, 1, 0, 1, 1, 0]
    sets = {"S": GENES[:5]}
    cohort = joined(x, clinic, sets)
    score = cohort.data["S"].to_numpy()
    orders = np.array(list(itertools.permutations(range(6))))
    statistic = cox_fit_batch(
        clinic["t"].to_numpy(), clinic["e"].to_numpy(float), score[orders].T
    ).score_statistic
    exact = np.mean(statistic >= statistic[0] - 1e-9)
    with pytest.warns(ns.errors.SmallSampleWarning):
        found = ns.null_test(
            cohort, x, sets, **FAST | {"n_permutations": 20_000}, null=ns.MatchedNull(n_sets=1)
        )
    assert found.table["p_permuted"][0] == pytest.approx(exact, abs=0.015)
    assert len(found.permuted) == 20_000


def test_with_strata_scores_stay_in_their_stratum():
    """2 x 3 patients: 36 orders within the strata, not 720."""
    x, clinic = study(6, seed=5)
    clinic["e"], clinic["site"] = 1, ["north"] * 3 + ["south"] * 3
    clinic.loc["p5", "e"] = 0
    sets = {"S": GENES[:5]}
    cohort = joined(x, clinic, sets)
    with pytest.warns(ns.errors.SmallSampleWarning):
        found = ns.null_test(
            cohort,
            x,
            sets,
            strata=["site"],
            null=ns.MatchedNull(n_sets=1),
            **FAST | {"n_permutations": 2_000},
        )
    score = cohort.data["S"].to_numpy()
    three = list(itertools.permutations(range(3)))
    orders = np.array([[*a, *(3 + np.array(b))] for a in three for b in three])
    statistic = cox_fit_batch(
        clinic["t"].to_numpy(),
        clinic["e"].to_numpy(float),
        score[orders].T,
        strata=np.array([0, 0, 0, 1, 1, 1]),
    ).score_statistic
    drawn = np.unique((found.permuted["S"] ** 2).round(8))
    assert set(drawn) == set(np.unique(statistic.round(8)))


def test_where_all_genes_follow_the_outcome_a_nominal_p_value_is_no_news():
    """Venet's point: signatures of such genes are significant, and no better than random ones."""
    x, clinic = study(150, shared=1.0)
    rng = np.random.default_rng(1)
    sets = {f"S{i}": rng.choice(GENES, 10, replace=False).tolist() for i in range(20)}
    null = ns.MatchedNull(n_sets=199, n_bins=1)
    found = ns.null_test(joined(x, clinic, sets), x, sets, null=null, **FAST).table
    assert (found["p_value"] < 1e-6).all()
    assert kstest(found["p_null"], "uniform").pvalue > 0.01


def test_a_signature_that_does_follow_it_is_found_and_the_sentence_says_so():
    planted = GENES[3:120:15]
    x, clinic = study(100, planted=planted)
    sets = {"planted": planted, "noise": GENES[4:120:15]}
    null = ns.MatchedNull(n_sets=199)
    found = ns.null_test(joined(x, clinic, sets), x, sets, null=null, **FAST)
    by_name = found.table.set_index("signature")
    assert by_name.loc["planted", "p_null"] <= 2 / 200
    assert by_name.loc["noise", "p_null"] > 0.05
    assert "planted" in found.notes[-1]
    assert "noise" not in found.notes[-1]


@pytest.mark.filterwarnings("ignore::neurosig.errors.ProportionalHazardsWarning")
def test_adjusted_models_are_compared_with_adjusted_models():
    """The statistic is close to Wald's z of the same model, which knows the covariates."""
    x, clinic = study(200, shared=0.3)
    sets = {f"S{i}": GENES[10 * i : 10 * i + 10] for i in range(8)}
    null = ns.MatchedNull(n_sets=20)
    options = {"adjust": ["age"], "strata": ["site"], "null": null}
    found = ns.null_test(joined(x, clinic, sets), x, sets, **options, **FAST).table
    np.testing.assert_allclose(found["z_score_test"], found["statistic"], atol=0.25)
    crude = ns.null_test(joined(x, clinic, sets), x, sets, null=null, **FAST).table
    assert (abs(crude["z_score_test"] - found["z_score_test"]) > 0.5).any()


def test_a_logistic_model_has_the_same_nulls():
    """By |z| the gene stands where its own logistic likelihood puts it among all 120 genes."""
    x, clinic = study(100, planted=GENES[:6])
    clinic["late"] = np.where(clinic["t"] > 0.7, "yes", "no")
    sets = {name: [name] for name in (GENES[0], GENES[50])}
    cohort = joined(x, clinic, sets)
    options = {"outcome": "late", "positive": "yes", "adjust": ["age"]}
    null = ns.MatchedNull(n_sets=5_000, n_bins=1)
    found = ns.null_test(cohort, x, sets, null=null, **options, **FAST | {"n_permutations": 99})
    assert found.table["model"].eq("logistic regression").all()
    every = ns.Cohort.join(x, clinic, ENDPOINT)
    p_lr = (
        ns.regress(every, **options).table.query("term == 'score'").set_index("signature")["p_lr"]
    )
    for row in found.table.itertuples():
        place = (p_lr <= p_lr[row.signature]).mean()
        assert row.p_null == pytest.approx(place, abs=0.03)
        assert row.z_score_test == pytest.approx(row.statistic, abs=0.3)
        assert row.p_permuted == pytest.approx(row.p_value, abs=0.1)


def test_a_logistic_model_has_no_strata():
    x, clinic = study()
    sets = {"S": GENES[:10]}
    with pytest.raises(ParameterError, match="neither strata"):
        ns.null_test(
            joined(x, clinic, sets), x, sets, outcome="site", positive="north", strata=["site"]
        )


def test_a_covariate_that_tells_the_outcome_is_refused_in_a_logistic_model():
    x, clinic = study()
    clinic["late"] = np.where(clinic["t"] > 0.7, "yes", "no")
    sets = {"S": GENES[:10]}
    options = {"outcome": "late", "positive": "yes", "adjust": ["t"]}
    cohort = ns.Cohort.join(ns.score(x, sets, method="zscore"), clinic)
    with pytest.warns(ns.errors.SmallSampleWarning), pytest.raises(SeparationError):
        ns.null_test(cohort, x, sets, **options, **FAST)


def test_a_q_value_needs_forty_random_sets_for_each_test():
    x, clinic = study()
    sets = {f"S{i}": GENES[10 * i : 10 * i + 10] for i in range(3)}
    cohort = joined(x, clinic, sets)
    few = ns.null_test(cohort, x, sets, null=ns.MatchedNull(n_sets=119), **FAST)
    assert "q_null" not in few.table
    assert any("3 tests need 120 random sets each, and 119 have a score" in n for n in few.notes)
    enough = ns.null_test(cohort, x, sets, null=ns.MatchedNull(n_sets=120), **FAST).table
    p = np.sort(enough["p_null"])  # Benjamini and Hochberg by hand: the smallest of 3
    q = min(3 * p[0], 3 / 2 * p[1], p[2])
    assert enough["q_null"].min() == pytest.approx(q)


def test_the_rank_in_a_catalogue_leaves_out_the_signature_itself():
    """Four other signatures; a copy under another name and one of the same name do not count."""
    x, clinic = study(planted=GENES[:10])
    sets = {"S": GENES[10:20]}
    others = {f"C{i}": GENES[10 * i : 10 * i + 10] for i in (0, 3, 4, 5)}
    catalogue = {**others, "copy": GENES[10:20], "S": GENES[60:70]}
    options = FAST | {"catalogue": catalogue}
    null = ns.MatchedNull(n_sets=1)
    found = ns.null_test(joined(x, clinic, sets), x, sets, null=null, **options)
    alone = ns.null_test(joined(x, clinic, others), x, others, null=null, **FAST).table
    larger = (alone["z_score_test"].abs() >= abs(found.table["z_score_test"][0])).sum()
    assert found.table["catalogue_rank"][0] == 1 + larger
    assert found.table["n_catalogue"][0] == 4
    np.testing.assert_allclose(found.catalogue.loc[list(others), "S"], alone["z_score_test"])


def test_the_result_does_not_depend_on_threads_groups_or_other_signatures(monkeypatch):
    from neurosig import random_sets

    x, clinic = study()
    sets = {"S": GENES[:10], "T": {"up": GENES[20:25], "down": GENES[30:34]}}
    options = {"null": ns.MatchedNull(n_sets=50), **FAST, "n_permutations": 20}
    first = ns.null_test(joined(x, clinic, sets), x, sets, **options)
    alone = ns.null_test(joined(x, clinic, {"S": sets["S"]}), x, sets, **options)
    pd.testing.assert_series_equal(alone.random["S"], first.random["S"])
    pd.testing.assert_series_equal(alone.permuted["S"], first.permuted["S"])
    monkeypatch.setattr(random_sets, "GROUP_BYTES", 5_000)
    again = ns.null_test(joined(x, clinic, sets), x, sets, **options, n_jobs=3)
    pd.testing.assert_frame_equal(again.table, first.table)


def test_a_score_that_is_missing_for_some_is_tested_on_the_others():
    x, clinic = study()
    x.iloc[:5, 0] = np.nan
    method = ns.methods.ZScore(na="propagate")
    sets = {"S": GENES[:5], "T": GENES[50:55]}
    with pytest.warns(ClinicalWarning, match="8% of the rows lack the score 'S'"):
        found = ns.null_test(
            joined(x, clinic, sets, method),
            x,
            sets,
            **FAST | {"method": method},
            null=ns.MatchedNull(n_sets=30),
        ).table
    assert found["n"].tolist() == [55, 60]
    assert found["p_null"].notna().all()
    assert found["n_null"][0] == 30  # of these, random sets never miss the patients left
    assert found["n_null"][1] <= 30


@pytest.mark.parametrize("method", ["ssgsea", "singscore", "mean", "gsva", "plage", "ucell"])
def test_methods_of_all_kinds_have_a_null(method):
    x, clinic = study(30)
    sets = {"S": GENES[:10]}
    null = ns.MatchedNull(n_sets=9)
    options = FAST | {"method": method}
    found = ns.null_test(joined(x, clinic, sets, method), x, sets, null=null, **options).table
    assert 0.1 <= found["p_null"][0] <= 1.0


def test_a_rescaling_by_one_number_is_no_other_score():
    x, clinic = study(30)
    sets = {"S": GENES[:10], "T": GENES[10:20]}
    method = ns.methods.SsGsea(normalize=True)
    cohort = joined(x, clinic, sets, method)
    options = FAST | {"method": method}
    assert len(ns.null_test(cohort, x, sets, null=ns.MatchedNull(n_sets=2), **options).table) == 2


def test_scores_of_another_method_are_refused():
    x, clinic = study()
    sets = {"S": GENES[:10]}
    with pytest.raises(ParameterError, match="scores of 'S' in 'cohort' are not those of ZScore"):
        ns.null_test(joined(x, clinic, sets, "ssgsea"), x, sets, **FAST)


def test_a_score_without_its_signature_is_refused():
    x, clinic = study()
    cohort = joined(x, clinic, {"S": GENES[:10]})
    with pytest.raises(SignatureError, match="1 score of the cohort without a signature"):
        ns.null_test(cohort, x, {"T": GENES[:10]}, **FAST)


def test_a_patient_who_is_not_in_the_expression_is_named():
    x, clinic = study()
    sets = {"S": GENES[:10]}
    cohort = joined(x, clinic, sets)
    with pytest.raises(AlignmentError, match=r"1 observation of the cohort .* Absent: 'p7'"):
        ns.null_test(cohort, x.drop("p7"), sets, **FAST)


def test_a_covariate_that_separates_the_events_is_refused():
    x, clinic = study()
    clinic["marker"] = clinic["e"] * 1.0
    sets = {"S": GENES[:10]}
    with (
        pytest.warns(ns.errors.SmallSampleWarning),
        pytest.raises(SeparationError, match=r"covariates alone.*infinite: 'marker'"),
    ):
        ns.null_test(joined(x, clinic, sets), x, sets, adjust=["marker"], **FAST)


@pytest.mark.parametrize(
    ("options", "word"), [({"null": None}, "null"), ({"n_permutations": -1}, "n_permutations")]
)
def test_an_option_out_of_its_range_is_refused_by_name(options, word):
    x, clinic = study()
    sets = {"S": GENES[:10]}
    with pytest.raises(ParameterError, match=word):
        ns.null_test(joined(x, clinic, sets), x, sets, **FAST | options)


def test_random_sets_without_a_score_do_not_count_towards_q():
    table = pd.DataFrame({"signature": ["A", "B"], "p_value": [0.01, 0.5]})
    random = pd.DataFrame(np.random.default_rng(0).normal(size=(80, 2)), columns=["A", "B"])
    none = random.iloc[:0]
    z = pd.Series({"A": 2.5, "B": 0.1})
    assert "q_null" in with_nulls(table, z, random, none, none)  # 2 tests x 40 sets
    random.loc[0, "B"] = np.nan
    short = with_nulls(table, z, random, none, none)
    assert "q_null" not in short
    assert "79 have a score" in q_notes(short)[0]
