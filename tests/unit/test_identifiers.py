"""Matching ids of scores and clinic."""

import numpy as np
import pandas as pd
import pytest

from neurosig.errors import AlignmentError, ClinicalWarning
from neurosig.outcomes.clinic.identifiers import Barcode, align, is_normal_sample, text_ids

ALIQUOT = "TCGA-3X-AAV9-01A-72R-A41I-07"


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("TCGA-3X-AAV9", "patient"),
        ("tcga.3x.aav9", "patient"),
        ("TCGA-3X-AAV9-01", "sample"),
        ("TCGA-3X-AAV9-01A", "vial"),
        ("TCGA-3X-AAV9-01A-72", "aliquot"),
        (ALIQUOT, "aliquot"),
    ],
)
def test_a_barcode_knows_its_level(text, level):
    assert Barcode.parse(text).level == level


@pytest.mark.parametrize(
    "text",
    ["TCGA-08-0386.2", "TCGA.3X.AAV9.01A.72R.A41I.07.1", "PAAD_001", "TCGA-3X", "XTCGA-3X-AAV9"],
)
def test_what_is_no_barcode_is_not_taken_for_one(text):
    assert Barcode.parse(text) is None


def test_a_barcode_is_cut_to_any_level():
    barcode = Barcode.parse(ALIQUOT)
    assert [barcode.at(level) for level in ("patient", "sample", "vial", "aliquot")] == [
        "TCGA-3X-AAV9",
        "TCGA-3X-AAV9-01",
        "TCGA-3X-AAV9-01A",
        ALIQUOT,
    ]


def test_normal_tissue_has_the_codes_ten_to_nineteen():
    ids = [f"TCGA-3X-AAV9-{code:02}" for code in (1, 6, 9, 10, 11, 19, 20)]
    assert is_normal_sample(ids).tolist() == [False] * 3 + [True] * 3 + [False]


def test_equal_ids_match_exactly_in_the_order_of_the_scores():
    alignment = align(["b", "x", "a"], ["a", "b", "c"])
    assert alignment.score_positions.tolist() == [0, 2]
    assert alignment.clinical_positions.tolist() == [1, 0]
    assert alignment.rule == "exact ids"


@pytest.mark.parametrize(
    ("scores", "clinic", "level"),
    [
        ([ALIQUOT, "TCGA-4G-AAZO-01A-12R-A41I-07"], ["TCGA-4G-AAZO", "TCGA-3X-AAV9"], "patient"),
        (
            ["TCGA.3X.AAV9.01", "TCGA.4G.AAZO.01"],
            ["TCGA-4G-AAZO-01A", "TCGA-3X-AAV9-01A"],
            "sample",
        ),
        (["TCGA.3X.AAV9", "TCGA.4G.AAZO"], ["tcga-4g-aazo", "tcga-3x-aav9"], "patient"),
    ],
)
def test_barcodes_are_compared_at_the_coarser_level_with_a_warning(scores, clinic, level):
    with pytest.warns(ClinicalWarning, match=f"compared as {level} ids. 2 matches"):
        alignment = align(scores, clinic)
    assert alignment.clinical_positions.tolist() == [1, 0]


def test_two_samples_of_a_patient_collide():
    scores = ["TCGA-3X-AAV9-01A", "TCGA-3X-AAV9-06A", "TCGA-4G-AAZO-01A"]
    with pytest.raises(AlignmentError, match=r"Cut to the patient.*AAV9-06A.*one row per patient"):
        align(scores, ["TCGA-3X-AAV9", "TCGA-4G-AAZO"])


def test_normal_and_tumour_of_a_patient_collide_and_the_code_to_drop_them_is_given():
    scores = ["TCGA-3X-AAV9-01A", "TCGA-3X-AAV9-11A"]
    with pytest.raises(AlignmentError, match=r"1 normal sample.*is_normal_sample") as caught:
        align(scores, ["TCGA-3X-AAV9"])
    assert caught.value.facts["n_normal"] == 1


def test_a_collision_without_a_clinical_row_does_no_harm():
    scores = ["TCGA-3X-AAV9-01A", "TCGA-3X-AAV9-06A", "TCGA-4G-AAZO-01A"]
    with pytest.warns(ClinicalWarning, match="1 match,"):
        assert align(scores, ["TCGA-4G-AAZO"]).score_positions.tolist() == [2]


def test_the_clinical_side_can_collide_too():
    with pytest.raises(AlignmentError, match="several ids of the clinical table"):
        align(["TCGA-3X-AAV9"], ["TCGA-3X-AAV9-01", "TCGA-3X-AAV9-06"])


def test_normal_tissue_among_tumours_is_warned_of_with_counts():
    ids = ["TCGA-3X-AAV9-01A", "TCGA-4G-AAZO-01A", "TCGA-4G-AAZO-11A"]
    with pytest.warns(ClinicalWarning, match=r"1 normal sample \(codes 10 to 19\) and 2 of tumour"):
        assert len(align(ids, ids).score_positions) == 3


def test_the_suffix_of_r_is_a_duplicate_and_not_cut():
    scores = ["TCGA-08-0386-01A", "TCGA-08-0386-01A.2"]
    with pytest.warns(ClinicalWarning) as caught:
        alignment = align(scores, ["TCGA-08-0386"])
    assert alignment.score_positions.tolist() == [0]
    assert any("'TCGA-08-0386-01A.2'" in str(w.message) for w in caught)


@pytest.mark.parametrize(
    ("scores", "clinic", "cause"),
    [
        (["PT1", "PT2"], ["pt1", "pt2"], "upper and lower case"),
        (["P.1", "P.2"], ["P-1", "P_2"], "separators"),
        (["0012", "0013"], ["12", "13"], "leading zeros"),
        (["P.1"], ["p-1"], "case and separators"),
        (["a"], ["b"], "on="),
    ],
)
def test_when_nothing_matches_both_sides_are_shown_and_a_cause_is_guessed(scores, clinic, cause):
    with pytest.raises(AlignmentError, match=cause) as caught:
        align(scores, clinic)
    assert repr(scores[0]) in str(caught.value)
    assert repr(clinic[0]) in str(caught.value)


def test_at_most_five_ids_of_each_side_are_shown():
    with pytest.raises(AlignmentError, match=r"'s4' and 15 more.*'c4' and 25 more"):
        align([f"s{i}" for i in range(20)], [f"c{i}" for i in range(30)])


def test_ids_lose_the_blanks_around_them_and_become_text():
    assert text_ids([" a ", 7, np.float64(8.0)], "scores") == ["a", "7", "8"]


@pytest.mark.parametrize("bad", [None, np.nan, pd.NA, " "])
def test_a_row_without_an_id_is_refused(bad):
    with pytest.raises(AlignmentError, match=r"without an id.*row 2"):
        text_ids(["a", bad], "scores")


def test_repeated_ids_are_refused_also_when_blanks_hide_them():
    with pytest.raises(AlignmentError, match=r"more than once.*a \(2 times\)"):
        text_ids(["a", "a ", "b"], "scores")
