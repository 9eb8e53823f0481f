"""Endpoints: bad inputs 1 to 12 and what is understood of the good ones."""

import warnings

import numpy as np
import pandas as pd
import pytest
from statsmodels.duration.survfunc import SurvfuncRight

from neurosig._params import build, json_schema
from neurosig.errors import ClinicalError, ClinicalWarning, EndpointError, ParameterError
from neurosig.outcomes.clinic.clean import clean_table
from neurosig.outcomes.clinic.clinical_io import read_clinical
from neurosig.outcomes.clinic.endpoint import Endpoint
from neurosig.outcomes.clinic.follow_up import describe_follow_up, median_follow_up

OS = Endpoint(time="time", event="dead")


def clinic(time=(400, 800, 1200, 1600), event=(1, 0, 0, 1), **names):
    data = {
        names.get("time_name", "time"): list(time),
        names.get("event_name", "dead"): list(event),
    }
    return pd.DataFrame(data, index=[f"p{i}" for i in range(len(time))])


def events(values, **options):
    table = clinic(range(400, 400 + len(values)), values)
    return Endpoint(time="time", event="dead", **options).read(table).event.tolist()


def test_negative_times_are_refused_with_their_ids():
    with pytest.raises(EndpointError, match=r"negative times.*2 rows.*p0 \(-1\)") as caught:
        OS.read(clinic([-1, 3, -2, 5]))
    assert caught.value.facts["ids"] == ("p0", "p2")


def test_infinite_times_are_refused():
    with pytest.raises(EndpointError, match="infinite times"):
        OS.read(clinic([1, np.inf, 3, 4]))


def test_zero_times_are_kept_counted_and_warned_of():
    with pytest.warns(ClinicalWarning, match=r"zero in 'time' are kept. 2 rows, 1 event"):
        survival = OS.read(clinic([0, 0, 300, 500]))
    assert survival.time.tolist() == [0, 0, 300, 500]
    assert survival.is_known.all()


def test_rows_without_time_or_event_are_lost_and_counted():
    with pytest.warns(ClinicalWarning, match=r"without 'time' or 'dead'.*2 of 4 rows: 'p0'"):
        survival = OS.read(clinic([np.nan, 800, 900, 1000], [1, None, 1, 0]))
    assert survival.is_known.tolist() == [False, False, True, True]
    assert survival.n_events == 1
    assert np.isnan(survival.event[1])


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0, 1], [0, 1]),
        ([1.0, 1.0], [1, 1]),
        (["0", "1.0"], [0, 1]),
        ([True, False], [1, 0]),
        (["Dead", "Alive"], [1, 0]),
        ([" dead", "ALIVE ", "DECEASED", "living"], [1, 0, 1, 0]),
        (["yes", "No"], [1, 0]),
        (["TRUE", "FALSE"], [1, 0]),
        (["1:DECEASED", "0:LIVING"], [1, 0]),
        (["0:DiseaseFree", "1:Recurred/Progressed"], [0, 1]),
        (["event", "censored"], [1, 0]),
    ],
)
def test_a_coding_that_means_one_thing_only_is_understood(values, expected):
    assert events(values) == expected


def test_what_was_understood_is_echoed():
    survival = OS.read(clinic(event=["dead", " Alive", "alive", "Dead"]))
    assert survival.coding == "'dead', 'Dead' = event; 'Alive', 'alive' = censored"
    assert survival.echo.startswith("2 events / 4, median follow-up")


def test_an_event_coded_one_two_is_refused_suggesting_two():
    with pytest.raises(EndpointError, match=r'1/2.*2 \(1 rows\).*event_values=\("2",\)'):
        events([1, 1, 2])
    assert events([1, 1, 2], event_values=("2",)) == [0, 0, 1]


def test_competing_events_are_refused_until_one_is_chosen():
    with pytest.raises(EndpointError, match="competing event"):
        events([0, 1, 2])
    assert events([0, 1, 2], event_values=("1",)) == [0, 1, 0]
    assert events([0, 1, 2], event_values=[1, 2]) == [0, 1, 1]


def test_other_numbers_are_refused():
    with pytest.raises(EndpointError, match="not coded 0/1"):
        events([0, 3])


@pytest.mark.parametrize("values", [["dead", "lost"], ["1:LIVING", "0:DECEASED"], ["1", "dead"]])
def test_words_whose_meaning_is_not_known_are_refused_and_listed(values):
    with pytest.raises(EndpointError, match=r"meaning is not known.*event_values="):
        events(values)
    assert events(values, event_values=(values[0],)) == [1, 0]


@pytest.mark.parametrize("name", ["CNSR", "cnsr", "OS_CNSR", "censored", "cens"])
def test_a_column_named_after_censoring_needs_its_event_values(name):
    table = clinic(event_name=name)
    with pytest.raises(EndpointError, match="speaks of censoring"):
        Endpoint(time="time", event=name).read(table)
    survival = Endpoint(time="time", event=name, event_values=("0",)).read(table)
    assert survival.event.tolist() == [0, 1, 1, 0]


def test_event_values_that_do_not_occur_are_refused():
    with pytest.raises(EndpointError, match=r"'3' do not occur.*'1', '2'"):
        events([1, 2], event_values=("3",))
    with pytest.raises(EndpointError, match="do not occur"):
        events([1, 2], event_values=())


@pytest.mark.parametrize("values", [[0, 0], ["alive", "alive"]])
def test_no_events_at_all_is_said_in_plain_words(values):
    with pytest.raises(EndpointError, match="Nobody had the event"):
        events(values)


def test_no_known_row_is_refused():
    with pytest.raises(EndpointError, match="No row has both a time"):
        OS.read(clinic([None, 2, None, 3], [1, None, 0, None]))


def test_a_missing_column_is_refused_with_the_closest_names():
    table = clinic(time_name="OS.time", event_name="OS")
    with pytest.raises(EndpointError, match=r"no column 'os_time'.*Did you mean 'OS\.time'"):
        Endpoint(time="os_time", event="OS").read(table)


def test_times_as_text_are_read_when_all_are_numbers():
    assert OS.read(clinic(["123", "400", " 500", "600"])).time.tolist() == [123, 400, 500, 600]
    with pytest.raises(EndpointError, match="'soon'"):
        OS.read(clinic(["123", "400", "500", "soon"]))


def test_dates_instead_of_days_are_refused():
    with pytest.raises(EndpointError, match="'time' holds dates"):
        OS.read(clinic(["2011-03-04", "2012-01-01", "2012-02-01", "2013-01-01"]))


def test_tokens_for_missing_are_understood_without_cleaning_first():
    with pytest.warns(ClinicalWarning, match="2 of 4 rows"):
        survival = OS.read(clinic([1, 500, 600, "[Not Available]"], ["yes", "no", "--", "no"]))
    assert survival.is_known.sum() == 2


def test_fields_are_checked_and_the_name_defaults_to_the_event():
    assert OS.name == "dead"
    assert Endpoint(time="t", event="e", name="overall").name == "overall"
    with pytest.raises(ParameterError, match=r"unit cannot be 'day'.*Did you mean 'days'"):
        Endpoint(time="t", event="e", unit="day")
    with pytest.raises(ParameterError, match="event_values cannot be"):
        Endpoint(time="t", event="e", event_values="Dead")


@pytest.mark.parametrize(
    ("unit", "one_year"), [("days", 365.25), ("weeks", 52.1786), ("months", 12.0), ("years", 1.0)]
)
def test_follow_up_is_given_in_years_whatever_the_unit(unit, one_year):
    # everyone censored at three years but one event at one year: the curve of censoring falls to 0
    time = np.array([1.0, 3.0, 3.0]) * one_year
    text = describe_follow_up(time, np.array([1.0, 0.0, 0.0]), unit)
    assert text == "1 event / 3, median follow-up 3.0 years"


def test_follow_up_is_not_reached_when_everyone_had_the_event():
    assert describe_follow_up(np.array([1.0, 2.0]), np.ones(2)).endswith("not reached")


def test_a_curve_that_rests_at_one_half_gives_the_middle_of_the_interval():
    # S = 3/4, 1/2 from t = 2, 1/4 from t = 5: survfit's median is (2 + 5) / 2
    assert median_follow_up(np.array([1.0, 2.0, 5.0, 6.0]), np.zeros(4)) == 3.5


def test_median_follow_up_equals_that_of_statsmodels():
    generator = np.random.default_rng(7)
    time = generator.integers(1, 300, 201).astype(float)
    event = generator.integers(0, 2, 201).astype(float)
    expected = SurvfuncRight(time, 1 - event).quantile(0.5)
    assert median_follow_up(time, event) == expected  # an observed time: equal to the bit


@pytest.mark.parametrize(("unit", "days"), [("years", 900.0), ("days", 1.2)])
def test_times_that_do_not_fit_the_unit_are_warned_of(unit, days):
    with pytest.warns(ClinicalWarning, match=f"do not look like {unit}"):
        Endpoint(time="time", event="dead", unit=unit).read(clinic([days] * 4))


@pytest.mark.data
@pytest.mark.parametrize(
    ("cohort", "n", "n_events"),
    [("tcga_coadread_xena1577", 317, 60), ("tcga_acc_rnaseq", 79, 28)],
)
def test_real_cohorts_have_their_published_numbers_of_events(shared_data, cohort, n, n_events):
    # counts from the README of the data folder; the oracle of follow-up is statsmodels
    clinical = read_clinical(shared_data / cohort / "clinical.csv")
    survival = Endpoint(time="OS.time", event="OS").read(clinical)
    assert (survival.is_known.sum(), survival.n_events) == (n, n_events)
    expected = SurvfuncRight(survival.time, 1 - survival.event).quantile(0.5)
    assert median_follow_up(survival.time, survival.event) == expected


@pytest.mark.data
def test_vital_status_in_words_agrees_with_the_curated_column(shared_data):
    for path in sorted((shared_data / "tcga_clinical").glob("*.csv.gz")):
        clinical = read_clinical(path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ClinicalWarning)
            words = Endpoint(time="OS.time", event="vital_status").read(clinical)
            codes = Endpoint(time="OS.time", event="OS").read(clinical)
        both = words.is_known & codes.is_known
        assert both.sum() > 40, path.name
        np.testing.assert_array_equal(words.event[both], codes.event[both], err_msg=path.name)


@pytest.mark.data
@pytest.mark.parametrize("name", ["taylor", "tcga"])
def test_curated_prostate_cohorts_are_read(shared_data, name):
    clinical = read_clinical(shared_data / "prad_clinical_curated" / f"{name}_clinical.csv.gz")
    endpoint = Endpoint(
        time="days_to_disease_specific_recurrence", event="disease_specific_recurrence_status"
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ClinicalWarning)
        survival = endpoint.read(clinical)
    raw = pd.read_csv(shared_data / "prad_clinical_curated" / f"{name}_clinical.csv.gz")
    known = raw[[endpoint.time, endpoint.event]].dropna()
    assert survival.is_known.sum() == len(known)
    assert survival.n_events == known[endpoint.event].sum()


def test_endpoint_errors_are_clinical_errors():
    assert issubclass(EndpointError, ClinicalError)


def test_an_endpoint_is_built_from_a_configuration():
    endpoint = build(Endpoint, {"time": "t", "event": "e", "event_values": [2, "Dead"]})
    assert endpoint.event_values == (2, "Dead")
    assert json_schema(Endpoint)["required"] == ["time", "event"]


@pytest.mark.parametrize("name", ["alive", "ALIVE_5y", "vital.living", "survived", "is_survivor"])
def test_a_column_named_after_survival_needs_its_event_values(name):
    clinical = pd.DataFrame({"t": [5.0, 6.0, 7.0], name: [1, 0, 1]}, index=list("abc"))
    with pytest.raises(EndpointError, match=r"censoring or survival.*--event-value"):
        Endpoint(time="t", event=name).read(clinical)
    read = Endpoint(time="t", event=name, event_values=("0",)).read(clinical)
    assert read.event.tolist() == [0.0, 1.0, 0.0]


def test_events_without_any_censored_row_are_warned_of():
    clinical = pd.DataFrame({"t": np.arange(5.0, 25.0), "dead": 1}, index=map(str, range(20)))
    with pytest.warns(ClinicalWarning, match=r"Every known row of 'dead' is an event.*20 rows"):
        Endpoint(time="t", event="dead").read(clinical)


def test_prostate_cancer_is_recommended_progression_and_leukaemia_death():
    """TCGA-CDR: 10 deaths among 500 patients with prostate cancer, 93 progressions."""
    prostate = Endpoint.recommended("TCGA-PRAD")
    assert (prostate.time, prostate.event, prostate.unit, prostate.name) == (
        "PFI.time",
        "PFI",
        "days",
        "PFI",
    )
    assert "93 progressions / 500, 10 deaths / 500" in prostate.reason
    assert "10.1016/j.cell.2018.02.052" in prostate.reason
    assert Endpoint.recommended("laml").event == "OS"


def test_an_unknown_cancer_is_refused_with_the_closest():
    with pytest.raises(ParameterError, match=r"no TCGA cancer 'PRD'.*Did you mean 'PRAD'"):
        Endpoint.recommended("PRD")


@pytest.mark.data
def test_the_recommendation_rests_on_the_counts_of_the_resource_itself(shared_data):
    from neurosig.outcomes.clinic.tcga_cdr import COUNTS

    table = pd.read_csv(shared_data / "tcga_cdr" / "tcga_cdr.csv")
    for cancer, rows in table.groupby("type"):
        found = [len(rows)]
        for name in ("OS", "PFI"):
            known = rows[rows[name].notna() & rows[f"{name}.time"].notna()]
            found += [len(known), int((known[name] == 1).sum())]
        assert tuple(COUNTS[cancer]) == tuple(found)
    assert len(COUNTS) == table["type"].nunique() == 33


@pytest.mark.parametrize(
    ("times", "words"),
    [
        ([20150314, 20161201, 20140630], "All 3 values read as year, month and day"),
        (["20150314", None, "20161201"], "All 2 values read as year, month and day"),
        ([1426291200, 1480550400, 1404086400], "All 3 values are as large as seconds since 1970"),
    ],
)
def test_dates_written_as_numbers_are_no_times(times, words):
    clinic = pd.DataFrame({"t": times, "e": [1, 0, 1]})
    with pytest.raises(EndpointError, match=f"'t' holds dates where times are needed.*{words}"):
        Endpoint(time="t", event="e").read(clean_table(clinic).data)


def test_large_times_that_are_no_dates_are_warned_of_only():
    clinic = pd.DataFrame({"t": [20151399.0, 20161201.0, 20140630.5], "e": [1, 0, 1]})
    with pytest.warns(ClinicalWarning, match="do not look like days"):
        Endpoint(time="t", event="e").read(clinic)


@pytest.mark.parametrize(
    ("column", "unit", "named"),
    [("OS_MONTHS", "days", "months"), ("os.days", "months", "days"), ("pfs_yr", "weeks", "years")],
)
def test_a_column_named_after_another_unit_is_warned_of(column, unit, named):
    clinic = pd.DataFrame({column: [300.0, 420.0, 77.0], "e": [1, 0, 1]})
    with pytest.warns(ClinicalWarning, match=f"like {unit}. Its name speaks of {named}"):
        Endpoint(time=column, event="e", unit=unit).read(clinic)


@pytest.mark.parametrize(
    ("column", "unit"), [("OS_MONTHS", "months"), ("days_to_death", "days"), ("modays", "weeks")]
)
def test_a_column_named_after_its_unit_or_after_none_is_fine(column, unit):
    clinic = pd.DataFrame({column: [30.0, 42.0, 77.0], "e": [1, 0, 1]})
    Endpoint(time=column, event="e", unit=unit).read(clinic)


def test_one_patient_followed_for_longer_than_a_life_is_warned_of():
    clinic = pd.DataFrame({"t": [30.0, 42.0, 77.0, 1500.0], "e": [1, 0, 1, 0]})
    with pytest.warns(ClinicalWarning, match=r"The longest is 1500, which would be 125 years"):
        Endpoint(time="t", event="e", unit="months").read(clinic)


@pytest.mark.parametrize(
    "column",
    [
        "disease_free",
        "recurrence.free.status",
        "no_event",
        "not_dead",
        "lost_to_follow_up",
        "EventFree",
    ],
)
def test_a_column_named_after_those_without_the_event_needs_its_values(column):
    clinic = pd.DataFrame({"t": [30, 42, 77], column: [1, 0, 1]})
    with pytest.raises(EndpointError, match="speaks of censoring or survival"):
        Endpoint(time="t", event=column).read(clinic)
    read = Endpoint(time="t", event=column, event_values=(0,)).read(clinic)
    assert read.event.tolist() == [0.0, 1.0, 0.0]


@pytest.mark.parametrize("column", ["node_status", "notes", "DFS", "freedom"])
def test_other_names_are_no_such_columns(column):
    read = Endpoint(time="t", event=column).read(pd.DataFrame({"t": [30, 42], column: [1, 0]}))
    assert read.event.tolist() == [1.0, 0.0]


def test_the_missing_token_of_the_gdc_is_missing():
    clinic = clean_table(pd.DataFrame({"t": ["30", "'--", "77"], "e": ["Dead", "Alive", "'--"]}))
    with pytest.warns(ClinicalWarning, match="Rows without"):
        read = Endpoint(time="t", event="e").read(clinic.data)
    assert read.is_known.tolist() == [True, False, False]


def test_thousands_set_apart_by_blanks_are_refused_with_what_to_do():
    clinic = clean_table(pd.DataFrame({"t": ["1 234", "1\u202f456", "2'789"], "e": [1, 0, 1]}))
    with pytest.raises(EndpointError, match="Write them without thousands separators"):
        Endpoint(time="t", event="e").read(clinic.data)
