"""TCGA cohorts in the formats of UCSC Xena's hub."""

from pathlib import Path

import pandas as pd

from neurosig.datasets.cache import fetch
from neurosig.datasets.home_data import CohortData
from neurosig.datasets.registry import home_cohort
from neurosig.errors import AlignmentError, count, examples
from neurosig.expression.io import read_expression
from neurosig.outcomes.clinic.clinical_io import read_clinical
from neurosig.outcomes.clinic.endpoint import Endpoint


def load_cohort(
    cohort: str, *, folder: Path | None = None, again: bool = False, offline: bool = False
) -> CohortData:
    """A home cohort, fetched if need be: its expression, clinical table and recommended endpoint.

    Expression is log2(x + 1) of RSEM normalised counts. The clinical table has a row per sample,
    normal tissue included (column `sample_type`; keep "Primary Tumor" for survival).

    Parameters
    ----------
    cohort
        TCGA's abbreviation, such as "PRAD"; `COHORTS` has them.
    folder, again, offline
        As in `neurosig.datasets.cache.fetch`.

    Raises
    ------
    ParameterError
        There is no such cohort.
    ResourceError, ChecksumError
        A file cannot be fetched, or is not the one that was fetched first.
    """
    known = home_cohort(cohort)
    expression, clinical, survival = (
        fetch(file, folder, again=again, offline=offline) for file in known.files
    )
    table, notes = read_xena_clinic(clinical, survival)
    return CohortData(
        read_expression(expression, orientation="genes_in_rows"),
        table,
        Endpoint.recommended(known.id),
        notes,
    )


def read_xena_clinic(clinical: Path, survival: Path) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """A clinical matrix and a survival file of Xena's hub as one table by sample.

    Endpoints come from the survival file, which has those of TCGA-CDR; columns of the same name in
    the clinical matrix are left out, and said so.

    Raises
    ------
    AlignmentError
        The two files have no sample in common.
    """
    clinic = read_clinical(clinical, id="sampleID")
    times = read_clinical(survival, id="sample")
    shared = clinic.index.intersection(times.index)
    if len(shared) == 0:
        raise AlignmentError(
            f"{clinical.name!r} and {survival.name!r} have no sample in common",
            f"{examples(clinic.index)} there, {examples(times.index)} here",
            "Give two files of the same cohort",
        )
    twice = [name for name in clinic.columns if name in times.columns]
    notes = [
        f"{count(len(clinic) - len(shared), 'sample')} of {len(clinic):,} without survival data, "
        f"{count(len(times) - len(shared), 'sample')} of {len(times):,} without clinical data"
    ]
    if twice:
        notes.append(f"taken from the survival file alone: {', '.join(twice)}")
    return clinic.drop(columns=twice).join(times, how="outer"), tuple(notes)
