"""The configurations of docs/studies on the real cohorts they are written for."""

from pathlib import Path

import pandas as pd
import pytest
import yaml

import neurosig as ns
from neurosig.errors import ScaleError

pytestmark = [pytest.mark.data, pytest.mark.slow]

STUDIES = Path(__file__).parents[2] / "docs" / "studies"


@pytest.fixture(scope="module")
def colorectal(shared_data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("colorectal")
    return ns.run(STUDIES / "colorectal.yaml", data=shared_data, output=folder / "run")


@pytest.fixture(scope="module")
def exploratory(shared_data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("exploratory")
    return ns.run(STUDIES / "colorectal_exploratory.yaml", data=shared_data, output=folder / "run")


def flow(run, model: str) -> pd.DataFrame:
    table = run.tables["row_flow"]
    return table[table["model"] == model].set_index("step")


class TestColorectalCancer:
    """TCGA COAD and READ: 317 patients, 60 deaths, perineural invasion 55 YES, 156 NO, 106
    missing (counted in the clinical table itself), a panel of 1,577 genes."""

    def test_most_signatures_are_refused_at_the_default_coverage_and_reported(self, colorectal):
        coverage = colorectal.tables["coverage"]
        assert (coverage["status"] != "ok").sum() > 20
        axon = coverage.set_index("signature").loc["GO.AXONOGENESIS"]
        assert axon["status"] == "low_coverage"
        assert any("cannot be scored" in text for text in colorectal.notices)
        refused = colorectal.tables["cohorts"].set_index("signature").loc["GO.AXONOGENESIS"]
        assert (refused["status"] == "no_score").all()

    def test_the_missing_perineural_invasion_is_in_the_row_flow_and_among_the_notices(
        self, colorectal
    ):
        rows = flow(colorectal, "logistic: perineural_invasion")
        assert rows.loc["perineural_invasion known", ["n_in", "n_lost"]].tolist() == [317, 106]
        assert rows.loc["ajcc_pathologic_tumor_stage known", "n_lost"] == 9
        assert any("106 of 317 rows have no 'perineural_invasion'" in t for t in colorectal.notices)

    def test_overall_survival_has_all_events_before_covariates(self, colorectal):
        rows = flow(colorectal, "survival: OS")
        assert rows.loc["event known", "n_out"] == 317
        assert "60 events / 317" in (colorectal.folder / "report.html").read_text("utf-8")

    def test_the_exploratory_run_is_labelled_and_lets_two_axon_sets_in(self, exploratory):
        page = (exploratory.folder / "report.html").read_text("utf-8")
        assert "This run uses settings that were chosen to let more signatures in" in page
        coverage = exploratory.tables["coverage"].set_index("signature")
        for name in ("GO.AXON_EXTENSION", "GO.SEMAPHORIN_PLEXIN"):
            assert coverage.loc[name, "status"] == "ok"
            assert 0.2 <= coverage.loc[name, "coverage"] < 0.5

    def test_the_odds_ratio_is_that_of_statsmodels_from_the_files(self, exploratory, shared_data):
        """The whole chain again by hand: z-scores from the matrix, statsmodels for the fit."""
        import statsmodels.api as sm

        folder = shared_data / "tcga_coadread_xena1577"
        x = pd.read_parquet(folder / "expression.parquet").T.astype(float)
        clinic = pd.read_csv(folder / "clinical.csv", index_col="sample")
        genes = [g for g in ns.load_signatures()["GO.AXON_EXTENSION"].genes if g in x]
        score = ((x[genes] - x[genes].mean()) / x[genes].std()).sum(axis=1) / len(genes) ** 0.5
        stage = clinic["ajcc_pathologic_tumor_stage"].str.extract(r"^Stage (I+V?)[ABC]?$")[0]
        used = clinic["perineural_invasion"].isin(["YES", "NO"]) & stage.notna()
        design = pd.get_dummies(
            pd.DataFrame({"type": clinic["type"], "stage": stage})[used], drop_first=True
        ).astype(float)
        design.insert(0, "score", score[used] / score[used].std())
        positive = (clinic["perineural_invasion"][used] == "YES").astype(float)
        fit = sm.Logit(positive, sm.add_constant(design)).fit(disp=0)
        rows = exploratory.tables["regressions"]
        row = rows[(rows["signature"] == "GO.AXON_EXTENSION") & (rows["term"] == "score")].iloc[0]
        assert row["n"] == 202
        assert row["estimate"] == pytest.approx(fit.params["score"], abs=1e-7)
        assert row["std_error"] == pytest.approx(fit.bse["score"], abs=1e-6)
        assert row["q_value"] >= row["p_value"]


class TestGlioblastoma:
    """TCGA GBM: HTSeq counts, 164 rows of 162 patients, 6 of whom are not in TCGA-CDR: 156 with
    follow-up, 126 deaths."""

    def test_counts_are_refused_by_a_method_of_log_values(self, shared_data, tmp_path):
        config = yaml.safe_load((STUDIES / "glioblastoma.yaml").read_text("utf-8"))
        del config["cohorts"][0]["expression"]["transform"]
        with pytest.raises(ScaleError, match=r"looks like counts.*transform: log2cpm"):
            ns.run(config, data=shared_data, output=tmp_path / "run")
        assert not (tmp_path / "run").exists()

    def test_a_stated_transform_runs_and_is_in_the_provenance(self, shared_data, tmp_path):
        run = ns.run(STUDIES / "glioblastoma.yaml", data=shared_data, output=tmp_path / "run")
        rows = flow(run, "survival: OS")
        assert rows.loc["observations used", ["n_in", "n_lost"]].tolist() == [164, 2]
        assert rows.loc["time known", ["n_in", "n_lost"]].tolist() == [162, 6]
        scores = run.tables["cohorts"].query("term == 'score'")
        assert (scores["status"] == "ok").all()
        assert (scores["n_events"] == 126).all()
        assert '"transform": "log2cpm"' in (run.folder / "provenance.json").read_text("utf-8")
