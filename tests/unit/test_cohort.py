"""Joining scores and clinic."""

import warnings
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from neurosig.errors import (
    AlignmentError,
    ClinicalError,
    ClinicalWarning,
    EndpointError,
    ParameterError,
)
from neurosig.outcomes.clinic.clinical_io import read_clinical
from neurosig.outcomes.clinic.cohort import Cohort
from neurosig.outcomes.clinic.endpoint import Endpoint
from neurosig.outcomes.clinic.identifiers import is_normal_sample

OS = Endpoint(time="time", event="dead")


@pytest.fixture
def scores():
    return pd.DataFrame({"A": [1.0, 2.0, 3.0, 4.0], "B": 0.5}, index=["p1", "p2", "p3", "p4"])


@pytest.fixture
def clinical():
    return pd.DataFrame(
        {
            "time": [300, 500, 700, 900],
            "dead": [1, 0, 1, 0],
            "stage": ["II", "[Not Available]", "I", "III"],
        },
        index=["p4", "p2", "p1", "p9"],
    )


def flow(cohort):
    return cohort.row_flow[["step", "n_in", "n_lost", "n_out"]].values.tolist()


def test_rows_follow_the_scores_and_every_loss_is_counted(scores, clinical):
    cohort = Cohort.join(scores, clinical, OS, name="demo")
    assert cohort.name == "demo"
    assert cohort.signatures == ("A", "B")
    assert cohort.data.index.tolist() == ["p1", "p2", "p4"]
    assert cohort.data["A"].tolist() == [1.0, 2.0, 4.0]
    assert cohort.time.tolist() == [700, 500, 300]
    assert cohort.event.tolist() == [1, 0, 1]
    assert flow(cohort) == [
        ["clinic matched to scores", 4, 1, 3],
        ["scores matched to clinic", 4, 1, 3],
        ["time known", 3, 0, 3],
        ["event known", 3, 0, 3],
    ]
    assert cohort.row_flow["examples"].tolist() == ["p9", "p3", "", ""]
    assert cohort.row_flow["reason"].tolist()[1] == "no clinical row (exact ids)"


def test_clinical_columns_are_cleaned_and_the_inputs_are_not_changed(scores, clinical):
    before = scores.copy(), clinical.copy()
    cohort = Cohort.join(scores, clinical)
    assert cohort.data["stage"].isna().tolist() == [False, True, False]
    assert (cohort.endpoint, cohort.time, cohort.event) == (None, None, None)
    assert cohort.echo == "3 rows"
    pd.testing.assert_frame_equal(scores, before[0])
    pd.testing.assert_frame_equal(clinical, before[1])


def test_anything_with_a_table_of_values_is_taken_for_scores(scores, clinical):
    cohort = Cohort.join(SimpleNamespace(values=scores), clinical)
    pd.testing.assert_frame_equal(cohort.scores, Cohort.join(scores, clinical).scores)
    with pytest.raises(ParameterError, match="scores cannot be ndarray"):
        Cohort.join(np.ones((2, 2)), clinical)


def test_rows_without_time_or_event_stay_in_the_data_as_nan(scores, clinical):
    clinical = clinical.astype({"time": float}).assign(dead=[None, None, "yes", "no"])
    clinical.loc["p4", "time"] = np.nan
    with pytest.raises(EndpointError, match="No row has both"):
        Cohort.join(scores, clinical.assign(time=[np.nan] * 4), OS)
    with pytest.warns(ClinicalWarning, match="2 of 3 rows"):
        cohort = Cohort.join(scores, clinical, OS)
    assert len(cohort.data) == 3
    assert np.isnan(cohort.time).tolist() == [False, False, True]
    assert flow(cohort)[2:] == [["time known", 3, 1, 2], ["event known", 2, 1, 1]]
    assert cohort.join_flow["step"].tolist()[-1] == "scores matched to clinic"


def test_no_row_in_common_is_refused_with_ids_of_both_sides(scores, clinical):
    with pytest.raises(AlignmentError, match=r"'p1'.*'x0'"):
        Cohort.join(scores, clinical.set_axis([f"x{i}" for i in range(4)]))


def test_the_column_that_does_hold_the_ids_is_named(scores, clinical):
    elsewhere = clinical.assign(patient=clinical.index).set_axis(range(4))
    with pytest.raises(AlignmentError, match=r"'patient' holds 3 of them.*on='patient'"):
        Cohort.join(scores, elsewhere)
    assert len(Cohort.join(scores, elsewhere, on="patient").data) == 3
    with pytest.raises(AlignmentError, match=r"no column 'patnt'.*'patient'"):
        Cohort.join(scores, elsewhere, on="patnt")


def test_the_index_can_be_named_as_the_id_column(scores, clinical):
    assert len(Cohort.join(scores, clinical.rename_axis("sample"), on="sample").data) == 3


def test_repeated_patients_are_refused_unless_the_first_is_wanted(scores, clinical):
    twice = pd.concat([clinical, clinical.loc[["p4"]].assign(time=1)])
    with pytest.raises(AlignmentError, match=r"p4 \(2 times\).*duplicates=\"first\""):
        Cohort.join(scores, twice)
    cohort = Cohort.join(scores, twice, duplicates="first")
    assert cohort.data.loc["p4", "time"] == 300
    assert flow(cohort)[0] == ["one clinical row per id", 5, 1, 4]
    with pytest.raises(ParameterError, match="duplicates cannot be 'last'"):
        Cohort.join(scores, twice, duplicates="last")


def test_repeated_observations_are_refused(scores, clinical):
    with pytest.raises(AlignmentError, match="scores have ids that occur more than once"):
        Cohort.join(scores.set_axis(["p1", "p1", "p2", "p3"]), clinical)


def test_repeated_column_names_are_refused_on_either_side(scores, clinical):
    with pytest.raises(ClinicalError, match="clinical table has column names"):
        Cohort.join(scores, clinical.rename(columns={"stage": "time"}))
    with pytest.raises(ClinicalError, match="table of scores has column names"):
        Cohort.join(scores.rename(columns={"A": "B"}), clinical)


def test_a_name_on_both_sides_is_refused(scores, clinical):
    with pytest.raises(ClinicalError, match=r"same name.*'stage'.*clinical_stage"):
        Cohort.join(scores.rename(columns={"A": "stage"}), clinical)


def test_scores_that_are_no_numbers_are_refused(scores, clinical):
    with pytest.raises(ClinicalError, match=r"no numbers.*'sample'"):
        Cohort.join(scores.assign(sample="x"), clinical)
    with pytest.raises(ClinicalError, match="scores has no rows"):
        Cohort.join(scores.iloc[:0], clinical)
    with pytest.raises(ClinicalError, match="clinical table is empty"):
        Cohort.join(scores, clinical.iloc[:0])


def test_integer_ids_on_both_sides_match():
    scores = pd.DataFrame({"A": [1.0, 2.0]}, index=[1, 2])
    clinical = pd.DataFrame({"id": [2.0, 1.0], "age": [50, 60]})
    assert Cohort.join(scores, clinical, on="id").data["age"].tolist() == [60, 50]


def test_rows_are_kept_by_value_and_recorded(scores, clinical):
    cohort = Cohort.join(scores, clinical.assign(code=["01", "11", "1", "01"]), OS)
    kept = cohort.where("code", ["1"])
    assert kept.data.index.tolist() == ["p1", "p4"]
    assert kept.time.tolist() == [700, 300]
    assert flow(kept)[2:] == [["kept", 3, 1, 2], ["time known", 2, 0, 2], ["event known", 2, 0, 2]]
    assert kept.row_flow["reason"].tolist()[2] == "code is not 1"
    assert kept.where("code", 1).data.index.tolist() == ["p1", "p4"]
    assert len(cohort.data) == 3
    with pytest.raises(ClinicalError, match=r"'2' do not occur in the column 'code'.*'11'"):
        cohort.where("code", ["1", "2"])


def test_rows_are_kept_by_a_mask_that_has_to_fit(scores, clinical):
    cohort = Cohort.join(scores, clinical, OS)
    part = cohort.subset(np.array([True, False, True]), "no consent")
    assert part.row_flow["reason"].tolist()[2] == "no consent"
    for bad in (np.array([True]), np.array([1, 0, 1])):
        with pytest.raises(ClinicalError, match="mask does not fit"):
            cohort.subset(bad, "x")
    with pytest.raises(ClinicalError, match="No row of the cohort is left"):
        cohort.subset(np.zeros(3, bool), "x")


def two_genes(folder):
    table = pd.read_parquet(folder / "expression.parquet")
    table = table.set_index("gene") if "gene" in table.columns else table
    return table.iloc[:2].T.astype(float)


@pytest.mark.data
def test_aliquots_meet_patients_once_normals_are_dropped(shared_data):
    scores = two_genes(shared_data / "tcga_chol_rnaseq")
    clinical = read_clinical(shared_data / "tcga_clinical" / "CHOL_clinical.csv.gz")
    endpoint = Endpoint(time="OS.time", event="OS")
    with pytest.raises(AlignmentError, match="9 normal samples among them") as caught:
        Cohort.join(scores, clinical, endpoint)
    assert caught.value.facts["n_normal"] == 9
    tumours = scores[~is_normal_sample(scores.index)]
    with pytest.warns(ClinicalWarning, match=r"compared as patient ids. 36 matches"):
        cohort = Cohort.join(tumours, clinical, endpoint)
    assert cohort.echo.startswith("18 events / 36,")  # README of the data folder: OS 36/18


@pytest.mark.data
def test_normals_matched_by_sample_are_warned_of_and_dropped_by_code(shared_data):
    folder = shared_data / "tcga_chol_rnaseq"
    clinical = read_clinical(folder / "clinical.csv")
    with pytest.warns(ClinicalWarning, match=r"9 normal samples .* and 36 of tumour"):
        cohort = Cohort.join(two_genes(folder), clinical, Endpoint(time="OS.time", event="OS"))
    assert cohort.where("sample_type_code", ["1"]).echo.startswith("18 events / 36,")


@pytest.mark.data
def test_the_colorectal_cohort_has_its_known_counts(shared_data):
    folder = shared_data / "tcga_coadread_xena1577"
    cohort = Cohort.join(
        two_genes(folder),
        read_clinical(folder / "clinical.csv"),
        Endpoint(time="OS.time", event="OS"),
    )
    assert cohort.echo.startswith("60 events / 317,")
    invasion = cohort.data["perineural_invasion"]
    assert invasion.value_counts().to_dict() == {"NO": 156, "YES": 55}
    assert invasion.isna().sum() == 106


@pytest.mark.data
def test_the_duplicates_among_the_glioblastomas_are_reported(shared_data):
    folder = shared_data / "tcga_gbm_htseq"
    clinical = read_clinical(folder / "clinical.csv")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        cohort = Cohort.join(two_genes(folder), clinical, Endpoint(time="OS.time", event="OS"))
    assert any("'TCGA-08-0386.2'" in str(w.message) for w in caught)
    patients = cohort.subset(np.array(["." not in i for i in cohort.data.index]), "duplicate")
    # README of the data folder: 162 patients, of which 6 are not in the CDR; OS 156/126
    assert len(patients.data) == 162
    assert patients.echo.startswith("126 events / 156,")
