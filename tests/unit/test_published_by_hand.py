"""Published recipes by hand: arithmetic, scales, and what is refused."""

import warnings
from dataclasses import replace

import anndata
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

import neurosig as ns
from neurosig.errors import (
    CoverageError,
    CoverageWarning,
    OrientationError,
    ScaleError,
    ScaleWarning,
    SignatureError,
)
from neurosig.genesets.recipes import RECIPES

HOUSEKEEPING = "weighted_sum_of_log_expr_minus_mean_housekeeping"
CYT = ns.Signature(id="CYT", genes=("GZMA", "PRF1"), recipe="geometric_mean")
RISK = ns.Signature(id="RISK", genes=("NGF", "TH"), weights=(0.5, -2.0), recipe="weighted_sum")
GEP = ns.Signature(
    id="GEP",
    genes=("CD8A", "NGF"),
    weights=(0.5, -0.25),
    recipe=HOUSEKEEPING,
    controls=("TBP", "UBB"),
)
CONTRAST = ns.Signature(
    id="CTRA", genes=("FOS", "JUN", "IFIT1"), weights=(1, 1, -1), recipe="contrast_mean_z"
)
COMPONENT = ns.Signature(id="TLS", genes=("CCL2", "CCL3", "CCL4"), recipe="pc1")
PLAIN = ns.Signature(id="PLAIN", genes=("NGF", "TH", "FOS"))
ALL = [CYT, RISK, GEP, CONTRAST, COMPONENT]
GENES = list(dict.fromkeys(gene for s in ALL for gene in (*s.genes, *s.controls)))

LINEAR = ns.methods.Published(input_scale="linear")
LOGGED = ns.methods.Published(input_scale="log2p1")


def tpm(n_obs=8, low=0.0) -> pd.DataFrame:
    rng = np.random.default_rng(11)
    values = rng.gamma(1.0, 200.0, (n_obs, len(GENES))) + low
    return pd.DataFrame(values, [f"p{i}" for i in range(n_obs)], GENES)


def values(x, signatures, method=LINEAR, **options):
    collection = ns.SignatureCollection(signatures)
    return ns.score(x, collection, method=method, **options).values


class TestArithmetic:
    def test_the_geometric_mean_has_the_offset_of_its_paper(self):
        # sqrt((3.99 + 0.01) (24.99 + 0.01)) = sqrt(4 * 25) = 10; of zeros 0.01.
        x = tpm().assign(GZMA=[3.99, 0.0, *[100.0] * 6], PRF1=[24.99, 0.0, *[100.0] * 6])
        found = values(x, [CYT])["CYT"]
        assert found.iloc[:2].tolist() == pytest.approx([10.0, 0.01], abs=1e-14)

    def test_a_weighted_sum_is_of_the_values_as_they_are(self):
        x = tpm().assign(NGF=4.0, TH=1.5)
        assert values(x, [RISK])["RISK"].tolist() == [0.5 * 4 - 2 * 1.5] * 8

    def test_the_mean_of_the_controls_is_subtracted_from_each_gene(self):
        # log2(x + 1): CD8A 4, NGF 2, controls 1 and 3 with the mean 2: 0.5 (4-2) - 0.25 (2-2).
        x = tpm().assign(CD8A=15.0, NGF=3.0, TBP=1.0, UBB=7.0)
        assert values(x, [GEP])["GEP"].tolist() == [1.0] * 8

    def test_a_contrast_is_the_mean_z_of_one_arm_less_that_of_the_other(self):
        # Logged: FOS 1 2 3, z = -1 0 1; JUN 3 2 1, z = 1 0 -1; IFIT1 0 4 8, z = -1 0 1.
        # Up mean 0 0 0, minus down: 1 0 -1.
        x = pd.DataFrame(
            {"FOS": [1.0, 2, 3], "JUN": [3.0, 2, 1], "IFIT1": [0.0, 4, 8]}, list("abc")
        )
        found = values(x, [CONTRAST], ns.methods.Published())["CTRA"]
        assert found.tolist() == pytest.approx([1.0, 0.0, -1.0], abs=1e-15)

    def test_a_gene_that_is_constant_leaves_its_arm(self):
        x = pd.DataFrame(
            {"FOS": [1.0, 2, 3], "JUN": [2.0, 2, 2], "IFIT1": [0.0, 4, 8]}, list("abc")
        )
        found = values(x, [CONTRAST], ns.methods.Published())["CTRA"]
        assert found.tolist() == pytest.approx([0.0, 0.0, 0.0], abs=1e-15)

    def test_the_first_component_is_that_of_the_method_pc1(self):
        x = np.log2(tpm() + 1)
        expected = ns.score(x, {"TLS": COMPONENT.genes}, method="pc1").values
        found = values(x, [COMPONENT], ns.methods.Published())
        assert found.equals(expected)

    def test_recipes_of_one_call_do_not_disturb_each_other(self):
        together = values(tpm(), ALL)
        for signature in ALL:
            assert together[signature.id].equals(values(tpm(), [signature])[signature.id])


class TestScale:
    def test_linear_and_logged_input_give_the_same_scores_when_they_are_said_to_be(self):
        linear, logged = values(tpm(), ALL), values(np.log2(tpm() + 1), ALL, LOGGED)
        np.testing.assert_allclose(linear, logged, rtol=1e-9, atol=1e-11)

    def test_each_recipe_that_wants_another_scale_is_named(self):
        with pytest.warns(ScaleWarning) as caught:
            values(tpm(), ALL, ns.methods.Published())
        (warning,) = caught
        assert "3 signatures want logged values; these look like linear values" in str(
            warning.message
        )
        assert "'GEP', 'CTRA', 'TLS'" in str(warning.message)
        assert 'Published(input_scale="linear")' in str(warning.message)
        assert warning.filename == __file__
        with pytest.warns(ScaleWarning) as caught:
            values(np.log2(tpm() + 1), ALL, ns.methods.Published())
        (warning,) = caught
        assert "2 signatures want linear values such as TPM" in str(warning.message)
        assert 'Published(input_scale="log2p1")' in str(warning.message)

    def test_a_scale_that_is_stated_wrongly_is_warned_about(self):
        with pytest.warns(ScaleWarning, match="5 signatures want logged.*look like linear"):
            values(tpm(), ALL, LOGGED)
        with pytest.warns(ScaleWarning, match="5 signatures want linear.*look like logged"):
            values(np.log2(tpm() + 1), ALL, LINEAR)

    def test_counts_are_no_tpm(self):
        with pytest.warns(ScaleWarning, match=r"look like counts.*log2cpm"):
            values(tpm().round(), ALL, LINEAR)

    def test_a_negative_value_refuses_the_recipe_of_linear_values_and_no_other(self):
        x = np.log2(tpm() + 1)
        x.loc["p3", "PRF1"] = -0.5
        with pytest.warns(ScaleWarning) as caught:
            scores = ns.score(x, ns.SignatureCollection(ALL), method="published")
        messages = [str(w.message) for w in caught]
        assert any("1 signature cannot be scored" in m and "'CYT'" in m for m in messages)
        assert scores.values["CYT"].isna().all()
        assert scores.values.drop(columns="CYT").notna().all(axis=None)
        assert scores.coverage.loc["CYT", "status"] == "negative_values"

    def test_a_negative_value_refuses_whatever_is_read_as_linear(self):
        x = tpm().drop(columns=["FOS", "CCL2"]).assign(UBB=-3.0)
        with pytest.warns(ScaleWarning, match=r"1 signature cannot.*'GEP'"):
            scores = ns.score(x, ns.SignatureCollection([GEP, CYT]), method=LINEAR)
        assert scores.coverage["status"].to_dict() == {"GEP": "negative_values", "CYT": "ok"}
        unread = values(tpm().assign(UNUSED=-3.0), [COMPONENT])
        pd.testing.assert_frame_equal(unread, values(tpm(), [COMPONENT]))

    @pytest.mark.filterwarnings("ignore::neurosig.errors.ScaleWarning")
    def test_negative_values_in_all_that_is_left_are_an_error(self):
        x = tpm().assign(PRF1=-1.0)
        with pytest.raises(ScaleError, match=r"negative ones.*'CYT'"):
            values(x, [CYT], ns.methods.Published())


class TestRefusals:
    def test_signatures_without_a_recipe_are_named_once_and_the_rest_is_scored(self):
        with pytest.warns(CoverageWarning) as caught:
            scores = ns.score(tpm(), ns.SignatureCollection([PLAIN, CYT]), method=LINEAR)
        (warning,) = caught
        assert "1 signature of 2 has no published recipe" in str(warning.message)
        assert "'PLAIN'" in str(warning.message)
        assert "another method" in str(warning.message)
        assert warning.filename == __file__
        assert scores.coverage["status"].to_dict() == {"PLAIN": "no_recipe", "CYT": "ok"}
        assert scores.values["PLAIN"].isna().all()
        assert scores.values["CYT"].notna().all()

    def test_no_recipe_at_all_is_an_error(self):
        with pytest.raises(CoverageError, match="1 signature of 1 has no published recipe"):
            ns.score(tpm(), {"S": ["NGF", "TH", "FOS"]}, method=LINEAR)

    @pytest.mark.parametrize(
        ("absent", "signature"), [("PRF1", CYT), ("TH", RISK), ("UBB", GEP), ("CCL3", COMPONENT)]
    )
    def test_a_recipe_without_one_of_its_genes_or_controls_is_incomplete(self, absent, signature):
        with pytest.warns(CoverageWarning, match="not all genes") as caught:
            scores = ns.score(
                tpm().drop(columns=absent), ns.SignatureCollection(ALL), method=LINEAR
            )
        assert f"{signature.id} ({absent})" in str(caught[0].message)
        assert scores.coverage.loc[signature.id, "status"] == "incomplete_recipe"
        assert scores.coverage.loc[signature.id, "missing_genes"] == absent
        assert scores.values[signature.id].isna().all()
        assert scores.values.drop(columns=signature.id).notna().all(axis=None)

    def test_the_usual_limits_do_not_stand_in_for_all_genes(self):
        with pytest.raises(CoverageError, match=r"CYT \(PRF1\)"):
            values(tpm().drop(columns="PRF1"), [CYT], min_coverage=0, min_genes=1)
        assert values(tpm(), [CYT], min_genes=9).notna().all(axis=None)

    def test_a_contrast_takes_the_genes_found_but_needs_both_arms(self):
        # Without JUN two of three genes are left, which min_genes has to allow.
        assert values(tpm().drop(columns="JUN"), [CONTRAST], min_genes=2).notna().all(axis=None)
        with pytest.raises(CoverageError, match="too_few_genes"):
            values(tpm().drop(columns="JUN"), [CONTRAST])
        with pytest.raises(CoverageError, match=r"CTRA \(IFIT1\)"):
            values(tpm().drop(columns="IFIT1"), [CONTRAST], min_genes=2)

    def test_controls_have_no_part_in_other_methods(self):
        x = tpm().drop(columns=["TBP", "UBB"])
        scores = ns.score(np.log2(x + 1), GEP, method="weighted")
        assert scores.coverage.loc["GEP", "status"] == "ok"
        assert scores.coverage.loc["GEP", "missing_genes"] == ""

    def test_all_that_is_wrong_is_said_when_nothing_is_left(self):
        with pytest.raises(CoverageError) as caught:
            values(tpm().drop(columns="PRF1"), [PLAIN, CYT])
        assert "no published recipe; 1 signature of 2 has not all genes" in str(caught.value)
        assert caught.value.facts["coverage"]["status"].tolist() == [
            "no_recipe",
            "incomplete_recipe",
        ]

    def test_a_transposed_matrix_is_still_recognised(self):
        with pytest.raises(OrientationError):
            values(tpm().T, ALL)

    def test_one_sample_has_the_recipes_that_compare_none(self):
        with pytest.warns(CoverageWarning, match="2 signatures.*compare samples.*'CTRA', 'TLS'"):
            scores = ns.score(tpm().iloc[:1], ns.SignatureCollection(ALL), method=LINEAR)
        assert scores.values.notna().sum(axis=1).tolist() == [3]
        assert scores.coverage.loc["TLS", "status"] == "one_sample"
        with pytest.raises(CoverageError, match="there is one"):
            values(tpm().iloc[:1], [COMPONENT])

    def test_a_missing_value_is_missing_where_it_counts(self):
        x = tpm()
        x.loc["p2", ["PRF1", "UBB", "FOS"]] = np.nan
        found = values(x, ALL, replace(LINEAR, na="propagate"))
        assert found.loc["p2"].isna().tolist() == [True, False, True, True, False]
        assert found.drop(index="p2").notna().all(axis=None)


class TestStorageAndRecord:
    @pytest.mark.parametrize("method", [LINEAR, ns.methods.Published()])
    @pytest.mark.filterwarnings("ignore::neurosig.errors.ScaleWarning")
    def test_sparse_values_score_like_dense_ones(self, method):
        x = tpm().where(tpm() > 60, 0.0)
        adata = anndata.AnnData(
            sparse.csr_matrix(x.to_numpy()),
            obs=pd.DataFrame(index=list(x.index)),
            var=pd.DataFrame(index=GENES),
        )
        np.testing.assert_allclose(values(adata, ALL, method), values(x, ALL, method), atol=1e-12)

    def test_the_provenance_has_the_recipes(self):
        scores = ns.score(tpm(), ns.SignatureCollection([GEP, CYT]), method=LINEAR)
        assert scores.provenance["signatures"]["recipes"] == {
            "GEP": {"recipe": HOUSEKEEPING, "controls": ["TBP", "UBB"]},
            "CYT": {"recipe": "geometric_mean", "controls": []},
        }
        assert "recipes" not in ns.score(tpm(), CYT, method="ssgsea").provenance["signatures"]

    def test_the_catalogue_states_what_the_recipes_need(self):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            entries = ns.load_signatures(panel="all")
        stated = {s.id: s.recipe for s in entries.values() if s.recipe}
        assert set(stated.values()) <= set(RECIPES)
        assert entries["IMM.TCELL_INFLAMED_GEP18"].controls == (
            entries["CTRL.GEP_HOUSEKEEPING11"].genes
        )


class TestSignature:
    @pytest.mark.parametrize(
        ("fields", "message"),
        [
            ({"recipe": "geometic_mean"}, "unknown.*Did you mean 'geometric_mean'"),
            ({"recipe": "xyz"}, "unknown.*Known: geometric_mean.*notes"),
            ({"recipe": HOUSEKEEPING}, "0 control genes.*needs them.*Name them"),
            ({"recipe": "pc1", "controls": ("TBP",)}, "1 control gene .*Leave controls out"),
            ({"controls": ("TBP",)}, "1 control gene and the recipe None"),
            ({"recipe": HOUSEKEEPING, "controls": ("NGF",)}, "1 gene that is a control as well"),
            ({"recipe": HOUSEKEEPING, "controls": ("TBP", "TBP")}, "more than once"),
            ({"recipe": HOUSEKEEPING, "controls": "TBP"}, "not a list"),
            ({"recipe": "geometric_mean", "weights": (1, -1)}, "does not use.*plain genes"),
            ({"recipe": "pc1", "weights": (1, 0.5)}, r"does not use.*\+1 and -1"),
        ],
    )
    def test_a_recipe_that_cannot_be_followed_is_refused(self, fields, message):
        with pytest.raises(SignatureError, match=message):
            ns.Signature(id="S", genes=("NGF", "TH"), **fields)

    def test_controls_given_as_a_list_are_kept_as_a_tuple(self):
        assert replace(GEP, controls=["UBB"]).controls == ("UBB",)


@pytest.mark.filterwarnings("ignore::neurosig.errors.ScaleWarning")
def test_negative_value_of_a_gene_that_nothing_reads_stops_nothing():
    linear = pd.DataFrame(
        {"A": [1.0, 3.0, 7.0], "B": [7.0, 3.0, 1.0], "OTHER": [-1.0, 2.0, 3.0]}, index=list("xyz")
    )
    contrast = ns.Signature(id="C", genes=("A", "B"), weights=(1.0, -1.0), recipe="contrast_mean_z")
    scores = ns.score(linear, contrast, method=ns.methods.Published(input_scale="linear"))
    # log2(x + 1) of A: 1, 2, 3 and of B: 3, 2, 1; z: -1, 0, 1 and 1, 0, -1.
    np.testing.assert_allclose(scores.values["C"], [-2.0, 0.0, 2.0], atol=1e-12)
