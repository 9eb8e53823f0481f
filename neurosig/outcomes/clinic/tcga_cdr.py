"""Which endpoint to use for a TCGA cancer: the advice of the TCGA Clinical Data Resource.

Liu J et al. (2018) Cell 173:400-416, doi:10.1016/j.cell.2018.02.052. Its notes recommend overall
survival (OS) and the progression-free interval (PFI) as the two accurate endpoints, and PFI before
OS, since follow-up is short; the counts below, of its table, show how much that matters for each
cancer. Of acute myeloid leukaemia there is OS only.
"""

from difflib import get_close_matches
from typing import Final, NamedTuple

from neurosig.errors import ParameterError

SOURCE: Final = "TCGA-CDR, Liu et al. 2018, doi:10.1016/j.cell.2018.02.052"


class CdrCounts(NamedTuple):
    """Patients of a cancer, and those with a known time and status and with an event."""

    n_patients: int
    n_os: int
    n_os_events: int
    n_pfi: int
    n_pfi_events: int


COUNTS: Final[dict[str, CdrCounts]] = {
    "ACC": CdrCounts(92, 92, 34, 92, 49),
    "BLCA": CdrCounts(412, 411, 180, 412, 177),
    "BRCA": CdrCounts(1097, 1096, 151, 1096, 145),
    "CESC": CdrCounts(307, 307, 71, 307, 71),
    "CHOL": CdrCounts(45, 45, 22, 45, 23),
    "COAD": CdrCounts(459, 458, 102, 458, 123),
    "DLBC": CdrCounts(48, 48, 9, 48, 12),
    "ESCA": CdrCounts(185, 185, 77, 185, 87),
    "GBM": CdrCounts(596, 596, 491, 596, 506),
    "HNSC": CdrCounts(528, 527, 223, 527, 198),
    "KICH": CdrCounts(113, 112, 12, 112, 16),
    "KIRC": CdrCounts(537, 537, 177, 535, 160),
    "KIRP": CdrCounts(291, 290, 44, 289, 57),
    "LAML": CdrCounts(200, 186, 120, 0, 0),
    "LGG": CdrCounts(515, 514, 125, 514, 192),
    "LIHC": CdrCounts(377, 376, 132, 376, 185),
    "LUAD": CdrCounts(522, 513, 184, 513, 210),
    "LUSC": CdrCounts(504, 498, 215, 499, 148),
    "MESO": CdrCounts(87, 86, 73, 84, 59),
    "OV": CdrCounts(587, 582, 348, 582, 413),
    "PAAD": CdrCounts(185, 185, 100, 185, 110),
    "PCPG": CdrCounts(179, 179, 6, 179, 21),
    "PRAD": CdrCounts(500, 500, 10, 500, 93),
    "READ": CdrCounts(170, 170, 26, 170, 39),
    "SARC": CdrCounts(261, 261, 99, 261, 139),
    "SKCM": CdrCounts(470, 455, 214, 456, 308),
    "STAD": CdrCounts(443, 437, 169, 439, 143),
    "TGCT": CdrCounts(134, 134, 4, 134, 35),
    "THCA": CdrCounts(507, 507, 16, 507, 52),
    "THYM": CdrCounts(124, 123, 9, 123, 22),
    "UCEC": CdrCounts(548, 547, 91, 547, 124),
    "UCS": CdrCounts(57, 57, 35, 57, 37),
    "UVM": CdrCounts(80, 80, 23, 79, 29),
}


def recommended_endpoint(cancer: str) -> tuple[str, str]:
    """The recommended endpoint of a TCGA cancer, "PFI" or "OS", and why in one sentence.

    Raises
    ------
    ParameterError
        If there is no cancer of that abbreviation.

    Examples
    --------
    >>> recommended_endpoint("PRAD")[0]
    'PFI'
    """
    name = cancer.upper().removeprefix("TCGA-")
    if name not in COUNTS:
        close = get_close_matches(name, COUNTS, n=1)
        raise ParameterError(
            f"There is no TCGA cancer {cancer!r}",
            f"Known: {', '.join(COUNTS)}",
            f"Did you mean {close[0]!r}?" if close else "Use TCGA's abbreviation, such as PRAD",
        )
    n = COUNTS[name]
    if n.n_pfi == 0:
        return "OS", f"{name}: {n.n_os_events} deaths / {n.n_os}, and no other endpoint ({SOURCE})"
    return "PFI", (
        f"{name}: {n.n_pfi_events} progressions / {n.n_pfi}, {n.n_os_events} deaths / {n.n_os}; "
        f"PFI goes before OS, since follow-up is short ({SOURCE})"
    )
