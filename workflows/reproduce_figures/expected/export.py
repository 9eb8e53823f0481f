"""Write the data of the installed packages as text for the R scripts; neurosig is not used.

    python export.py FOLDER

One cohort of survset: <id>_expression.tsv (genes x samples) and <id>_clinical.tsv; one set of
cells: <id>_cells.tsv (genes x cells) and <id>_groups.tsv. Needs survset 0.2.11, infercnvpy 0.6.1,
scanpy 1.11.5.
"""

import importlib.util
import re
import sys
import warnings
from pathlib import Path

import anndata
import pandas as pd
from SurvSet.data import SurvLoader

COHORTS = ("gse4335", "gse3143", "gse1992")
CELLS = {
    "oligodendroglioma": ("infercnvpy", "datasets/data/oligodendroglioma.h5ad", "cell_type"),
    "pbmc68k_reduced": ("scanpy", "datasets/10x_pbmc68k_reduced.h5ad", "bulk_labels"),
}


def export_cohort(name: str, folder: Path) -> None:
    """Genes by symbol (survset writes HLA-A as HLA_A) and the clinical columns as they are."""
    table = SurvLoader().load_dataset(name)["df"]
    genes = [column for column in table.columns if column.startswith("num_HS_")]
    symbols = [re.sub(r"_(?=[A-Z0-9]+$)", "-", gene.removeprefix("num_HS_")) for gene in genes]
    matrix = table[genes].set_axis(symbols, axis=1).set_index(table["pid"].astype(str)).T
    matrix.to_csv(folder / f"{name}_expression.tsv", sep="\t", index_label="gene")
    clinical = table.drop(columns=genes).astype(str)
    clinical.to_csv(folder / f"{name}_clinical.tsv", sep="\t", index=False)


def export_cells(name: str, folder: Path) -> None:
    """The matrix (raw, where there is one) and the label of each cell."""
    package, path, column = CELLS[name]
    spec = importlib.util.find_spec(package)
    cells = anndata.read_h5ad(Path(spec.submodule_search_locations[0]) / path)
    source = cells if cells.raw is None else cells.raw
    matrix = pd.DataFrame(source.X.toarray(), cells.obs_names, source.var_names).T
    matrix.to_csv(folder / f"{name}_cells.tsv", sep="\t", index_label="gene")
    groups = pd.DataFrame({"cell": cells.obs_names, "group": cells.obs[column].astype(str)})
    groups.to_csv(folder / f"{name}_groups.tsv", sep="\t", index=False)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    target = Path(sys.argv[1])
    for cohort in COHORTS:
        export_cohort(cohort, target)
    for cells_name in CELLS:
        export_cells(cells_name, target)
