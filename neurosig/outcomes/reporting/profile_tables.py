"""The REMARK profile: what was studied, and every analysis that was made."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from neurosig.errors import ParameterError, count, examples
from neurosig.keys import OK, SCORE_TERM, Result
from neurosig.outcomes.clinic.cohort import Cohort
from neurosig.outcomes.clinic.follow_up import median_follow_up
from neurosig.outcomes.given_cohorts import several_cohorts
from neurosig.outcomes.given_columns import array_of
from neurosig.outcomes.reporting.analysis_facts import adjusted_columns, value_text
from neurosig.outcomes.results import Results


@dataclass(frozen=True, eq=False)
class RemarkProfile:
    """The two parts of a REMARK profile, and the variables that it names.

    patients: part A, a row per cohort and aspect (patients, treatment, outcome, markers, further
    variables); analyses: part B, a row per analysis, cohort and set of covariates with patients,
    events, variables and remarks; characteristics: a row per cohort and variable with its
    distribution and the number missing.
    """

    patients: pd.DataFrame
    analyses: pd.DataFrame
    characteristics: pd.DataFrame

    @property
    def markdown(self) -> str:
        """All of it as tables in Markdown."""
        parts = [
            ("A. Patients, treatment and variables", self.patients),
            ("B. Statistical analyses", self.analyses),
            ("Characteristics", self.characteristics),
        ]
        return "\n\n".join(f"## {title}\n\n{markdown_table(table)}" for title, table in parts)


def remark_profile(
    cohorts: Cohort | Sequence[Cohort],
    analyses: Mapping[str, Results],
    *,
    treatment: str = "",
) -> RemarkProfile:
    """Make the REMARK profile of an analysis.

    Parameters
    ----------
    cohorts
        The cohorts as they were joined.
    analyses
        Every analysis that was made, by name, also those that will not be shown: that is what the
        profile is for.
    treatment
        Treatments and how they were chosen, which no table says.

    Returns
    -------
    RemarkProfile
        `patients`, `analyses` and `characteristics` as tables, `markdown` as text.

    Raises
    ------
    ParameterError
        There is no cohort or no analysis, or an analysis is no `Results`.

    References
    ----------
    Altman DG, McShane LM, Sauerbrei W, Taube SE (2012) PLoS Med 9:e1001216,
    doi:10.1371/journal.pmed.1001216.

    Examples
    --------
    >>> import neurosig as ns
    >>> rng = np.random.default_rng(0)
    >>> ids = [f"p{i}" for i in range(80)]
    >>> scores = pd.DataFrame({"NGF": rng.normal(size=80)}, ids)
    >>> clinic = pd.DataFrame({"t": rng.exponential(900, 80), "e": [1, 0] * 40,
    ...                        "age": rng.normal(60, 9, 80)}, ids)
    >>> cohort = ns.Cohort.join(scores, clinic, ns.Endpoint(time="t", event="e", name="OS"))
    >>> profile = remark_profile(cohort, {"Cox": ns.cox(cohort, adjust=["age"])})
    >>> profile.analyses[["analysis", "n", "n_events", "variables"]].values.tolist()
    [['Cox', '80', '40', '1 score; age']]
    """
    every = check_reporting(cohorts, analyses)
    tables = {name: result.table for name, result in analyses.items()}
    patients = [row for cohort in every for row in _aspects(cohort, tables, treatment)]
    characteristics = [row for cohort in every for row in _variables(cohort, tables)]
    done = [row for name, table in tables.items() for row in _analyses(name, table)]
    return RemarkProfile(
        pd.DataFrame(patients, columns=["cohort", "aspect", "entry", "n"]),
        pd.DataFrame(done),
        pd.DataFrame(
            characteristics, columns=["cohort", "variable", "n_known", "n_missing", "distribution"]
        ),
    )


def check_reporting(
    cohorts: Cohort | Sequence[Cohort], analyses: Mapping[str, Results]
) -> tuple[Cohort, ...]:
    """The cohorts as a tuple, after a check of what was given."""
    every = tuple(several_cohorts(cohorts, "A report"))
    if not isinstance(analyses, Mapping):
        raise ParameterError(
            "The analyses have no names",
            f"They are a {type(analyses).__name__}",
            'Give what verbs return by name, as in {"Cox": ns.cox(cohort)}',
        )
    wrong = [name for name, result in analyses.items() if not isinstance(result, Results)]
    if not every or not analyses or wrong:
        raise ParameterError(
            f"The analysis {wrong[0]!r} is no Results" if wrong else "There is nothing to report",
            f"{count(len(every), 'cohort')}; analyses: {examples(analyses)}",
            'Give what verbs return, as in {"Cox": ns.cox(cohort)}',
        )
    return every


def _aspects(
    cohort: Cohort, tables: Mapping[str, pd.DataFrame], treatment: str
) -> list[tuple[str, str, str, str]]:
    rows: list[tuple[str, str, str, str]] = []

    def add(aspect: str, entry: str, n: str = "") -> None:
        rows.append((cohort.name, aspect, entry, n))

    flow = cohort.row_flow.to_dict("records")
    if flow:
        first = flow[0]
        add("Patients: available", f"before the step: {first['step']}", f"{first['n_in']:,}")
    for step in flow:
        if step["n_lost"]:
            add("Patients: left out", str(step["reason"] or step["step"]), f"{step['n_lost']:,}")
    add("Patients: in the cohort", "rows with scores and clinic", f"{len(cohort.data):,}")
    add("Treatment", treatment or "to be filled in by authors")
    endpoint = cohort.endpoint
    if endpoint is not None and cohort.time is not None and cohort.event is not None:
        time, event = np.asarray(cohort.time), np.asarray(cohort.event)
        known = np.isfinite(time) & np.isfinite(event)
        add("Outcome", f"{endpoint.name} ({cohort.coding})", f"{int(known.sum()):,}")
        add("Outcome: events", endpoint.name, f"{int((event[known] > 0).sum()):,}")
        ends = np.asarray(cohort.cause) if endpoint.causes else event
        median = median_follow_up(time, ends, array_of(cohort.entry))
        told = "not reached" if np.isnan(median) else f"{median:.4g} {endpoint.unit}"
        add("Outcome: follow-up", f"median {told} (reverse Kaplan-Meier)")
    add("Markers", examples(cohort.signatures, 10, quoted=False), str(len(cohort.signatures)))
    columns = adjusted_columns(cohort, tables)
    add("Further variables", ", ".join(columns) or "none", str(len(columns)))
    return rows


def _variables(
    cohort: Cohort, tables: Mapping[str, pd.DataFrame]
) -> list[tuple[str, str, int, int, str]]:
    rows = []
    for name in (*adjusted_columns(cohort, tables), *cohort.signatures):
        n_missing, text = value_text(cohort.data[name])
        rows.append((cohort.name, name, len(cohort.data) - n_missing, n_missing, text))
    return rows


def _analyses(name: str, table: pd.DataFrame) -> list[dict[str, str]]:
    scores = table[table[Result.TERM] == SCORE_TERM] if Result.TERM in table else table
    keys = [k for k in (Result.COHORT, Result.ENDPOINT, Result.ADJUSTED_FOR) if k in scores]
    if not keys:
        return [{"analysis": name, "n": str(len(table)), "remarks": "see its table"}]
    rows = []
    for key, group in scores.fillna(dict.fromkeys(keys, "")).groupby(keys, sort=False):
        told = dict(zip(keys, key if isinstance(key, tuple) else (key,), strict=True))
        n_scores = group[Result.SIGNATURE].nunique() if Result.SIGNATURE in group else len(group)
        adjusted = str(told.get(Result.ADJUSTED_FOR, ""))
        rows.append(
            {
                "analysis": name,
                "cohort": str(told.get(Result.COHORT, "")),
                "endpoint": str(told.get(Result.ENDPOINT, "")),
                "n": _span(group, Result.N),
                "n_events": _span(group, Result.N_EVENTS),
                "events_per_param": _span(group, Result.EVENTS_PER_PARAM, 1),
                "variables": "; ".join(filter(None, (count(n_scores, "score"), adjusted))),
                "model": "; ".join(map(str, group[Result.MODEL].unique()[:2]))
                if Result.MODEL in group
                else "",
                "remarks": _remarks(group),
            }
        )
    return rows


def _span(group: pd.DataFrame, column: str, digits: int = 0) -> str:
    if column not in group or group[column].dropna().empty:
        return ""
    low, high = group[column].min(), group[column].max()
    texts = dict.fromkeys(f"{value:,.{digits}f}" for value in (low, high))
    return " to ".join(texts)


def _remarks(group: pd.DataFrame) -> str:
    parts = []
    if Result.Q_VALUE in group and group[Result.Q_VALUE].notna().any():
        parts.append(f"{int((group[Result.Q_VALUE] < 0.05).sum())} with q below 0.05")
    if Result.STATUS in group:
        failed = int((group[Result.STATUS] != OK).sum())
        parts += [f"{failed} not fitted"] if failed else []
    if Result.P_PH in group and (group[Result.P_PH] < 0.05).any():
        parts.append(f"{int((group[Result.P_PH] < 0.05).sum())} with changing hazards (p < 0.05)")
    return "; ".join(parts)


def markdown_table(table: pd.DataFrame) -> str:
    r"""A table in Markdown; bars and line ends in cells are made harmless.

    >>> print(markdown_table(pd.DataFrame({"a": ["x|y"], "b": [1]})))
    | a | b |
    |---|---|
    | x\|y | 1 |
    """

    def cell(value: object) -> str:
        text = "" if value is None or value != value else str(value)  # noqa: PLR0124 - NaN
        return " ".join(text.replace("|", "\\|").split())

    head = [f"| {' | '.join(map(cell, table.columns))} |", "|" + "---|" * len(table.columns)]
    body = [f"| {' | '.join(map(cell, row))} |" for row in table.itertuples(index=False)]
    return "\n".join([*head, *body])
