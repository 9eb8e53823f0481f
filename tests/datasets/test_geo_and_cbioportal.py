"""Series matrix files of GEO and study folders of cBioPortal, in their exact formats."""

import gzip

import numpy as np
import pytest

from neurosig.datasets import read_cbioportal, read_series_matrix
from neurosig.datasets.geo import read_platform
from neurosig.errors import ExpressionError, InputError, ResourceError

SERIES = """\
!Series_title\t"A made-up cohort"
!Series_geo_accession\t"GSE0"
!Series_platform_id\t"GPL96"

!Sample_title\t"tumour 1"\t"tumour 2"\t"tumour 3"
!Sample_geo_accession\t"GSM1"\t"GSM2"\t"GSM3"
!Sample_characteristics_ch1\t"age: 61"\t"age: 48"\t"gender: female"
!Sample_characteristics_ch1\t"gender: male"\t"gender: female"\t"age: [Unknown]"
!Sample_characteristics_ch1\t"perineural invasion: yes"\t""\t"perineural invasion: no"
!series_matrix_table_begin
"ID_REF"\t"GSM1"\t"GSM2"\t"GSM3"
"206814_at"\t4.5\t3.25\t2
"206815_at"\t8.5\t9\tnull
"208605_s_at"\t5\t6\t7
"AFFX-BioB"\t1\t1\t1
"1007_s_at"\t2\t2\t2
!series_matrix_table_end
"""
PLATFORM = """\
#ID = Affymetrix probe set
#Gene Symbol = symbol
ID\tGB_ACC\tGene Symbol
206814_at\tNM_002506\tNGF
206815_at\tNM_002507\tNGF
208605_s_at\tNM_002529\tNTRK1
AFFX-BioB\t\t
1007_s_at\tU48705\tDDR1 /// MIR4640
"""


@pytest.fixture
def series(tmp_path):
    path = tmp_path / "GSE0_series_matrix.txt.gz"
    path.write_bytes(gzip.compress(SERIES.encode()))
    return path


@pytest.fixture
def platform(tmp_path):
    path = tmp_path / "GPL96.txt"
    path.write_text(PLATFORM)
    return path


def test_probes_are_the_genes_without_a_platform(series):
    data = read_series_matrix(series)
    x = data.expression.to_frame()
    assert x.shape == (3, 5)
    assert x.loc["GSM2", "206814_at"] == 3.25
    assert np.isnan(x.loc["GSM3", "206815_at"])


def test_characteristics_become_columns_whichever_line_they_stand_in(series):
    clinic = read_series_matrix(series).clinical
    assert clinic["age"].tolist()[:2] == [61.0, 48.0]
    assert np.isnan(clinic.loc["GSM3", "age"])
    assert clinic["gender"].tolist() == ["male", "female", "female"]
    assert clinic["perineural invasion"].dropna().to_dict() == {"GSM1": "yes", "GSM3": "no"}
    assert clinic["title"].tolist() == ["tumour 1", "tumour 2", "tumour 3"]


def test_a_platform_names_the_genes_and_says_what_it_left_out(series, platform):
    data = read_series_matrix(series, platform=platform, duplicates="mean")
    x = data.expression.to_frame()
    assert list(x.columns) == ["NGF", "NTRK1"]
    assert x.loc["GSM1", "NGF"] == 6.5  # (4.5 + 8.5) / 2
    assert np.isnan(x.loc["GSM3", "NGF"])
    assert data.notes == (
        "2 probes of 5 without a gene or with several left out; 1 gene of several probes: mean",
    )


def test_the_probe_with_the_highest_mean_stands_for_its_gene(series, platform):
    """206814_at has the mean 3.25; 206815_at misses a value and comes last."""
    x = read_series_matrix(series, platform=platform).expression.to_frame()
    assert x["NGF"].tolist() == [4.5, 3.25, 2.0]


def test_a_platform_of_another_series_is_refused_with_probes_of_both(series, tmp_path):
    other = tmp_path / "GPL1.txt"
    other.write_text("ID\tSymbol\nILMN_1\tNGF\n")
    with pytest.raises(InputError, match=r"names none of the probes.*ILMN_1.*206814_at"):
        read_series_matrix(series, platform=other)


def test_a_platform_without_symbols_is_refused(tmp_path):
    other = tmp_path / "GPL2.txt"
    other.write_text("ID\tSEQUENCE\nA\tACGT\n")
    with pytest.raises(InputError, match="does not say which gene"):
        read_platform(other)


def test_a_quote_that_is_not_closed_hides_no_rows(tmp_path):
    table = tmp_path / "GPL3.txt"
    table.write_text('ID\tName\tGene Symbol\np1\t"5 prime\tNGF\np2\tx\t"TP53"\np3\ty\tACTB\n')
    assert read_platform(table) == {"p1": "NGF", "p2": "TP53", "p3": "ACTB"}
    path = tmp_path / "GSE0_series_matrix.txt"
    title = '"tumour 1"\t"tumour 2"\t"tumour 3"'
    path.write_text(SERIES.replace(title, '"5 mm\t"2"" wide"\ttumour 3'))
    clinic = read_series_matrix(path).clinical
    assert clinic["title"].tolist() == ['"5 mm', '2" wide', "tumour 3"]
    assert clinic["gender"].tolist() == ["male", "female", "female"]


def test_files_in_another_encoding_are_read_with_it_stated(tmp_path, study):
    path, table = tmp_path / "GSE0_series_matrix.txt", tmp_path / "GPL4.txt"
    path.write_bytes(SERIES.replace("tumour 1", "t\u00fcmour 1").encode("latin-1"))
    table.write_bytes(PLATFORM.replace("symbol", "TGF-\u00df").encode("latin-1"))
    with pytest.raises(InputError, match='encoding="latin-1"'):
        read_series_matrix(path)
    data = read_series_matrix(path, platform=table, encoding="latin-1")
    assert data.clinical.loc["GSM1", "title"] == "t\u00fcmour 1"
    assert read_platform(table, encoding="latin-1")["206814_at"] == "NGF"
    patients = study / "data_clinical_patient.txt"
    patients.write_bytes(patients.read_text().replace("LIVING", "L\u00fc").encode("latin-1"))
    clinic = read_cbioportal(study, encoding="latin-1").clinical
    assert clinic.loc["P1-01", "OS_STATUS"] == "0:L\u00fc"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda t: t.replace("!series_matrix_table_end\n", ""), "no whole series matrix"),
        (lambda t: t[: t.index('"ID_REF"')] + "!series_matrix_table_end\n", "is empty"),
        (lambda t: t.replace('\t"tumour 3"', ""), "describes 2 samples and has values of 3"),
        (lambda t: "id,a\n1,2\n", "no whole series matrix"),
    ],
)
def test_a_series_that_is_none_is_refused(tmp_path, change, said):
    path = tmp_path / "GSE0_series_matrix.txt"
    path.write_text(change(SERIES))
    with pytest.raises(ExpressionError, match=said):
        read_series_matrix(path)


@pytest.fixture
def study(tmp_path):
    folder = tmp_path / "prad_study"
    folder.mkdir()
    (folder / "data_clinical_patient.txt").write_text(
        "#Patient Identifier\tOverall Survival Status\tMonths\n"
        "#Identifier\tStatus\tTime in months\n#STRING\tSTRING\tNUMBER\n#1\t1\t1\n"
        "PATIENT_ID\tOS_STATUS\tOS_MONTHS\nP1\t0:LIVING\t20.5\nP2\t1:DECEASED\t[Not Available]\n"
    )
    (folder / "data_clinical_sample.txt").write_text(
        "#Sample\tPatient\tGleason\n#a\tb\tc\n#STRING\tSTRING\tNUMBER\n#1\t1\t1\n"
        "SAMPLE_ID\tPATIENT_ID\tGLEASON\nP1-01\tP1\t7\nP2-01\tP2\t9\n"
    )
    (folder / "data_mrna_seq_v2_rsem.txt").write_text(
        "Hugo_Symbol\tEntrez_Gene_Id\tP1-01\tP2-01\n"
        "NGF\t4803\t10.5\t0\nNGF\t4803\t2\t1\n\t100130426\t0\t3\nNTRK1\t4914\t7\tNA\n"
    )
    return folder


def test_a_study_of_cbioportal_gives_samples_with_their_patients(study):
    data = read_cbioportal(study)
    x = data.expression.to_frame()
    assert x.loc["P1-01"].to_dict() == {"NGF": 10.5, "NTRK1": 7.0}
    assert np.isnan(x.loc["P2-01", "NTRK1"])
    assert data.clinical.loc["P1-01", ["OS_STATUS", "GLEASON"]].tolist() == ["0:LIVING", 7.0]
    assert np.isnan(data.clinical.loc["P2-01", "OS_MONTHS"])
    assert data.notes == (
        "1 row without a gene symbol left out",
        "1 gene of several rows: highest_mean",
    )


def test_duplicated_genes_of_a_study_are_refused_if_asked(study):
    with pytest.raises(ExpressionError, match="1 gene name occurs more than once"):
        read_cbioportal(study, duplicates="error")


def test_a_missing_folder_or_file_of_a_study_is_named(study, tmp_path):
    with pytest.raises(ResourceError, match="is no folder"):
        read_cbioportal(tmp_path / "nothing")
    (study / "data_mrna_seq_v2_rsem.txt").unlink()
    with pytest.raises(ResourceError, match="data_mrna_seq_v2_rsem"):
        read_cbioportal(study)


def test_another_kind_of_expression_file_is_refused(study):
    with pytest.raises(ExpressionError, match="no column Hugo_Symbol"):
        read_cbioportal(study, expression="data_clinical_sample.txt")
