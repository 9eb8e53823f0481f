"""Checklists of reporting guidelines, filled in as far as an analysis can."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, get_args

import pandas as pd

from neurosig.errors import ParameterError
from neurosig.outcomes.arguments import check_option
from neurosig.outcomes.reporting.analysis_facts import ReportingFacts, analysis_facts
from neurosig.outcomes.reporting.guideline_items import ITEMS, SOURCES, Guideline, GuidelineItem
from neurosig.outcomes.reporting.profile_tables import check_reporting, markdown_table
from neurosig.outcomes.results import Results

if TYPE_CHECKING:
    from neurosig.outcomes.clinic.cohort import Cohort

ANSWERED: Final = "answered"
IN_PART: Final = "answered in part"
BY_AUTHORS: Final = "to be filled in by authors"
NOT_BY_SOFTWARE: Final = "not answerable by software"
_NOTHING: Final = ReportingFacts()


@dataclass(frozen=True, eq=False)
class Checklist:
    """A checklist: a row per item.

    table: guideline, item, topic, asks, state, answer, authors_add, source.
    """

    guideline: Guideline
    table: pd.DataFrame

    @property
    def n_answered(self) -> int:
        """Items that the analysis answers, at least in part."""
        return int(self.table["state"].isin([ANSWERED, IN_PART]).sum())

    @property
    def markdown(self) -> str:
        """The checklist as a table in Markdown."""
        columns = ["item", "topic", "asks", "state", "answer", "authors_add"]
        return f"## {self.guideline}\n\n{markdown_table(self.table[columns])}"


def checklist(
    cohorts: "Cohort | Sequence[Cohort]",
    analyses: Mapping[str, Results],
    *,
    guideline: Guideline = "REMARK",
    facts: ReportingFacts = _NOTHING,
) -> Checklist:
    """Fill in the checklist of a guideline as far as cohorts and results can.

    An item is "answered" with text from the analysis, "answered in part" (what is left to the
    authors is in `authors_add`), "to be filled in by authors", or "not answerable by software",
    which has not seen the tissue, the committee or the contract.

    Parameters
    ----------
    cohorts, analyses
        As in `remark_profile`.
    guideline
        "REMARK" for studies of prognostic markers, "TRIPOD+AI" for prediction models.
    facts
        What else is known, such as treatments or the plan of the sample size.

    Returns
    -------
    Checklist

    Raises
    ------
    ParameterError
        There is nothing to report, or no such guideline.

    References
    ----------
    Altman DG et al. (2012) PLoS Med 9:e1001216, doi:10.1371/journal.pmed.1001216; Collins GS et al.
    (2024) BMJ 385:e078378, doi:10.1136/bmj-2023-078378. Items are in our own words.

    Examples
    --------
    >>> import numpy as np
    >>> import neurosig as ns
    >>> rng = np.random.default_rng(0)
    >>> ids = [f"p{i}" for i in range(80)]
    >>> scores = pd.DataFrame({"NGF": rng.normal(size=80)}, ids)
    >>> clinic = pd.DataFrame({"t": rng.exponential(900, 80), "e": [1, 0] * 40}, ids)
    >>> cohort = ns.Cohort.join(scores, clinic, ns.Endpoint(time="t", event="e", name="OS"))
    >>> filled = checklist(cohort, {"Cox": ns.cox(cohort)})
    >>> filled.table.set_index("item").loc[["3", "4", "12"], ["state", "answer"]].values.tolist()
    [['to be filled in by authors', ''], ['not answerable by software', ''],
     ['answered', 'cohort: 80 in the cohort. Cox: n = 80, 40 events.']]
    """
    every = check_reporting(cohorts, analyses)
    if guideline not in get_args(Guideline):
        raise ParameterError(
            f"guideline cannot be {guideline!r}",
            f"Allowed: {', '.join(get_args(Guideline))}",
            "The default is 'REMARK'",
        )
    check_option("facts", facts, ReportingFacts)
    known = analysis_facts(every, analyses, facts)
    rows = [_row(guideline, item, known) for item in ITEMS[guideline]]
    return Checklist(guideline, pd.DataFrame(rows))


def _row(guideline: Guideline, item: GuidelineItem, known: Mapping[str, str]) -> dict[str, str]:
    answer = " ".join(known[topic] for topic in item.facts if topic in known)
    if answer:
        state = IN_PART if item.authors else ANSWERED
    else:
        state = BY_AUTHORS if item.is_for_authors else NOT_BY_SOFTWARE
    return {
        "guideline": guideline,
        "item": item.number,
        "topic": item.topic,
        "asks": item.asks,
        "state": state,
        "answer": answer,
        "authors_add": item.authors if answer else "",
        "source": SOURCES[guideline],
    }
