"""Clinical tables from files."""

import gzip

import numpy as np
import pandas as pd
import pytest

from neurosig.errors import ClinicalError, InputError, ResourceError
from neurosig.outcomes.clinic.clean import cleaning_report
from neurosig.outcomes.clinic.clinical_io import read_clinical


@pytest.fixture
def write(tmp_path):
    def write_text(content, name="clinic.csv"):
        path = tmp_path / name
        path.write_text(content, encoding="utf-8")
        return path

    return write_text


def test_ids_stay_as_they_are_written(write):
    clinical = read_clinical(write("id,age\n0012,1\n1E5,2\nNA,3\n 7 ,4\n"))
    assert clinical.index.tolist() == ["0012", "1E5", "NA", "7"]
    assert clinical.index.name == "id"


def test_the_id_column_can_be_named_and_other_columns_keep_leading_zeros(write):
    clinical = read_clinical(write("n,patient,code\n1,P1,01\n2,P2,11\n"), id="patient")
    assert clinical.index.tolist() == ["P1", "P2"]
    assert clinical["n"].tolist() == [1.0, 2.0]
    assert clinical["code"].tolist() == ["01", "11"]
    with pytest.raises(ClinicalError, match=r"no column 'Patient'.*'patient'"):
        read_clinical(write("n,patient\n1,P1\n"), id="Patient")


def test_tokens_are_counted_in_the_report(write):
    clinical = read_clinical(write("id,age\na,61\nb,[Unknown]\nc,--\nd,x\n"), missing=("x",))
    assert clinical["age"].tolist()[0] == 61.0
    report = cleaning_report(clinical)
    assert report["tokens"].tolist() == ["'[Unknown]': 1, '--': 1, 'x': 1"]
    assert report[["kind", "n", "n_missing"]].values.tolist() == [["number", 4, 3]]


def test_a_semicolon_file_with_decimal_commas_names_the_option_and_is_read_with_it(write):
    path = write("id;psa;note\na;12,5;x\nb;3;1,234\n")
    with pytest.raises(ClinicalError, match='decimal=","'):
        read_clinical(path)
    assert read_clinical(path, decimal=",")["psa"].tolist() == [12.5, 3.0]


def test_a_column_can_be_kept_as_text(write):
    path = write('id,codons,n\na,"12,13",1\nb,61,2\n')
    with pytest.raises(ClinicalError, match=r"text=\('codons',\)"):
        read_clinical(path)
    assert read_clinical(path, text=("codons",))["codons"].tolist() == ["12,13", "61"]


def test_repeated_and_empty_column_names_are_refused(write):
    with pytest.raises(ClinicalError, match="1 name more than once: 'age'"):
        read_clinical(write("id,age,age\na,1,2\n"))
    with pytest.raises(ClinicalError, match="Columns without a name: 3"):
        read_clinical(write("id,age,\na,1,2\n"))
    assert read_clinical(write(",age\na,1\n")).index.tolist() == ["a"]


def test_a_row_without_an_id_is_refused_with_its_line(write):
    with pytest.raises(ClinicalError, match=r"1 row, on lines 3"):
        read_clinical(write("id,age\na,1\n ,2\n"))


def test_one_column_is_no_clinical_table(write):
    with pytest.raises(ClinicalError, match=r"one column only.*sep="):
        read_clinical(write("id|age\na|1\n"))
    assert read_clinical(write("id|age\na|1\n"), sep="|")["age"].tolist() == [1.0]


def test_gzip_and_parquet_are_known_by_their_content(tmp_path):
    table = pd.DataFrame({"age": ["61", "NA"], "n": [1, 2]}, index=pd.Index(["a", "b"], name="id"))
    table.to_parquet(tmp_path / "one.csv")
    table.reset_index().to_parquet(tmp_path / "two.csv")
    (tmp_path / "three.csv").write_bytes(gzip.compress(b"id,age,n\na,61,1\nb,NA,2\n"))
    for name in ("one.csv", "two.csv", "three.csv"):
        clinical = read_clinical(tmp_path / name)
        assert clinical.index.tolist() == ["a", "b"], name
        np.testing.assert_array_equal(clinical["age"], [61.0, np.nan], err_msg=name)


def test_a_damaged_or_large_parquet_file_is_refused(tmp_path):
    path = tmp_path / "clinic.parquet"
    path.write_bytes(b"PAR1" + b"x" * 50 + b"PAR1")
    with pytest.raises(InputError, match="damaged parquet"):
        read_clinical(path)
    with pytest.raises(InputError, match="larger than the limit"):
        read_clinical(path, max_bytes=20)


def test_a_file_that_is_not_there_is_a_resource_error(tmp_path):
    with pytest.raises(ResourceError, match="cannot be read"):
        read_clinical(tmp_path / "clinic.csv")


@pytest.mark.data
def test_every_real_clinical_table_is_read_whole(shared_data):
    folders = ("tcga_clinical", "prad_clinical_curated", "tcga_cdr", "prad_ren2017")
    paths = [p for f in folders for p in sorted((shared_data / f).glob("*.csv*"))]
    assert len(paths) >= 22
    for path in paths:
        clinical = read_clinical(path)
        expected = pd.read_csv(path, index_col=0, dtype=str, keep_default_na=False)
        assert clinical.shape == expected.shape, path.name
        assert clinical.index.tolist() == expected.index.tolist(), path.name


@pytest.mark.data
def test_messy_numbers_of_real_tables_are_numbers_and_sample_codes_are_not(shared_data):
    prad = read_clinical(shared_data / "tcga_clinical" / "PRAD_clinical.csv.gz")
    assert prad["rtcga.stage_event.psa.psa_value"].dtype == np.float64  # holds ".36" and "00.03"
    chol = read_clinical(shared_data / "tcga_chol_rnaseq" / "clinical.csv")
    assert chol["sample_type_code"].value_counts().to_dict() == {"01": 36, "11": 9}
    report = cleaning_report(chol).set_index("column")
    assert "[Not Available]" in report.loc["menopause_status", "tokens"]
