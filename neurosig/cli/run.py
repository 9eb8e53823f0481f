"""`neurosig run`."""

import json
import sys
from pathlib import Path
from typing import Annotated

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
    for name in ("pooled", "cohorts", "regressions"):
        if name in study.tables:
            table = study.tables[name]
            rows = table[(table[Result.TERM] == SCORE_TERM) & table[Result.Q_VALUE].notna()]
            best = rows.sort_values(Result.P_VALUE, kind="stable").head(N_SHOWN)
            sys.stdout.write(f"{name}: {len(rows)} scores tested, smallest p first\n")
            for row in best.to_dict("records"):
                sys.stdout.write(f"  {_line(row)}\n")
            break
    sys.stdout.write(f"report: {study.report}\n")


def _line(row: dict[object, object]) -> str:
    def number(key: str) -> str:
        return f"{row[key]:.3g}"

    text = (
        f"{row[Result.SIGNATURE]}  {row[Result.EFFECT_SCALE]} {number(Result.EFFECT)} "
        f"[{number(Result.EFFECT_LOW)}, {number(Result.EFFECT_HIGH)}]  "
        f"p {number(Result.P_VALUE)}  q {number(Result.Q_VALUE)}"
    )
    if Pooled.EFFECT_COMMON in row:
        text += (
            f"  (common effect {number(Pooled.EFFECT_COMMON)} "
            f"[{number(Pooled.EFFECT_LOW_COMMON)}, {number(Pooled.EFFECT_HIGH_COMMON)}])"
        )
    return f"{text}  {row[Result.MESSAGE]}".rstrip()
