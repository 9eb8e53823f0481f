"""What a study says for its report, and its covariates imputed by option."""

import copy
from typing import Any

import pytest

import neurosig as ns
from neurosig.errors import ParameterError
from neurosig.study.pipeline import StudyRun

Config = dict[str, Any]


def without_null(template: Config) -> Config:
    config = copy.deepcopy(template)
    config["null_test"] = {"n_sets": 0, "n_permutations": 0, "catalogue": False}
    config["figures"] = {}
    config["cohorts"] = config["cohorts"][:1]
    return config


@pytest.fixture(scope="module")
def complete(small_template: Config, tmp_path_factory: pytest.TempPathFactory) -> StudyRun:
    return ns.run(without_null(small_template), output=tmp_path_factory.mktemp("a") / "run")


@pytest.fixture(scope="module")
def imputed(small_template: Config, tmp_path_factory: pytest.TempPathFactory) -> StudyRun:
    config = without_null(small_template)
    config["missing_data"] = {"method": "impute", "m": 8, "seed": 2}
    return ns.run(config, output=tmp_path_factory.mktemp("b") / "run")


def test_a_run_has_the_remark_profile_and_both_checklists_in_report_tables_and_text(
    complete: StudyRun,
) -> None:
    for name in ("remark_patients", "remark_analyses", "characteristics"):
        assert (complete.folder / "tables" / f"{name}.csv").is_file()
    assert len(complete.tables["checklist_remark"]) == 20
    assert len(complete.tables["checklist_tripod"]) == 52
    text = (complete.folder / "checklists.md").read_text(encoding="utf-8")
    for heading in ("## A. Patients", "## B. Statistical analyses", "## REMARK", "## TRIPOD+AI"):
        assert heading in text
    page = complete.report.read_text(encoding="utf-8")
    for words in ("For the report of the study", "REMARK checklist", "not answerable by software"):
        assert words in page
    cell = '<td class="wrap">Cox alpha; Cox alpha without covariates: complete cases, rows lost'
    assert cell in page  # whole and in several lines, not clipped


def test_the_checklist_of_a_run_names_its_own_numbers(complete: StudyRun) -> None:
    remark = complete.tables["checklist_remark"].set_index("item")["answer"]
    assert "rows lost for age (3), grade (1), 56 used" in remark["10"]
    assert "3 signatures scored by Combined z-score (revision 1" in remark["5"]
    analyses = complete.tables["remark_analyses"]
    assert analyses["analysis"].tolist() == ["Cox alpha", "Cox alpha without covariates"]
    assert analyses["n"].tolist() == ["56", "56"]


def test_covariates_of_a_study_are_imputed_by_option(complete: StudyRun, imputed: StudyRun) -> None:
    before, after = complete.tables["cohorts"], imputed.tables["cohorts"]
    assert set(before["n"]) == {56}
    assert set(after["n"]) == {60}
    assert set(after["n_imputations"]) == {8}
    assert "n_imputations" not in before
    assert set(imputed.tables["adjusted_and_crude"]["adjusted_for"]) == {"age, grade"}
    remark = imputed.tables["checklist_remark"].set_index("item")["answer"]
    assert "imputed 8 times: age (3), grade (1), pooled by Rubin's rules" in remark["10"]
    flow = imputed.tables["row_flow"]
    assert "imputed 8 times: age (3), grade (1)" in flow["reason"].tolist()


def test_an_unknown_way_with_missing_data_is_refused(small_template: Config) -> None:
    config = without_null(small_template)
    config["missing_data"] = {"method": "mean"}
    with pytest.raises(ParameterError, match=r"missing_data.method cannot be 'mean'"):
        ns.run(config)
