"""What cohorts and result tables say about themselves, as short texts by topic."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Annotated, Any, Final

import numpy as np
import pandas as pd

from neurosig._params import Help, check
from neurosig.errors import count, examples
from neurosig.keys import OK, SCORE_TERM, Imputation, Performance, Pooled, Result
from neurosig.outcomes.pooling.validation_measures import GROUPS
from neurosig.outcomes.results import Results

if TYPE_CHECKING:
    from neurosig.outcomes.clinic.cohort import Cohort

PH_ALPHA: Final = 0.05
_OF_SURVIVAL: Final = ("Cox", "Fine-Gray")
_OF_TWO_VARIABLES: Final = ("Spearman", "Pearson", "Kendall", "Wilcoxon", "Kruskal-Wallis")
_OF_A_VARIABLE: Final = ("regression", "mixed model", *_OF_TWO_VARIABLES)
"""Words of models: of a survival outcome, and of a clinical variable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportingFacts:
    """What a checklist can be told that cohorts and tables do not say.

    Each text answers the items that ask for it; an empty one answers none.

    Raises
    ------
    ParameterError
        A field is not a text.

    Examples
    --------
    >>> ReportingFacts(treatment="Surgery, then tamoxifen for five years").treatment
    'Surgery, then tamoxifen for five years'
    """

    scoring: Annotated[str, Help("how scores were made from expression")] = ""
    treatment: Annotated[str, Help("treatments and how they were chosen")] = ""
    sample_size: Annotated[str, Help("plan of the sample size, such as ns.power(...).text")] = ""
    preparation: Annotated[str, Help("cleaning and quality control of the data")] = ""
    sensitivity: Annotated[str, Help("sensitivity analyses")] = ""
    null: Annotated[str, Help("comparison with random signatures")] = ""
    software: Annotated[str, Help("software and versions, and where the run is")] = ""

    def __post_init__(self) -> None:
        check(self)


def analysis_facts(
    cohorts: Sequence["Cohort"], analyses: Mapping[str, Results], told: ReportingFacts
) -> dict[str, str]:
    """Facts by topic; a topic that nothing is known of is left out."""
    tables = {name: result.table for name, result in analyses.items()}
    facts = {
        "markers": _markers(cohorts),
        "flow": " ".join(_flow(cohort) for cohort in cohorts),
        "follow_up": "; ".join(f"{c.name}: {c.echo}" for c in cohorts if c.endpoint is not None),
        "endpoints": " ".join(_endpoint(cohort) for cohort in cohorts),
        "variables": _variables(cohorts, tables),
        "models": _grouped(tables, _models),
        "handling": _handling(tables),
        "missing": _grouped(analyses, _missing),
        "numbers": _grouped(tables, _numbers),
        "events_per_param": _grouped(tables, _per_param),
        "families": _grouped(tables, _families),
        "ph": _grouped(tables, _ph),
        "univariable": _grouped(tables, _alone),
        "multivariable": _grouped(tables, _adjusted),
        "validation": _grouped(tables, _validation),
        "measures": _grouped(tables, _measures),
        "pooling": _grouped(tables, _pooling),
        "regressions": _grouped(tables, _regression),
        "imbalance": "No rebalancing." if tables else "",
        "characteristics": "See the table of characteristics." if cohorts else "",
    }
    facts |= {field.name: getattr(told, field.name) for field in fields(told)}
    return {topic: text for topic, text in facts.items() if text}


def _grouped(analyses: Mapping[str, Any], tell: Callable[[Any], str]) -> str:
    """What is told of each analysis, once for all of which it is the same."""
    names_of: dict[str, list[str]] = {}
    for name, analysis in analyses.items():
        text = tell(analysis)
        if text:
            names_of.setdefault(text, []).append(name)
    return " ".join(f"{'; '.join(names)}: {text}." for text, names in names_of.items())


def _markers(cohorts: Sequence["Cohort"]) -> str:
    names = list(dict.fromkeys(name for cohort in cohorts for name in cohort.signatures))
    return f"{count(len(names), 'signature score')}: {examples(names, 10, quoted=False)}."


def _flow(cohort: "Cohort") -> str:
    steps = [
        f"{row['n_lost']:,} of {row['n_in']:,} lost ({row['reason'] or row['step']})"
        for row in cohort.row_flow.to_dict("records")
        if row["n_lost"]
    ]
    left = f"{len(cohort.data):,} in the cohort"
    return f"{cohort.name}: {'; '.join([*steps, left])}."


def _endpoint(cohort: "Cohort") -> str:
    endpoint = cohort.endpoint
    if endpoint is None:
        return ""
    reason = f" {endpoint.reason}." if endpoint.reason else ""
    return (
        f"{cohort.name}: {endpoint.name}, time in {endpoint.unit} from {endpoint.time!r}, event "
        f"from {endpoint.event!r} ({cohort.coding}).{reason}"
    )


def _variables(cohorts: Sequence["Cohort"], tables: Mapping[str, pd.DataFrame]) -> str:
    adjusted = _unique(tables, Result.ADJUSTED_FOR)
    further = f" Covariates: {'; '.join(adjusted)}." if adjusted else " No covariates."
    return _markers(cohorts) + further


def _unique(tables: Mapping[str, pd.DataFrame], column: str) -> list[str]:
    found: dict[str, None] = {}
    for table in tables.values():
        if column in table:
            found.update(dict.fromkeys(str(v) for v in table[column].dropna() if str(v)))
    return list(found)


def _models(table: pd.DataFrame) -> str:
    return "; ".join(_unique({"": table}, Result.MODEL)[:4])


def _handling(tables: Mapping[str, pd.DataFrame]) -> str:
    scales: dict[str, None] = {}
    for table in tables.values():
        if Result.EFFECT_SCALE in table:
            scales.update(dict.fromkeys(_scores(table)[Result.EFFECT_SCALE].dropna()))
    if not scales:
        return ""
    searched = [name for name, table in tables.items() if "cut" in table]
    frozen = [name for name, table in tables.items() if _has_measure(table, GROUPS)]
    cuts = [f"a cutpoint was searched in {', '.join(searched)}"] if searched else []
    cuts += (
        [f"a cut of the training cohort divides patients in {', '.join(frozen)}"] if frozen else []
    )
    told = " and ".join(cuts) or "none was cut"
    return f"Scores are continuous in the models and {told}; effects are {', '.join(scales)}."


def _has_measure(table: pd.DataFrame, measure: str) -> bool:
    return Performance.MEASURE in table and bool(table[Performance.MEASURE].eq(measure).any())


def _missing(result: Results) -> str:
    flow = result.row_flow
    if not len(flow):
        return ""
    imputed = flow.loc[flow["step"] == "covariates imputed", "reason"].tolist()
    if Imputation.N_IMPUTATIONS in result.table and imputed:
        return f"{imputed[0]}, pooled by Rubin's rules"
    lost = [
        f"{row['step'].removesuffix(' known')} ({row['n_lost']})"
        for row in flow.to_dict("records")
        if row["step"].endswith(" known") and row["n_lost"]
    ]
    told = f"rows lost for {', '.join(lost)}" if lost else "no row lost to missing values"
    return f"complete cases, {told}, {int(flow['n_out'].iloc[-1]):,} used"


def _scores(table: pd.DataFrame) -> pd.DataFrame:
    return table[table[Result.TERM] == SCORE_TERM] if Result.TERM in table else table


def _range(values: "pd.Series[Any]", digits: int = 0) -> str:
    known = values.dropna()
    if known.empty:
        return ""
    low, high = known.min(), known.max()
    return f"{low:,.{digits}f}" if low == high else f"{low:,.{digits}f} to {high:,.{digits}f}"


def _numbers(table: pd.DataFrame) -> str:
    if Result.N not in table:
        return ""
    scores = _scores(table)
    rows = scores if len(scores) else table
    n = _range(rows[Result.N])
    if not n:
        return ""
    events = _range(rows[Result.N_EVENTS]) if Result.N_EVENTS in table else ""
    return f"n = {n}" + (f", {events} events" if events else "")


def _per_param(table: pd.DataFrame) -> str:
    if Result.EVENTS_PER_PARAM not in table:
        return ""
    values = _range(_scores(table)[Result.EVENTS_PER_PARAM], 1)
    return f"{values} events per parameter" if values else ""


def _families(table: pd.DataFrame) -> str:
    families = _unique({"": table}, Result.FAMILY)
    return f"Benjamini-Hochberg q over {'; '.join(families[:4])}" if families else ""


def _ph(table: pd.DataFrame) -> str:
    if Result.P_PH not in table:
        return ""
    tested = _scores(table)[Result.P_PH].dropna()
    n_low = int((tested < PH_ALPHA).sum())
    return (
        f"proportional hazards tested (score test, Kaplan-Meier time) in "
        f"{count(len(tested), 'model')}, p < {PH_ALPHA:g} in {n_low}"
    )


def _alone(table: pd.DataFrame) -> str:
    return _shown(table, adjusted=False)


def _adjusted(table: pd.DataFrame) -> str:
    return _shown(table, adjusted=True)


def _shown(table: pd.DataFrame, *, adjusted: bool) -> str:
    if not {Result.ADJUSTED_FOR, Result.EFFECT, Result.CI_LOW, Result.TERM} <= set(table.columns):
        return ""
    if _names(table, _OF_TWO_VARIABLES):
        return ""
    rows = table[(table[Result.ADJUSTED_FOR].fillna("") != "") == adjusted]
    fitted = int((_scores(rows)[Result.STATUS] == OK).sum())
    if not fitted:
        return ""
    if not adjusted:
        return f"{count(fitted, 'model')} of a score alone, with effect and interval"
    has_others = bool((rows[Result.TERM] != SCORE_TERM).any())
    what = "of the score and all covariates" if has_others else "of the adjusted score"
    return f"{count(fitted, 'model')}, effects and intervals {what}"


def _validation(table: pd.DataFrame) -> str:
    frozen = [model for model in _unique({"": table}, Result.MODEL) if model.endswith("frozen")]
    if frozen:
        return f"{'; '.join(frozen)}, judged in {', '.join(_unique({'': table}, Result.COHORT))}"
    if Performance.OPTIMISM not in table or Performance.N_RESAMPLES not in table:
        return ""
    n = _range(table[Performance.N_RESAMPLES])
    return f"corrected for optimism over {n} bootstrap samples, apparent values beside"


def _measures(table: pd.DataFrame) -> str:
    return ", ".join(_unique({"": table}, Performance.MEASURE))


def _pooling(table: pd.DataFrame) -> str:
    if Pooled.N_COHORTS not in table:
        return ""
    models = _unique({"": table}, Result.MODEL)
    i2 = _range(_scores(table)[Pooled.I2]) if Pooled.I2 in table else ""
    between = f", I2 {i2} %" if i2 else ""
    return f"{'; '.join(models[:2])}, {_range(table[Pooled.N_COHORTS])} cohorts{between}"


def _regression(table: pd.DataFrame) -> str:
    if Pooled.N_COHORTS in table or _names(table, _OF_SURVIVAL):
        return ""
    if not _names(table, _OF_A_VARIABLE):
        return ""
    return f"score against {'; '.join(_unique({'': table}, Result.ENDPOINT)[:6])}"


def _names(table: pd.DataFrame, words: Sequence[str]) -> bool:
    """Whether a model of the table is named by one of the words."""
    models = _unique({"": table}, Result.MODEL)
    return any(word in model for model in models for word in words)


def adjusted_columns(cohort: "Cohort", tables: Mapping[str, pd.DataFrame]) -> list[str]:
    """The clinical columns of a cohort that a model is adjusted for."""
    used: dict[str, None] = {}
    for table in tables.values():
        if Result.ADJUSTED_FOR not in table:
            continue
        own = table[table[Result.COHORT] == cohort.name] if Result.COHORT in table else table
        for text in own[Result.ADJUSTED_FOR].dropna().unique():
            for label in str(text).split(", "):
                inside = label[label.find("(") + 1 : -1] if label.endswith(")") else label
                column = label if label in cohort.data.columns else inside
                if column in cohort.data.columns:
                    used[column] = None
    return list(used)


def value_text(values: "pd.Series[Any]") -> tuple[int, str]:
    """How many values are missing, and how the others are distributed.

    >>> value_text(pd.Series([1.0, 2.0, 3.0, float("nan")]))
    (1, 'mean 2, SD 1, range 1 to 3')
    >>> value_text(pd.Series(["G1", "G2", "G2"]))
    (0, 'G2 2 (67 %), G1 1 (33 %)')
    """
    from neurosig.outcomes.clinic.clean import numbers_of, reads_as_numbers, texts_of

    if reads_as_numbers(values):
        numbers = numbers_of(values)
        known = numbers[np.isfinite(numbers)].round(10)
        if np.unique(known).size > 5 or not known.size or values.dtype.kind == "f":
            if not known.size:
                return int(numbers.size), "no value"
            spread = known.std(ddof=1) if known.size > 1 else np.nan
            mean = known.mean().round(10) + 0.0
            limits = f"range {known.min():.4g} to {known.max():.4g}"
            text = f"mean {mean:.4g}, SD {spread:.3g}, {limits}"
            return int(numbers.size - known.size), text
    cells = [cell for cell in texts_of(values) if cell is not None]
    counts = pd.Series(cells, dtype=object).value_counts()
    shown = [
        f"{level} {n} ({n / len(cells):.0%})".replace("%", " %") for level, n in counts.items()
    ]
    more = f" and {len(shown) - 8} more levels" if len(shown) > 8 else ""
    return len(values) - len(cells), ", ".join(shown[:8]) + more
