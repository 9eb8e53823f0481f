"""`neurosig demo`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from neurosig._bundled import bundled
from neurosig.cli.run import report_on
from neurosig.study.pipeline import run


def demo_config() -> Path:
    """The shipped configuration of the demonstration study."""
    return bundled("workflows") / "score_cohorts" / "config" / "demo.yaml"


def command(
    output: Annotated[Path, typer.Option(help="folder of the results")] = Path("neurosig-demo"),
    config: Annotated[
        bool, typer.Option("--config", help="print the configuration and leave")
    ] = False,
) -> None:
    """Run the demonstration study on three breast-cancer cohorts.

    It is `neurosig run` with a shipped configuration; --config prints that, to start your own from.
    """
    if config:
        sys.stdout.write(demo_config().read_text(encoding="utf-8"))
        return
    report_on(run(demo_config(), output=output))
