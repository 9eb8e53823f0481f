"""REMARK profile and checklists: what is said comes from the analysis, and nothing else is said."""

import warnings

import numpy as np
import pandas as pd
import pytest

import neurosig as ns
from neurosig.errors import ParameterError
from neurosig.outcomes.reporting.guideline_items import ITEMS
from neurosig.outcomes.reporting.profile_tables import markdown_table


def make_cohort(n=120, name="breast"):
    rng = np.random.default_rng(5)
    ids = [f"p{i}" for i in range(n)]
    scores = pd.DataFrame({"NGF": rng.normal(size=n), "SCHWANN": rng.normal(size=n)}, ids)
    clinic = pd.DataFrame(
        {
            "t": rng.exponential(900, n),
            "dead": [1, 0, 1, 0] * (n // 4),
            "age": rng.normal(60, 8, n).round(),
            "grade": rng.choice(["G1", "G2"], n),
        },
        ids,
    )
    clinic.loc[ids[:5], "age"] = np.nan
    clinic.loc[ids[-3:], "t"] = np.nan
    endpoint = ns.Endpoint(time="t", event="dead", name="OS")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ns.Cohort.join(scores.iloc[:-10], clinic, endpoint, name=name)


@pytest.fixture(scope="module")
def cohort():
    return make_cohort()


@pytest.fixture(scope="module")
def analyses(cohort):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {
            "Cox": ns.cox(cohort, adjust=["age", "grade"], unadjusted=True),
            "imputed Cox": ns.cox(ns.impute(cohort, ["age"], m=5), adjust=["age"]),
            "prediction": ns.discrimination(
                cohort, signatures="NGF", times=[500], resampling=ns.Resampling(n_resamples=20)
            ),
        }


def answers(checklist):
    return checklist.table.set_index("item")


def test_part_a_counts_patients_events_and_losses(cohort, analyses):
    part = ns.remark_profile(cohort, analyses, treatment="Surgery").patients.set_index("aspect")
    assert part.loc["Patients: available", "n"] == "120"
    assert part.loc["Patients: left out", "n"] == "10"
    assert part.loc["Patients: in the cohort", "n"] == "110"
    assert part.loc["Outcome: events", "n"] == str(int(cohort.event.sum()))
    assert part.loc["Treatment", "entry"] == "Surgery"
    assert part.loc["Further variables", "entry"] == "age, grade"
    assert part.loc["Outcome: follow-up", "entry"].startswith("median ")


def test_part_b_has_every_analysis_with_its_numbers(analyses, cohort):
    part = ns.remark_profile(cohort, analyses).analyses
    assert part["analysis"].tolist() == ["Cox", "Cox", "imputed Cox", "prediction"]
    assert part["n"].tolist() == ["105", "105", "110", "110"]
    assert part["variables"].tolist()[:3] == ["2 scores; age, grade", "2 scores", "2 scores; age"]
    table = analyses["Cox"].table
    events = str(int(table["n_events"].iloc[0]))
    assert part["n_events"].tolist()[:2] == [events, events]
    assert "imputations" in part["model"][2]


def test_characteristics_count_missing_values_and_describe_the_others(cohort, analyses):
    rows = ns.remark_profile(cohort, analyses).characteristics.set_index("variable")
    assert rows.loc["age", ["n_known", "n_missing"]].tolist() == [105, 5]
    ages = cohort.data["age"].dropna()
    assert rows.loc["age", "distribution"].startswith(
        f"mean {ages.mean():.4g}, SD {ages.std():.3g}"
    )
    n = int((cohort.data["grade"] == "G1").sum())
    assert f"G1 {n} ({100 * n / 110:.0f} %)" in rows.loc["grade", "distribution"]
    assert set(rows.index) == {"age", "grade", "NGF", "SCHWANN"}


def test_the_remark_checklist_answers_with_the_numbers_of_the_run(cohort, analyses):
    filled = answers(ns.checklist(cohort, analyses))
    assert len(filled) == 20
    events = int(analyses["Cox"].table["n_events"].iloc[0])
    assert f"Cox: n = 105, {events} events." in filled.loc["12", "answer"]
    assert "10 of 120 lost" in filled.loc["12", "answer"]
    assert "'1' = event; '0' = censored" in filled.loc["7", "answer"]
    ten = filled.loc["10", "answer"]
    assert "Cox: complete cases, rows lost for age (5), 105 used." in ten
    assert "imputed 5 times: age (5), pooled by Rubin's rules" in ten
    assert "q over 2 score rows of breast, OS, adjusted" in ten
    assert "proportional hazards tested" in ten
    per_param = analyses["Cox"].table["events_per_param"]
    assert f"{per_param.min():.1f} to {per_param.max():.1f} events" in filled.loc["9", "answer"]
    assert "corrected for optimism over 20 bootstrap samples" in filled.loc["18", "answer"]
    assert "2 models of a score alone" in filled.loc["15", "answer"]


def test_states_say_who_has_to_fill_an_item(cohort, analyses):
    filled = answers(ns.checklist(cohort, analyses))
    assert filled.loc["3", "state"] == "to be filled in by authors"
    assert filled.loc["4", "state"] == "not answerable by software"
    assert filled.loc["12", "state"] == "answered"
    assert filled.loc["7", "state"] == "answered in part"
    assert (filled.loc[filled["answer"] == "", "authors_add"] == "").all()
    assert set(filled["state"]) == {
        "answered",
        "answered in part",
        "to be filled in by authors",
        "not answerable by software",
    }
    is_answered = filled["state"].str.startswith("answered")
    assert (is_answered == (filled["answer"] != "")).all()
    assert ns.checklist(cohort, analyses).n_answered == is_answered.sum()


def test_what_is_told_besides_answers_its_items(cohort, analyses):
    plan = ns.power(hr=1.5, power=0.8, event_rate=0.5).text
    facts = ns.ReportingFacts(treatment="Surgery alone.", sample_size=plan)
    filled = answers(ns.checklist(cohort, analyses, facts=facts))
    assert filled.loc["3", "answer"] == "Surgery alone."
    assert filled.loc["9", "answer"].startswith(plan)


def test_nothing_is_claimed_that_was_not_done(cohort):
    only = {"Cox": ns.cox(cohort, signatures="NGF")}
    filled = answers(ns.checklist(cohort, only))
    assert filled.loc["16", "state"] == "to be filled in by authors"
    assert filled.loc["14", "answer"] == ""
    assert "optimism" not in filled.loc["18", "answer"]
    tripod = answers(ns.checklist(cohort, only, guideline="TRIPOD+AI"))
    assert tripod.loc["12e", "answer"] == ""
    assert tripod.loc["12d", "answer"] == ""
    assert tripod.loc["18a", "state"] == "not answerable by software"


def test_the_tripod_checklist_names_the_measures_of_performance(cohort, analyses):
    filled = answers(ns.checklist(cohort, analyses, guideline="TRIPOD+AI"))
    measures = list(dict.fromkeys(analyses["prediction"].table["measure"]))
    assert len(measures) > 2
    assert filled.loc["12e", "answer"] == f"prediction: {', '.join(measures)}."
    assert filled.loc["11", "state"] == "answered in part"


def test_a_cutpoint_that_was_searched_is_said(cohort):
    time, event = cohort.time, cohort.event
    known = np.isfinite(time)
    searched = ns.maxstat(
        time[known],
        event[known],
        cohort.data["NGF"][known],
        n_permutations=99,
        n_bootstrap=20,
        n_repeats=1,
    )
    from neurosig.outcomes.results import Results

    analyses = {"Cox": ns.cox(cohort), "maxstat": Results(searched.table)}
    eleven = answers(ns.checklist(cohort, analyses)).loc["11", "answer"]
    assert "a cutpoint was searched in maxstat" in eleven
    assert ns.remark_profile(cohort, analyses).analyses["analysis"].tolist() == ["Cox", "maxstat"]


def test_items_are_those_of_the_guidelines_in_order():
    assert [item.number for item in ITEMS["REMARK"]] == [str(i) for i in range(1, 21)]
    numbers = [item.number for item in ITEMS["TRIPOD+AI"]]
    assert len(numbers) == len(set(numbers)) == 52
    assert [int(n.rstrip("abcdefg")) for n in numbers] == sorted(
        int(n.rstrip("abcdefg")) for n in numbers
    )
    assert {int(n.rstrip("abcdefg")) for n in numbers} == set(range(1, 28))


def test_every_fact_that_an_item_asks_for_can_be_known(cohort, analyses):
    """A topic that no function fills would leave its items empty for ever."""
    from neurosig.outcomes.reporting.analysis_facts import ReportingFacts, analysis_facts

    told = ReportingFacts(
        **dict.fromkeys(
            (
                "scoring",
                "treatment",
                "sample_size",
                "preparation",
                "sensitivity",
                "null",
                "software",
            ),
            "x",
        )
    )
    table = ns.cox(cohort).table
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        further = {
            "pooled": ns.meta([table, table.assign(cohort="two")]),
            "grade": ns.regress(cohort, outcome="grade", positive="G2"),
        }
    known = set(analysis_facts((cohort,), analyses | further, told))
    asked = {topic for items in ITEMS.values() for item in items for topic in item.facts}
    assert asked <= known


def test_two_cohorts_are_told_apart(cohort):
    other = make_cohort(name="colon")
    both = {"breast": ns.cox(cohort, adjust=["grade"]), "colon": ns.cox(other)}
    part = ns.remark_profile([cohort, other], both).patients
    further = part[part["aspect"] == "Further variables"].set_index("cohort")["entry"]
    assert further.to_dict() == {"breast": "grade", "colon": "none"}


def test_markdown_is_a_table_that_no_text_breaks(cohort, analyses):
    text = ns.checklist(cohort, analyses).markdown
    assert text.startswith("## REMARK\n\n| item | topic |")
    assert len(text.splitlines()) == 24
    odd = markdown_table(pd.DataFrame({"a|b": ["x\ny|z"], "n": [np.nan]}))
    assert odd.splitlines() == ["| a\\|b | n |", "|---|---|", "| x y\\|z |  |"]
    assert ns.remark_profile(cohort, analyses).markdown.count("\n## ") == 2


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda c, a: ns.checklist(c, {}), "There is nothing to report"),
        (lambda c, a: ns.checklist([], a), "There is nothing to report"),
        (lambda c, a: ns.remark_profile(c, {"x": a["Cox"].table}), "'x' is no Results"),
        (lambda c, a: ns.checklist(c, a, guideline="STROBE"), "guideline cannot be 'STROBE'"),
    ],
)
def test_what_cannot_be_reported_is_refused(make, text, cohort, analyses):
    with pytest.raises(ParameterError, match=text):
        make(cohort, analyses)


def test_a_validation_is_told_with_its_numbers_and_its_cut(cohort):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = ns.train(cohort, "NGF", cut="median")
        other = make_cohort(200, name="colon")
        found = {"Cox": ns.cox(cohort), "validation": ns.validate(model, other)}
    filled = answers(ns.checklist([cohort, other], found))
    table = found["validation"].table
    n, events = int(table["n"].iloc[0]), int(table["n_events"].iloc[0])
    assert f"validation: n = {n}, {events} events." in filled.loc["12", "answer"]
    assert (
        "a cut of the training cohort divides patients in validation" in filled.loc["11", "answer"]
    )
    assert "frozen, judged in colon" in filled.loc["18", "answer"]


def test_what_relates_the_marker_to_variables_is_no_analysis_of_the_outcome(cohort):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = {
            "age": ns.correlate(cohort, with_="age"),
            "groups": ns.compare_groups(cohort, by="grade"),
        }
    filled = answers(ns.checklist(cohort, found))
    assert filled.loc["14", "answer"] == ("age: score against age. groups: score against grade.")
    assert filled.loc["15", "answer"] == ""


def test_a_model_of_competing_risks_is_no_relation_to_a_clinical_variable():
    rng = np.random.default_rng(2)
    scores = pd.DataFrame({"NGF": rng.normal(size=200)})
    clinic = pd.DataFrame({"t": rng.exponential(9, 200), "end": np.resize([0, 1, 2], 200)})
    endpoint = ns.Endpoint(time="t", event="end", causes={"cancer": 1, "other": 2})
    cohort = ns.Cohort.join(scores, clinic, endpoint, name="A")
    filled = answers(ns.checklist(cohort, {"Fine-Gray": ns.fine_gray(cohort, cause="cancer")}))
    assert filled.loc["14", "answer"] == ""
    assert "1 model of a score alone" in filled.loc["15", "answer"]


def test_analyses_without_names_are_refused(cohort, analyses):
    with pytest.raises(ParameterError, match="have no names"):
        ns.checklist(cohort, list(analyses.values()))
