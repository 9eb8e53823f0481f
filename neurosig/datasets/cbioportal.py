"""Study folders of cBioPortal.

Gao J et al. (2013) Sci Signal 6:pl1, doi:10.1126/scisignal.2004088.
"""

from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from neurosig._text_files import open_text
from neurosig.datasets.home_data import CohortData
from neurosig.errors import ExpressionError, ResourceError, count, examples
from neurosig.expression.checks import check_has_values
from neurosig.expression.delimited import Dialect, matrix_of
from neurosig.expression.duplicates import DuplicatesRule, combine_duplicates
from neurosig.expression.io import MAX_BYTES
from neurosig.expression.memory import in_memory
from neurosig.outcomes.clinic.clinical_io import read_clinical
from neurosig.provenance import sha256_of_file

EXPRESSION: Final = "data_mrna_seq_v2_rsem.txt"
PATIENTS: Final = "data_clinical_patient.txt"
SAMPLES: Final = "data_clinical_sample.txt"
_GENE, _ENTREZ = "Hugo_Symbol", "Entrez_Gene_Id"


def read_cbioportal(
    folder: str | Path,
    *,
    expression: str = EXPRESSION,
    duplicates: DuplicatesRule = "highest_mean",
    encoding: str = "utf-8",
) -> CohortData:
    r"""A study folder of cBioPortal: expression and clinical table.

    Rows without a gene symbol are left out; lines of comment before the header of a clinical file
    are skipped; the file of samples, where there is one, is joined to that of patients. Event
    columns such as OS_STATUS stay as they are (`1:DECEASED`), which `Endpoint` reads. The values
    are those of the file: data_mrna_seq_v2_rsem.txt is not on a log scale.

    Parameters
    ----------
    folder
        The study, with `data_clinical_patient.txt` and the expression file.
    expression
        Name of the expression file.
    duplicates
        What to do with a gene of several rows: "error", "mean", "sum" or "highest_mean".
    encoding
        Text encoding of the files.

    Raises
    ------
    ResourceError
        A file is missing or unreadable.
    InputError
        A file does not have the format.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = (Path(folder) / PATIENTS).write_text(
    ...         "#Patient\tStatus\n#STRING\tSTRING\nPATIENT_ID\tOS_STATUS\np1\t1:DECEASED\n"
    ...     )
    ...     _ = (Path(folder) / EXPRESSION).write_text(
    ...         "Hugo_Symbol\tEntrez_Gene_Id\tp1-01\nNGF\t4803\t7.5\n\t123\t1.0\n"
    ...     )
    ...     study = read_cbioportal(folder)
    >>> float(study.expression.to_frame().loc["p1-01", "NGF"]), study.clinical.loc["p1"].tolist()
    (7.5, ['1:DECEASED'])
    >>> study.notes
    ('1 row without a gene symbol left out',)
    """
    study = Path(folder)
    if not study.is_dir():
        raise ResourceError(
            f"{str(folder)!r} is no folder",
            "A study of cBioPortal is a folder of files",
            "Unpack the study and name its folder",
        )
    patients = read_clinical(
        study / PATIENTS, id="PATIENT_ID", sep="\t", comment="#", encoding=encoding
    )
    if (study / SAMPLES).exists():
        samples = read_clinical(
            study / SAMPLES, id="SAMPLE_ID", sep="\t", comment="#", encoding=encoding
        )
        if "PATIENT_ID" in samples:
            new = [name for name in patients.columns if name not in samples.columns]
            patients = samples.join(patients[new], on="PATIENT_ID")
    return _with_expression(study / expression, patients, duplicates, encoding)


def _with_expression(
    path: Path, clinical: pd.DataFrame, duplicates: DuplicatesRule, encoding: str
) -> CohortData:
    text = open_text(path, encoding=encoding, max_bytes=MAX_BYTES)
    header = text.first_lines(1)[0].split("\t")
    if _GENE not in header:
        raise ExpressionError(
            f"{path.name!r} has no column {_GENE}",
            f"Its header begins {examples(header)}",
            "Give an expression file of cBioPortal: gene symbols, Entrez ids, one column a sample",
        )
    table = matrix_of(text, Dialect(sep="\t"), id_column=_GENE)
    is_sample = np.array([name != _ENTREZ for name in table.column_names])
    is_named = np.array([bool(name.strip()) for name in table.row_names])
    matrix = table.values[is_named][:, is_sample].T
    genes = [name for name, keep in zip(table.row_names, is_named, strict=True) if keep]
    samples = [name for name in table.column_names if name != _ENTREZ]
    notes = []
    if not is_named.all():
        n_left_out = count(int((~is_named).sum()), "row")
        notes.append(f"{n_left_out} without a gene symbol left out")
    origin = {"file": path.name, "source": "cBioPortal", "sha256": sha256_of_file(path)}
    if duplicates != "error":
        matrix, genes, n_combined = combine_duplicates(matrix, genes, duplicates)
        if n_combined:
            notes.append(f"{count(n_combined, 'gene')} of several rows: {duplicates}")
            origin["duplicates"] = notes[-1]
    found = in_memory(matrix, samples, genes, origin)
    check_has_values(found)
    return CohortData(found, clinical, notes=tuple(notes))
