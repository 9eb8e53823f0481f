"""`python -m benchmarks.interplay_cohorts --data FOLDER`: nerve, immune and vessel in six cohorts.

Three breast cohorts of the extra `demo`, and TCGA GBM, ACC and CHOL from FOLDER (expression.parquet
and clinical.csv in a folder each). Prints what docs/interplay.md says of them.
"""

import argparse
import itertools
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

import neurosig as ns
from neurosig.datasets.demo import load_dataset

NERVE = ("GO.AXONOGENESIS", "GO.SYMPATHETIC_DEVELOPMENT", "GO.NEUROTROPHIN_TRK")
OTHERS = ("IMM.BINDEA.CYTOTOXIC_CELLS", "HALLMARK.ANGIOGENESIS")
BREAST = {"gse1992": "RFS", "gse4335": "OS", "gse3143": "OS"}
TCGA = {"tcga_gbm_htseq": 365, "tcga_acc_rnaseq": 1095, "tcga_chol_rnaseq": 1095}
SECOND_ROWS = ("TCGA-08-0386.2", "TCGA-27-1835.2")  # of two patients of GBM


def cohorts(data: Path) -> Iterator[tuple[ns.Cohort, float]]:
    """Each cohort with its horizon."""
    signatures = ns.load_signatures(ids=[*NERVE, *OTHERS])
    for name, event in BREAST.items():
        matrix, clinic = load_dataset(name)
        scores = ns.score(matrix, signatures, method="zscore")
        endpoint = ns.Endpoint(time=f"{event}.time", event=event, unit="months")
        yield ns.Cohort.join(scores, clinic, endpoint, name=name), 60.0
    for name, horizon in TCGA.items():
        matrix = pd.read_parquet(data / name / "expression.parquet").T.astype(float)
        clinic = pd.read_csv(data / name / "clinical.csv", index_col=0)
        if "htseq" in name:
            matrix = matrix.div(matrix.sum(axis=1), axis=0) * 1e6
        matrix = np.log2(matrix + 1).loc[:, ~matrix.columns.duplicated()]
        is_normal = matrix.index.str.fullmatch(r"(?:[^-]+-){3}11.*")
        tumours = matrix[~is_normal & ~matrix.index.isin(SECOND_ROWS)]
        scores = ns.score(tumours, signatures, method="zscore")
        endpoint = ns.Endpoint(time="OS.time", event="OS")
        yield ns.Cohort.join(scores, clinic, endpoint, name=name), float(horizon)


def main() -> None:
    """Print the lowest p and q of each cohort's interactions, and its mediations."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.interplay_cohorts")
    parser.add_argument("--data", type=Path, required=True)
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    for cohort, horizon in cohorts(asked.data):
        products = ns.interplay(cohort, list(itertools.product(NERVE, OTHERS))).products
        lowest = products[["p_value", "q_value"]].min()
        print(f"{cohort.name}: {cohort.echo}; lowest p {lowest['p_value']:.3f}", end=", ")
        print(f"q {lowest['q_value']:.2f} of {len(products)} interactions")
        for exposure in NERVE[:2]:
            found = ns.mediation(cohort, exposure=exposure, mediator=OTHERS[1], horizon=horizon)
            rows = found.table.query("measure == 'survival difference'").set_index("term")
            told = [
                f"{term} {rows['estimate'][term]:.3f} "
                f"[{rows['ci_low'][term]:.3f}, {rows['ci_high'][term]:.3f}]"
                for term in ("total", "pure_direct", "total_indirect")
            ]
            status = rows["status"]["proportion_mediated"]
            print(f"  {exposure} at {horizon:g}: {'; '.join(told)}; proportion {status}")


if __name__ == "__main__":
    main()
