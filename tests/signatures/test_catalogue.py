"""The bundled catalogue: loading, panels, themes, and facts that are known from elsewhere."""

import re
from pathlib import Path

import pytest

from neurosig._bundled import bundled
from neurosig._yaml import load_yaml
from neurosig.errors import SignatureError, SignatureLintError, UnknownSignatureError
from neurosig.genesets.catalogue import (
    EVIDENCE_LEVELS,
    PROVISIONAL,
    Catalogue,
    read_entry,
    signature_of,
)
from neurosig.genesets.finding import catalogue_table, load_signatures, search_signatures
from neurosig.genesets.gmt import read_gmt
from neurosig.genesets.lint import lint

# The subjects the package is for; each has to have signatures, and most a plain set in "core".
THEMES = (
    "axonogenesis_and_axon_guidance",
    "neurotrophins",
    "neurotransmitter_and_neuropeptide_receptors",
    "neurotransmitter_synthesis",
    "sympathetic",
    "parasympathetic",
    "sensory",
    "schwann",
    "perineural_invasion",
    "cancer_pain",
    "stress_and_adrenergic",
    "immune_infiltration",
    "immune_suppression",
    "angiogenesis",
    "metabolic_reprogramming",
)
FURTHER = ("pan_neuronal", "synapse", "neuroendocrine")
CONTROLS = (
    "control_proliferation",
    "control_stroma",
    "control_emt",
    "control_subtype",
    "control_housekeeping",
)


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue.bundled()


class TestLoading:
    def test_nothing_asked_for_is_the_core_panel(self):
        assert load_signatures() == load_signatures(panel="core")

    def test_ids_come_in_the_order_asked_for(self):
        ids = ["IMM.CYT", "GO.AXONOGENESIS"]
        assert list(load_signatures(ids=ids)) == ids
        assert list(load_signatures(ids="IMM.CYT")) == ["IMM.CYT"]
        assert list(load_signatures(ids=[])) == []

    def test_a_category_is_its_folder(self, catalogue):
        loaded = load_signatures(category="axon")
        folder = catalogue.folder / "axon"
        assert set(loaded) == {path.stem for path in folder.iterdir()}
        assert {s.category for s in loaded.values()} == {"axon"}

    def test_provisional_lists_load_only_when_asked_for(self):
        everything = load_signatures(panel="all", include_provisional=True)
        provisional = {n for n, s in everything.items() if s.evidence == PROVISIONAL}
        assert provisional == {
            "SENS.ALGOGENIC_MEDIATORS",
            "STRESS.BETA_ADRENERGIC_PATHWAY",
            "STRESS.CREB_IEG",
        }
        assert set(load_signatures(panel="all")) == set(everything) - provisional
        assert "STRESS.CREB_IEG" not in load_signatures(category="stress_adrenergic")
        assert "STRESS.CREB_IEG" in load_signatures(
            category="stress_adrenergic", include_provisional=True
        )
        assert list(load_signatures(ids="STRESS.CREB_IEG")) == ["STRESS.CREB_IEG"]
        assert set(load_signatures(evidence=PROVISIONAL)) == provisional

    @pytest.mark.parametrize(
        ("choice", "message", "closest"),
        [
            ({"ids": ["GO.AXONOGENISIS"]}, "no signature 'GO.AXONOGENISIS'", "GO.AXONOGENESIS"),
            ({"ids": ["imm.cyt"]}, "no signature", "IMM.CYT"),
            ({"panel": "cores"}, "no panel 'cores'", "core"),
            ({"panel": "sympathetics"}, "no panel 'sympathetics'", "sympathetic"),
            ({"category": "axons"}, "no category 'axons'", "axon"),
            ({"category": ["axon", "glias"]}, "no category 'glias'", "glia"),
            ({"context": "prostrate"}, "no context 'prostrate'", "prostate"),
            ({"evidence": "exact_published_sets"}, "no evidence level", "exact_published_set"),
            ({"ids": ["IMM.CYTT"], "context": "prostate"}, "no signature 'IMM.CYTT'", "IMM.CYT"),
            ({"ids": ["IMM.CYTT"], "category": "axon"}, "no signature 'IMM.CYTT'", "IMM.CYT"),
        ],
    )
    def test_an_unknown_name_brings_the_closest(self, choice, message, closest):
        with pytest.raises(UnknownSignatureError, match=message) as caught:
            load_signatures(**choice)
        assert closest in caught.value.facts["closest"]
        assert f"Did you mean {closest!r}" in str(caught.value)

    def test_a_name_unlike_any_other_points_to_the_table(self):
        with pytest.raises(UnknownSignatureError, match="catalogue_table"):
            load_signatures(ids="0000")

    def test_several_conditions_have_to_hold_together(self, catalogue):
        axon, core = catalogue.ids_of_category("axon"), catalogue.ids_of_panel("core")
        assert list(load_signatures(panel="core", category="axon")) == [
            i for i in core if i in axon
        ]
        assert list(load_signatures(ids=["IMM.CYT", "AXON.EPHRIN"], category="axon")) == [
            "AXON.EPHRIN"
        ]
        assert set(load_signatures(category="axon", evidence="derived_from_symbol_root")) == {
            name for name in axon if name.startswith("AXON.")
        }

    def test_several_values_of_one_condition_mean_any_of_them(self, catalogue):
        both = set(load_signatures(category=["axon", "neurotrophin"]))
        assert both == {*catalogue.ids_of_category("axon")} | {
            *catalogue.ids_of_category("neurotrophin")
        }

    def test_a_context_is_found_by_organ_and_by_study_code(self):
        # The perineural set was trained on a prostate series, prostate (GSE7055); the nerve
        # sets speak of PAAD and pancreas.
        prostate = load_signatures(context="prostate")
        assert {"PNI.OMAR_TOP20", "GO.AXONOGENESIS"} <= set(prostate)
        assert "IMM.CYT" not in prostate  # pan-cancer is a context of its own
        assert load_signatures(context="PRAD") == prostate
        assert load_signatures(context="PAAD") == load_signatures(context="pancreas")
        assert all(
            any(c.startswith("prostate") for c in s.cancer_context) for s in prostate.values()
        )

    def test_nothing_that_fits_is_refused_with_the_counts(self):
        with pytest.raises(SignatureError, match="category and context together") as caught:
            load_signatures(category="glia", context="CHOL")
        assert "category 8 signatures" in str(caught.value)

    def test_a_theme_is_a_panel(self, catalogue):
        themed = load_signatures(panel="schwann")
        assert list(themed) == list(catalogue.themes()["schwann"])
        assert "STRESS.CREB_IEG" not in load_signatures(panel="stress_and_adrenergic")

    def test_a_path_cannot_be_smuggled_in_as_an_id(self):
        with pytest.raises(UnknownSignatureError):
            load_signatures(ids="../panels")

    def test_the_table_has_every_entry_once(self, catalogue):
        table = catalogue_table().set_index("id")
        assert sorted(table.index) == sorted(catalogue.ids())
        assert table.loc["GO.AXONOGENESIS", "panels"] == "core, headline"
        assert table.loc["IMM.CYT", "doi"] == "10.1016/j.cell.2014.12.033"


class TestSearch:
    def test_a_gene_finds_the_signatures_that_hold_it(self, catalogue):
        found = search_signatures("prf1")
        holders = {s.id for s in catalogue.signatures(catalogue.ids()) if "PRF1" in s.genes}
        assert len(holders) > 3
        assert set(found["id"]) == holders
        assert found["found_in"].str.contains("genes").all()

    def test_a_part_of_a_symbol_is_not_a_gene(self):
        assert len(search_signatures("SLC6A")) == 0

    def test_every_word_has_to_occur(self):
        both = set(search_signatures("prostate adrenergic")["id"])
        assert both == set(search_signatures("prostate")["id"]) & set(
            search_signatures("adrenergic")["id"]
        )
        assert "NTR.ADRENERGIC" in both

    def test_ids_and_titles_come_before_notes_and_genes(self):
        found = search_signatures("angiogenesis")["found_in"]
        is_first = found.str.contains("id|title").tolist()
        assert is_first == sorted(is_first, reverse=True)
        assert 0 < sum(is_first) < len(is_first)

    def test_the_source_is_searched(self):
        assert search_signatures("10.1016/j.cell.2014.12.033")["id"].tolist() == ["IMM.CYT"]
        assert search_signatures("GO:0007409")["id"].tolist() == ["GO.AXONOGENESIS"]


class TestEntries:
    @pytest.fixture
    def entry(self, catalogue):
        return read_entry(catalogue.files()["IMM.CYT"])

    def test_a_changed_gene_list_is_noticed(self, entry):
        entry["genes"] = ["GZMA", "GZMB"]
        with pytest.raises(SignatureLintError, match="not those that the sha256"):
            signature_of(entry, "IMM.CYT.yaml")

    def test_a_missing_field_is_named(self, entry):
        del entry["licence"]
        with pytest.raises(SignatureLintError, match="'licence' is missing"):
            signature_of(entry, "IMM.CYT.yaml")

    @pytest.mark.parametrize("text", ["- a\n", "a: 1\na: 2\n", "a: &x [A]\nb: *x\n", "just text\n"])
    def test_a_file_that_is_no_entry_is_refused(self, tmp_path, text):
        path = tmp_path / "x.yaml"
        path.write_text(text)
        with pytest.raises(SignatureLintError, match=r"x\.yaml"):
            read_entry(path)

    def test_a_panel_file_without_panels_is_refused(self, tmp_path):
        (tmp_path / "panels.yaml").write_text("panels: []\n")
        with pytest.raises(SignatureLintError, match="lacks its panels"):
            Catalogue(tmp_path).panels()


class TestPanelsAndThemes:
    def test_every_theme_has_signatures(self, catalogue):
        assert set(catalogue.themes()) == {*THEMES, *FURTHER, *CONTROLS}
        assert all(catalogue.themes().values())

    def test_every_signature_belongs_to_a_theme(self, catalogue):
        assert {i for ids in catalogue.themes().values() for i in ids} == set(catalogue.ids())

    @pytest.mark.parametrize("theme", THEMES)
    def test_core_speaks_of_every_theme(self, catalogue, theme):
        assert set(catalogue.themes()[theme]) & set(catalogue.panels()["core"].ids)

    def test_core_is_plain_sets_that_any_method_takes(self):
        core = load_signatures(panel="core")
        assert len(core) == 24
        for signature in core.values():
            assert signature.weights is None
            assert signature.recipe is None
            assert signature.n_genes >= 5
            assert signature.evidence != PROVISIONAL

    def test_headline_is_four(self, catalogue):
        ids = catalogue.panels()["headline"].ids
        assert len(ids) == 4
        assert {"GO.AXONOGENESIS", "NTR.ALL111", "HALLMARK.ANGIOGENESIS"} < set(ids)
        assert set(ids) & set(catalogue.themes()["immune_suppression"])

    def test_every_panel_says_in_one_line_what_it_is(self, catalogue):
        for panel in catalogue.panels().values():
            assert 10 < len(panel.description) < 100
            assert "\n" not in panel.description


class TestFacts:
    """Numbers from outside this package."""

    def test_there_are_217_entries_and_the_lint_finds_no_error(self, catalogue):
        assert len(catalogue.ids()) == 217
        errors = [finding for finding in lint(catalogue.folder) if finding.level == "error"]
        assert errors == []

    def test_the_evidence_levels_are_those_of_the_schema(self, catalogue):
        schema = load_yaml(catalogue.folder / "schema.json")
        assert tuple(schema["properties"]["evidence"]["enum"]) == EVIDENCE_LEVELS

    def test_oxidative_phosphorylation_holds_the_mitochondrial_genes(self):
        # The mitochondrial genome codes for 13 proteins, all of them of complexes I, III, IV and V
        # (Anderson et al. 1981, 10.1038/290457a0). PTGS1 and PTGS2, once called COX1 and COX2, are
        # cyclooxygenases.
        genes = set(load_signatures(ids="GO.OXPHOS")["GO.OXPHOS"].genes)
        coded = {f"MT-ND{i}" for i in ("1", "2", "3", "4", "4L", "5", "6")} | {"MT-CYB"}
        coded |= {"MT-CO1", "MT-CO2", "MT-CO3", "MT-ATP6", "MT-ATP8"}
        assert len(coded) == 13
        assert coded < genes
        assert not {"PTGS1", "PTGS2", "IVNS1ABP"} & genes

    def test_the_pan_cancer_receptor_set_has_111_genes(self):
        # HGNC: 9 adrenoceptors, 5 muscarinic receptors, 4 AMPA subunits are in their groups.
        genes = set(load_signatures(ids="NTR.ALL111")["NTR.ALL111"].genes)
        assert len(genes) == 111
        assert {"GRIA1", "GRIA2", "GRIA3", "GRIA4"} < genes
        assert {f"CHRM{i}" for i in range(1, 6)} < genes

    def test_the_adrenoceptors_are_nine(self):
        # Three each of alpha-1, alpha-2 and beta (HGNC gene group 169).
        expected = {f"ADRA{i}{x}" for i, x in [(1, "A"), (1, "B"), (1, "D")]}
        expected |= {"ADRA2A", "ADRA2B", "ADRA2C", "ADRB1", "ADRB2", "ADRB3"}
        assert set(load_signatures(ids="NTR.ADRENERGIC")["NTR.ADRENERGIC"].genes) == expected

    def test_the_t_cell_inflamed_profile_has_its_published_weights(self):
        # Cristescu et al. 2018, 10.1126/science.aar3593, Table S2B: 18 genes, CD276 alone negative.
        signature = load_signatures(ids="IMM.TCELL_INFLAMED_GEP18")["IMM.TCELL_INFLAMED_GEP18"]
        assert signature.n_genes == 18
        assert signature.down == ("CD276",)
        assert signature.weight_of["CD276"] == -0.0239
        assert signature.weight_of["STAT1"] == 0.250229
        assert signature.is_weighted
        assert signature.recipe == "weighted_sum_of_log_expr_minus_mean_housekeeping"

    def test_cytolytic_activity_is_two_genes_and_a_geometric_mean(self):
        # Rooney et al. 2015, 10.1016/j.cell.2014.12.033: geometric mean of GZMA and PRF1.
        signature = load_signatures(ids="IMM.CYT")["IMM.CYT"]
        assert set(signature.genes) == {"GZMA", "PRF1"}
        assert signature.recipe == "geometric_mean"

    def test_the_adversity_response_is_19_up_and_34_down(self):
        # 19 inflammation genes up; 31 interferon and 3 antibody genes down.
        signature = load_signatures(ids="STRESS.CTRA53")["STRESS.CTRA53"]
        assert (len(signature.up), len(signature.down)) == (19, 31 + 3)
        assert not signature.is_weighted

    def test_no_file_names_a_folder_of_a_machine(self, catalogue):
        for path in catalogue.folder.rglob("*.*"):
            if path.suffix in {".yaml", ".json", ".md", ".py"}:
                text = path.read_text(encoding="utf-8")
                assert not re.search(r"(?<![\w.])/(?:home|root|tmp|var|mnt|Users)/", text), (
                    path.name
                )


def _rows(shared_folder: Path) -> dict:
    table = load_yaml(shared_folder / "signatures" / "catalogue.yaml", max_bytes=20_000_000)
    return {row["id"]: row for row in table["signatures"]}


def _corrected(row: dict, folder: Path) -> list[str]:
    """The genes of a row with the corrections that `corrections.yaml` names."""
    correction = load_yaml(folder / "corrections.yaml")["entries"].get(row["id"], {})
    kept = [gene for gene in row["genes"] if gene not in correction.get("genes_removed", ())]
    return [*kept, *correction.get("genes_added", ())]


@pytest.mark.data
class TestAgainstTheSourceTable:
    def test_every_list_is_the_tables_list(self, shared_folder, catalogue):
        rows = _rows(shared_folder)
        assert set(rows) == set(catalogue.ids())
        for signature in catalogue.signatures(catalogue.ids()):
            row = rows[signature.id]
            if "weights" in row:
                assert signature.weight_of == row["weights"]
            elif "genes_up" in row:
                assert list(signature.up) == row["genes_up"]
                assert list(signature.down) == row["genes_down"]
            else:
                genes = _corrected(row, catalogue.folder)
                assert sorted(signature.genes) == sorted(genes)
                assert signature.weights is None
            assert (signature.title, signature.category) == (row["title"], row["category"])
            assert signature.evidence == row["evidence"]

    def test_no_doubt_of_the_table_is_lost(self, shared_folder, catalogue):
        rows = _rows(shared_folder)
        for signature in catalogue.signatures(catalogue.ids()):
            row = rows[signature.id]
            if "not yet verified" in str(row) or "code" in row["evidence"]:
                assert not signature.verified, signature.id

    def test_hallmark_sets_are_msigdbs(self, shared_data):
        # The table read release 7.0; release 7.2 from MSigDB itself is at hand. Hallmark sets did
        # not change between them but for symbols that were renamed.
        published = read_gmt(shared_data / "gene_resources" / "h.all.v7.2.symbols.gmt")
        ours = load_signatures(panel="all")
        names = [name for name in ours if name.startswith("HALLMARK.")]
        assert names
        for name in names:
            theirs = set(published[name.replace(".", "_")].genes)
            shared = len(theirs & set(ours[name].genes))
            assert shared / len(theirs) > 0.95, name


def test_the_resolver_finds_the_catalogue_that_is_tested(catalogue):
    assert catalogue.folder == bundled("signatures")
