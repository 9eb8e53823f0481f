"""`neurosig run`."""

import json
import sys
from collections.abc import Hashable
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer

from neurosig.errors import ParameterError
from neurosig.keys import SCORE_TERM, Pooled, Result
from neurosig.study.config import config_schema
from neurosig.study.pipeline import StudyRun, run

N_SHOWN = 5


def command(
    config: Annotated[Path | None, typer.Argument(help="YAML configuration of the study")] = None,
    output: Annotated[
        Path | None, typer.Option(help="folder of the results instead of the configuration's")
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="folder that relative data files start from")
    ] = None,
    schema: Annotated[
        bool, typer.Option("--schema", help="print the JSON schema of a configuration and leave")
    ] = False,
) -> None:
    """Run a study: score, model, pool, draw and report.

    Writes tables, figures, report.html and provenance to the folder; an earlier run there is
    replaced when the new one is complete.
    """
    if schema:
        sys.stdout.write(json.dumps(config_schema(), indent=2) + "\n")
        return
    if config is None:
        raise ParameterError(
            "There is no configuration", "neurosig run was given no file", "neurosig run CONFIG"
        )
    report_on(run(config, output=output, data=data))


def report_on(study: StudyRun) -> None:
    """Say what a run found and where it is."""
    for notice in study.notices:
        sys.stderr.write(f"note: {notice}\n")
    if study.is_exploratory:
        sys.stdout.write("exploratory: nothing below confirms anything\n")
    survival = "pooled" if "pooled" in study.tables else "cohorts"
    for name in (survival, "regressions"):
        if name in study.tables:
            _summarise(name, study.tables[name])
    sys.stdout.write(f"report: {study.report}\n")


def _summarise(name: str, table: pd.DataFrame) -> None:
    rows = table[(table[Result.TERM] == SCORE_TERM) & table[Result.Q_VALUE].notna()]
    by = [Result.Q_VALUE, Result.P_VALUE]
    best = rows.sort_values(by, kind="stable").head(N_SHOWN)
    sys.stdout.write(f"{name}: {len(rows)} scores tested, smallest q first\n")
    for row in best.to_dict("records"):
        sys.stdout.write(f"  {_line(row)}\n")


def _line(row: dict[Hashable, Any]) -> str:
    text = f"{row[Result.SIGNATURE]}  {row[Result.EFFECT_SCALE]} "
    text += _effect(row, Result.EFFECT, Result.EFFECT_LOW, Result.EFFECT_HIGH)
    text += f"  p {row[Result.P_VALUE]:.3g}  q {row[Result.Q_VALUE]:.3g}"
    if Pooled.EFFECT_COMMON in row:
        common = (Pooled.EFFECT_COMMON, Pooled.EFFECT_LOW_COMMON, Pooled.EFFECT_HIGH_COMMON)
        text += f"  (wider interval [{row[Pooled.EFFECT_LOW_WIDER]:.3g}, "
        text += f"{row[Pooled.EFFECT_HIGH_WIDER]:.3g}], p {row[Pooled.P_VALUE_WIDER]:.3g}; "
        text += f"common effect {_effect(row, *common)})"
    return f"{text}  {row[Result.MESSAGE]}".rstrip()


def _effect(row: dict[Hashable, Any], effect: str, low: str, high: str) -> str:
    return f"{row[effect]:.3g} [{row[low]:.3g}, {row[high]:.3g}]"
