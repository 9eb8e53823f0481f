"""The home cohorts: TCGA cancers of UCSC Xena's hub, with what is known of their files.

Goldman MJ et al. (2020) Nat Biotechnol 38:675-678, doi:10.1038/s41587-020-0546-8.
"""

from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from neurosig.datasets.cache import RemoteFile
from neurosig.errors import ParameterError

HUB: Final = "https://tcga-xena-hub.s3.us-east-1.amazonaws.com/download"
UNITS: Final = "log2(x + 1) of RSEM normalised counts"


@dataclass(frozen=True, slots=True)
class HomeCohort:
    """A cohort of the hub: expression (genes in rows), clinical matrix, survival (TCGA-CDR)."""

    id: str
    title: str
    hub: str = HUB

    @property
    def expression(self) -> RemoteFile:
        """Genes x samples, `UNITS`."""
        return self._file(f"TCGA.{self.id}.sampleMap/HiSeqV2.gz", "HiSeqV2.tsv.gz")

    @property
    def clinical(self) -> RemoteFile:
        """Clinical columns of each sample."""
        name = f"{self.id}_clinicalMatrix"
        return self._file(f"TCGA.{self.id}.sampleMap/{name}", f"{name}.tsv")

    @property
    def survival(self) -> RemoteFile:
        """OS, DSS, DFI and PFI of each sample, in days."""
        name = f"{self.id}_survival.txt"
        return self._file(f"survival/{name}", name)

    @property
    def files(self) -> tuple[RemoteFile, ...]:
        """All of them."""
        return self.expression, self.clinical, self.survival

    def _file(self, dataset: str, name: str) -> RemoteFile:
        return RemoteFile(f"{self.hub}/{dataset.replace('/', '%2F')}", f"{self.id}/{name}")


COHORTS: Final[dict[str, HomeCohort]] = {
    cohort.id: cohort
    for cohort in (
        HomeCohort("PAAD", "Pancreatic adenocarcinoma"),
        HomeCohort("PRAD", "Prostate adenocarcinoma"),
        HomeCohort("BRCA", "Breast invasive carcinoma"),
        HomeCohort("HNSC", "Head and neck squamous cell carcinoma"),
        HomeCohort("COAD", "Colon adenocarcinoma"),
        HomeCohort("STAD", "Stomach adenocarcinoma"),
        HomeCohort("GBM", "Glioblastoma multiforme"),
        HomeCohort("LGG", "Brain lower grade glioma"),
    )
}


def home_cohort(name: str) -> HomeCohort:
    """The home cohort of a TCGA abbreviation.

    Raises
    ------
    ParameterError
        There is none of that name.
    """
    cohort = COHORTS.get(name.upper().removeprefix("TCGA-"))
    if cohort is None:
        close = get_close_matches(name.upper(), COHORTS, n=1)
        raise ParameterError(
            f"There is no home cohort {name!r}",
            f"Known: {', '.join(COHORTS)}",
            f"Did you mean {close[0]!r}?" if close else "neurosig data list shows them",
        )
    return cohort
