"""The program `neurosig`: finds the command, shows errors in plain words, sets exit codes.

Only the module of the command asked for is imported, so that help and usage errors are quick.
"""

import importlib
import signal
import sys
import warnings
from typing import Any

import typer

from neurosig.errors import NeurosigError, NeurosigWarning

COMMANDS = {
    "demo": "Run the demonstration study on three breast-cancer cohorts.",
    "run": "Run a study: score, model, pool, draw and report.",
    "harmonise": "Name the genes of a matrix as signatures do.",
    "clinic": "Clean a clinical table and choose its rows.",
    "score": "Score signatures over an expression matrix.",
    "assess": "Judge signatures in a matrix: ok, caution or refuse.",
    "agreement": "Compare the scores of several methods.",
    "cox": "Hazard ratio of each score.",
    "km": "Kaplan-Meier curves of a score's groups.",
    "regress": "Effect of each score on a clinical column.",
    "compare": "Compare each score between groups.",
    "correlate": "Correlation of each score with clinical numbers.",
    "interplay": "Interaction of two scores in their effect on an outcome.",
    "mediation": "How much of a score's effect runs through another score.",
    "meta": "Pool results over cohorts.",
    "train": "Fit a model in one cohort and save it frozen.",
    "validate": "Judge a frozen model in another cohort.",
    "power": "Power, sample size or detectable effect of a planned model.",
    "sc": "Summarise scores of single cells.",
    "signatures": "List, show, check and export the catalogue of signatures.",
    "methods": "List the scoring methods.",
    "data": "Fetch the home cohorts and say where they are.",
    "report": "Build the report of a run folder again, or one of tables.",
    "workflow": "Run a Snakemake workflow: many cohorts, single cells, figures.",
    "reproduce": "Draw recorded figures again and compare their numbers.",
    "provenance": "Show who made a file.",
    "verify": "Check that the files of a run are those that were written.",
    "doctor": "Say what is wrong with this installation, if anything.",
}
DEBUG = "--debug"


def main(arguments: list[str] | None = None) -> None:
    """Run the program; ends with the exit code of what went wrong, if anything did."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    own = given[: given.index("--")] if "--" in given else given  # the rest is another program's
    is_debugging = DEBUG in own
    given = [a for a in own if a != DEBUG] + given[len(own) :]
    signal.signal(signal.SIGTERM, _leave)
    warnings.showwarning = _show_warning
    try:
        build_app(given)(args=given, prog_name="neurosig")
    except NeurosigError as error:
        if is_debugging:
            raise
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        raise SystemExit(error.exit_code) from None


def build_app(arguments: list[str]) -> typer.Typer:
    """The program with its commands; only the one asked for has its options."""
    app = typer.Typer(
        name="neurosig",
        help="Gene-signature scores, linked to clinical outcomes with honest statistics.",
        epilog=f"{DEBUG} anywhere shows the full traceback of an error.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.callback()(_version)
    asked = next((a for a in arguments if not a.startswith("-")), None)
    for name, text in COMMANDS.items():
        if name != asked:
            app.command(name, help=text)(_not_asked_for)
            continue
        module: Any = importlib.import_module(f"neurosig.cli.{name}")
        if hasattr(module, "app"):
            app.add_typer(module.app, name=name, help=text)
        else:
            app.command(name)(module.command)
    return app


def _show_version(is_asked: bool) -> None:
    if is_asked:
        from importlib import metadata

        try:
            typer.echo(metadata.version("neurosig"))
        except metadata.PackageNotFoundError:
            typer.echo("unknown: neurosig runs from a folder in which it is not installed")
        raise typer.Exit


def _version(
    *,
    version: bool = typer.Option(
        False,
        "--version",
        help="Show the version and leave.",
        callback=_show_version,
        is_eager=True,
    ),
) -> None:
    """Take the options that stand before the command."""


def _not_asked_for() -> None:
    """Stand in for a command that was not asked for."""


def _leave(*_: object) -> None:
    raise SystemExit(128 + signal.SIGTERM)


def _show_warning(message: Any, category: type[Warning], *_: object, **__: object) -> None:
    if issubclass(category, NeurosigWarning):
        sys.stderr.write(f"{category.__name__}: {message}\n")
