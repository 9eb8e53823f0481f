"""The items of REMARK and TRIPOD+AI in our own words, and which fact of a run answers each.

REMARK: 20 items (McShane et al. 2005; explained by Altman et al. 2012,
doi:10.1371/journal.pmed.1001216). TRIPOD+AI: 27 items with parts (Collins et al. 2024,
doi:10.1136/bmj-2023-078378).
"""

from dataclasses import dataclass
from typing import Final, Literal

Guideline = Literal["REMARK", "TRIPOD+AI"]

SOURCES: Final = {
    "REMARK": "doi:10.1371/journal.pmed.1001216",
    "TRIPOD+AI": "doi:10.1136/bmj-2023-078378",
}


@dataclass(frozen=True, slots=True)
class GuidelineItem:
    """One item.

    asks: what it wants, in our words; facts: the facts of a run that answer it, none where no
    software can; authors: what is left to the authors where it is answered.
    """

    number: str
    topic: str
    asks: str
    facts: tuple[str, ...] = ()
    authors: str = ""
    is_for_authors: bool = True


def _item(
    number: str,
    topic: str,
    asks: str,
    facts: str = "",
    authors: str = "",
    *,
    by_authors: bool = True,
) -> GuidelineItem:
    return GuidelineItem(number, topic, asks, tuple(facts.split()), authors, by_authors)


_REMARK = (
    _item(
        "1",
        "Introduction",
        "Name the marker, the aims and the hypotheses fixed in advance",
        "markers",
        "the aims and hypotheses",
    ),
    _item(
        "2",
        "Patients",
        "Describe the patients, where they come from, who was let in or out",
        "flow",
        "source, stage, criteria of inclusion",
    ),
    _item("3", "Patients", "Say which treatments were given and how they were chosen", "treatment"),
    _item(
        "4",
        "Specimens",
        "Say what tissue was used, controls included, and how it was kept",
        by_authors=False,
    ),
    _item(
        "5",
        "Assay",
        "Describe the assay and its quality control, and whether it was read blind",
        "scoring",
        "the assay itself, and whether it was blind to the outcome",
    ),
    _item(
        "6",
        "Design",
        "Say how cases were chosen, over which time, and how long they were followed",
        "follow_up",
        "prospective or retrospective, dates, matching",
    ),
    _item("7", "Design", "Define every endpoint", "endpoints", "who judged it, and how"),
    _item(
        "8",
        "Design",
        "List every variable that was looked at",
        "variables",
        "variables looked at outside this run",
    ),
    _item(
        "9",
        "Design",
        "Give the reason for the sample size; power where it was planned",
        "sample_size events_per_param",
        "the reason, if there was a plan",
    ),
    _item(
        "10",
        "Statistics",
        "State all methods: models, selection of variables, checks of assumptions, missing values",
        "models missing ph families",
    ),
    _item(
        "11", "Statistics", "Say how the marker was handled; how cutpoints were found", "handling"
    ),
    _item(
        "12",
        "Results",
        "Show the flow of patients, with numbers and events of each analysis",
        "flow numbers",
    ),
    _item(
        "13",
        "Results",
        "Show the distributions of clinical variables and the marker, with numbers missing",
        "characteristics",
    ),
    _item(
        "14",
        "Results",
        "Relate the marker to standard prognostic variables",
        "regressions",
        "the relation to variables outside this run",
    ),
    _item(
        "15",
        "Results",
        "Show the marker and outcome alone, with effect, interval and curves",
        "univariable",
    ),
    _item(
        "16",
        "Results",
        "Show multivariable effects with intervals, of the marker and of all other variables",
        "multivariable",
    ),
    _item(
        "17",
        "Results",
        "Show the marker beside the standard variables whatever their p-values",
        "multivariable",
        "whether all standard variables are in the model",
    ),
    _item(
        "18",
        "Results",
        "Report further checks: assumptions, sensitivity, internal validation",
        "ph sensitivity validation null",
    ),
    _item("19", "Discussion", "Interpret in the light of the hypotheses; discuss limits"),
    _item("20", "Discussion", "Say what follows for research and for the clinic"),
)
_TRIPOD = (
    _item("1", "Title", "Say that a prediction model is made or evaluated, for whom and what"),
    _item("2", "Abstract", "Follow the checklist for abstracts"),
    _item("3a", "Background", "Explain the clinical question and the models that exist"),
    _item("3b", "Background", "Name who the model is for, and where in their care it is used"),
    _item("3c", "Background", "Describe known inequalities between groups of patients"),
    _item("4", "Objectives", "Say whether the model is developed, evaluated or both"),
    _item("5a", "Data", "Describe the sources of the data and whom they represent", "flow",
          "the sources and whom they represent"),
    _item("5b", "Data", "Give the dates of accrual and of the end of follow-up", "follow_up",
          "the dates"),
    _item("6a", "Participants", "Describe the setting and the number of centres"),
    _item("6b", "Participants", "Give the criteria of eligibility"),
    _item("6c", "Participants", "Say which treatments were given", "treatment"),
    _item("7", "Data preparation", "Describe cleaning and quality control, alike in all groups",
          "preparation"),
    _item("8a", "Outcome", "Define the outcome and the time it is predicted for", "endpoints",
          "how it was assessed"),
    _item("8b", "Outcome", "Say who judged an outcome that needs judgement", by_authors=False),
    _item("8c", "Outcome", "Say whether the outcome was judged blind", by_authors=False),
    _item("9a", "Predictors", "Say how the predictors were chosen at first", "variables",
          "the reason of the choice"),
    _item("9b", "Predictors", "Define all predictors and when they were measured", "scoring",
          "when and how the others were measured"),
    _item("9c", "Predictors", "Say who judged predictors that need judgement", by_authors=False),
    _item("10", "Sample size", "Explain how the size was arrived at", "sample_size "
          "events_per_param", "the reason, if there was a plan"),
    _item("11", "Missing data", "Say how missing values were handled", "missing",
          "why values are missing"),
    _item("12a", "Analysis", "Say how the data were used for development and evaluation",
          "validation numbers", "whether data were set aside"),
    _item("12b", "Analysis", "Say how predictors were handled and transformed", "handling"),
    _item("12c", "Analysis", "Name the type of model, its building and its internal validation",
          "models validation", "how the model was built"),
    _item("12d", "Analysis", "Say how differences between centres or cohorts were handled",
          "pooling"),
    _item("12e", "Analysis", "Name all measures of performance", "measures"),
    _item("12f", "Analysis", "Describe any updating of the model"),
    _item("12g", "Analysis", "Say how predictions were computed for the evaluation", "validation"),
    _item("13", "Class imbalance", "Say whether classes were rebalanced", "imbalance"),
    _item("14", "Fairness", "Describe what was done for fairness between groups"),
    _item("15", "Model output", "Say what the model gives, and how classes are cut"),
    _item("16", "Training and evaluation", "Name differences between the data of both"),
    _item("17", "Ethics", "Name the ethics committee and the consent", by_authors=False),
    _item("18a", "Open science", "Name the funding", by_authors=False),
    _item("18b", "Open science", "Declare conflicts of interest", by_authors=False),
    _item("18c", "Open science", "Say where the protocol is", by_authors=False),
    _item("18d", "Open science", "Name the registration", by_authors=False),
    _item("18e", "Open science", "Say where the data are"),
    _item("18f", "Open science", "Say where the code is", "software", "the code of the study"),
    _item("19", "Patient involvement", "Describe it, or say that there was none",
          by_authors=False),
    _item("20a", "Participants", "Show the flow of participants, with and without the outcome, "
          "and the follow-up", "flow follow_up numbers"),
    _item("20b", "Participants", "Show their characteristics, with missing values",
          "characteristics"),
    _item("20c", "Participants", "Compare the data of development and evaluation"),
    _item("21", "Development", "Give participants and events of each analysis", "numbers"),
    _item("22", "Specification", "Give the full model, so that others can predict with it",
          "multivariable", "the baseline survival, from ns.fit_cox"),
    _item("23a", "Performance", "Give performance with intervals, in groups too", "validation"),
    _item("23b", "Performance", "Show how performance differs between centres"),
    _item("24", "Updating", "Give the results of updating"),
    _item("25", "Interpretation", "Interpret the results, fairness included"),
    _item("26", "Limitations", "Discuss limits, such as missing data and small samples"),
    _item("27a", "Usability", "Say what is done with poor or missing input"),
    _item("27b", "Usability", "Say what users have to know and do"),
    _item("27c", "Usability", "Say what further research is needed"),
)  # fmt: skip
ITEMS: Final[dict[Guideline, tuple[GuidelineItem, ...]]] = {
    "REMARK": _REMARK,
    "TRIPOD+AI": _TRIPOD,
}
