"""The inputs of a figure: nothing is opened before its SHA-256 was found to be the recorded one."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pandas as pd

from neurosig.datasets.cells import CELL_DATASETS, cell_file, load_cells
from neurosig.datasets.demo import DATASETS, dataset_file
from neurosig.engine import score
from neurosig.errors import ChecksumError, ParameterError, ResourceError
from neurosig.expression.base import Expression
from neurosig.genesets.signature import SignatureCollection
from neurosig.methods.base import Method
from neurosig.outcomes.clinic.cohort import Cohort
from neurosig.outcomes.clinic.endpoint import Endpoint
from neurosig.outcomes.clinic.follow_up import Unit
from neurosig.provenance import sha256_of_file
from neurosig.reproduction.definition import FigureDefinition, RecordedInput
from neurosig.scores import Scores
from neurosig.study.config import (
    ClinicalSource,
    CohortSource,
    SignatureChoice,
    Study,
    StudyConfig,
)
from neurosig.study.notices import Notices
from neurosig.study.signature_choice import choose_signatures
from neurosig.study.sources import load_cohort

if TYPE_CHECKING:
    from anndata import AnnData

SIGNATURES = "signatures"
_MISSING_IN_SURVSET = ("missing", "na", "x")


@dataclass(frozen=True, eq=False)
class CohortInput:
    """A cohort as it was read: how it is described, its expression and its clinical table."""

    source: CohortSource
    expression: Expression
    clinical: pd.DataFrame

    def joined(self, scores: Scores) -> Cohort:
        """Scores with clinic and endpoint."""
        return Cohort.join(
            scores,
            self.clinical,
            self.source.endpoint,
            name=self.source.id,
            duplicates=self.source.clinical.duplicates,
        )


@dataclass(frozen=True, eq=False)
class FigureData:
    """What a figure's function may read: the recorded inputs and no others."""

    id: str
    definition: FigureDefinition
    folder: Path
    notices: Notices

    @property
    def seed(self) -> int:
        """The recorded seed."""
        return self.definition.seed

    def check_files(self) -> None:
        """Compare each file with its recorded SHA-256; none is opened for anything else.

        Raises
        ------
        ChecksumError
            A file differs; it and both hashes are named.
        MissingDependencyError, ResourceError
            A file is not there.
        """
        for recorded in self.definition.inputs:
            if recorded.source != SIGNATURES:
                path = file_of(recorded, self.folder)
                self._compare(recorded, path.name, sha256_of_file(path))

    def signatures(self, choice: SignatureChoice) -> SignatureCollection:
        """The chosen signatures; their hash is that of `SignatureCollection.sha256`."""
        for name in choice.files:
            self._recorded(name, "file")
        collection = choose_signatures(choice, self.folder)
        if not choice.files or choice != SignatureChoice(files=choice.files):
            recorded = self._recorded(SIGNATURES, SIGNATURES)
            self._compare(recorded, f"{len(collection)} signatures", collection.sha256)
        return collection

    def cohort(self, source: "str | CohortSource") -> CohortInput:
        """A cohort of survset by the id of the data set, or one that is described in full."""
        described = survset_cohort(source) if isinstance(source, str) else source
        if described.dataset is not None:
            self._recorded(described.dataset, "survset")
        else:
            for name in (described.expression.file, described.clinical.file):
                self._recorded(str(name), "file")
        config = StudyConfig(title=self.id, cohorts=(described,))
        study = Study(config, self.folder, self.folder, "")
        loaded = load_cohort(study, described)
        return CohortInput(described, loaded.expression, loaded.clinical)

    def cells(self, name: str) -> "AnnData":
        """Cells of an installed data set, or of an h5ad file."""
        if name in CELL_DATASETS:
            self._recorded(name, CELL_DATASETS[name].package)
            return load_cells(name)
        self._recorded(name, "file")
        import anndata

        return anndata.read_h5ad(self.folder / name)

    def scores(
        self,
        data: object,
        signatures: SignatureCollection,
        method: Method,
        *,
        min_coverage: float,
        subject: str,
    ) -> Scores:
        """Scores; what they warn of is noted under the subject."""
        with self.noting(subject):
            return score(data, signatures, method=method, min_coverage=min_coverage)

    def noting(self, subject: str) -> AbstractContextManager[None]:
        """Turn neurosig's own warnings inside the block into notes of the run."""
        return self.notices.collecting(f"{self.id}, {subject}")

    def _recorded(self, name: str, source: str) -> RecordedInput:
        for recorded in self.definition.inputs:
            if recorded.name == name and recorded.source == source:
                return recorded
        listed = ", ".join(f"{r.source} {r.name!r}" for r in self.definition.inputs) or "none"
        raise ParameterError(
            f"The figure {self.id!r} reads {name!r} of {source}, which is not among its inputs",
            f"Inputs: {listed}",
            f"Add {{name: {name}, source: {source}, sha256: ...}} to its inputs",
        )

    def _compare(self, recorded: RecordedInput, file: str, found: str) -> None:
        if found in recorded.hashes:
            return
        raise ChecksumError(
            f"The input {recorded.name!r} of the figure {self.id!r} is not the recorded one",
            f"{file}: SHA-256 {found}, recorded {' or '.join(recorded.hashes)}",
            "Get the recorded input, or record this one and its numbers anew",
            input=recorded.name,
            found=found,
            recorded=recorded.hashes,
        )


def file_of(recorded: RecordedInput, folder: Path) -> Path:
    """Where the file of an input is.

    Raises
    ------
    ResourceError
        It is not there, or its package is not installed.
    """
    if recorded.source == "survset":
        return dataset_file(recorded.name)
    if recorded.source != "file":
        return cell_file(recorded.name)
    path = folder / recorded.name
    if not path.is_file():
        raise ResourceError(
            f"The input {recorded.name!r} is not there",
            f"Looked for {str(path)!r}",
            "Correct its name: it is relative to the file that describes the figures",
        )
    return path


def survset_cohort(dataset: str) -> CohortSource:
    """A cohort of survset with the endpoint that its papers give it."""
    dataset_file(dataset)  # an unknown name is refused with the known ones
    known = DATASETS[dataset]
    endpoint = Endpoint(
        time=f"{known.endpoint}.time",
        event=known.endpoint,
        unit=cast(Unit, known.unit),
        name=known.endpoint,
    )
    return CohortSource(
        id=dataset.upper(),
        title=known.title,
        dataset=dataset,
        clinical=ClinicalSource(missing=_MISSING_IN_SURVSET),
        endpoint=endpoint,
    )
