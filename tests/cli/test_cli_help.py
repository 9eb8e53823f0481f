"""Help, version and what starting the program costs."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from importlib import metadata
from typing import Any

import pytest

from neurosig import _params
from neurosig.assessment.quality import AssessOptions
from neurosig.assessment.rules import QualityThresholds
from neurosig.cli._options import _flags
from neurosig.cli._outcome import OutcomeChoice
from neurosig.cli.app import COMMANDS
from neurosig.harmonisation.verb import HarmoniseOptions
from neurosig.outcomes.clinic.endpoint import Endpoint
from neurosig.outcomes.cox.options import CoxModel
from neurosig.outcomes.curves.rank_weights import RankWeights
from neurosig.outcomes.interplay.bootstrap import Bootstrap
from neurosig.study.config import (
    ClinicalReading,
    ExpressionReading,
    SignatureChoice,
    TableReading,
)

Run = Callable[..., Any]
GROUPS: dict[str, tuple[type, ...]] = {
    "harmonise": (TableReading, HarmoniseOptions),
    "score": (ExpressionReading, SignatureChoice),
    "assess": (ExpressionReading, SignatureChoice, AssessOptions, QualityThresholds),
    "cox": (ClinicalReading, Endpoint, CoxModel),
    "km": (ClinicalReading, Endpoint, RankWeights),
    "regress": (ClinicalReading,),
    "train": (ClinicalReading, Endpoint),
    "validate": (ClinicalReading, Endpoint),
    "interplay": (ClinicalReading, OutcomeChoice),
    "mediation": (ClinicalReading, OutcomeChoice, Bootstrap),
    "sc summarise": (SignatureChoice,),
    "signatures export": (SignatureChoice,),
    "signatures coverage": (ExpressionReading, SignatureChoice),
}
WIDE = {"COLUMNS": "200", "TERM": "dumb", "NO_COLOR": "1"}


@pytest.fixture(autouse=True)
def _wide(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in WIDE.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize(
    ("command", "parameter"),
    [
        pytest.param(command, parameter, id=f"{command} {parameter.name}")
        for command, groups in GROUPS.items()
        for group in groups
        for parameter in _params.describe(group)
    ],
)
def test_every_field_is_an_option_with_its_help(
    neurosig: Run, command: str, parameter: _params.Parameter
) -> None:
    text = " ".join(neurosig(*command.split(), "--help").out.split())
    is_list = "list of" in parameter.type_text
    name = parameter.name.removesuffix("s") if is_list else parameter.name.rstrip("_")
    assert re.search(rf"--{name.replace('_', '-')}\b", text)
    assert parameter.help in text
    for choice in parameter.choices or ():
        assert str(choice) in text


def test_no_two_fields_of_a_command_are_the_same_option() -> None:
    for groups in GROUPS.values():
        flags = [
            _flags(p, str, is_list="list of" in p.type_text)
            for group in groups
            for p in _params.describe(group)
        ]
        assert len(flags) == len(set(flags))


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(neurosig: Run, command: str) -> None:
    ended = neurosig(command, "--help")
    assert ended.code == 0
    assert "Usage: neurosig " + command in ended.out


def test_the_help_lists_every_command_and_names_debug(neurosig: Run) -> None:
    ended = neurosig("--help")
    assert ended.code == 0
    for name, text in COMMANDS.items():
        assert re.search(rf"^\s+{name}\s+{re.escape(text)}", ended.out, re.MULTILINE)
    assert "--debug" in ended.out


def test_the_help_text_of_a_command_is_the_one_in_the_list(neurosig: Run) -> None:
    for name in COMMANDS:
        assert neurosig(name, "--help").out.split("\n\n")[1].strip()


def test_the_version_is_that_of_the_installed_package(program: Run) -> None:
    ended = program("--version")
    assert ended.code == 0
    try:
        assert ended.out.strip() == metadata.version("neurosig")
    except metadata.PackageNotFoundError:
        assert ended.out.startswith("unknown")


STATE = """
import json, logging, sys, warnings
state = lambda: [
    [str(f) for f in warnings.filters], repr(warnings.showwarning),
    len(logging.getLogger().handlers), logging.getLogger().level,
]
was = state()
{action}
heavy = ("pandas", "numpy", "anndata", "numba", "scanpy", "matplotlib", "scipy", "statsmodels")
print(json.dumps([state() == was, [name for name in heavy if name in sys.modules]]))
"""
HELP = """
import io, contextlib
from neurosig.cli import main
with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
    main(["--help"])
"""


def _in_a_fresh_process(code: str) -> Any:
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def test_importing_the_package_is_light_and_changes_no_global_state() -> None:
    same, heavy = _in_a_fresh_process(STATE.format(action="import neurosig"))
    assert same
    assert heavy == []


def test_help_loads_no_heavy_library() -> None:
    _, heavy = _in_a_fresh_process(STATE.format(action=HELP))
    assert heavy == []


EVERY_MODULE = """
import importlib, json, pkgutil, sys, warnings
import matplotlib, logging, pandas, numpy, numba, anndata, scipy.stats, statsmodels.api
import neurosig

state = lambda: [
    [str(f) for f in warnings.filters], dict(matplotlib.rcParams), numpy.geterr(),
    logging.getLogger().handlers, pandas.get_option("display.max_rows"),
]
was, public = state(), {name: getattr(neurosig, name) for name in neurosig.__all__}
for module in pkgutil.walk_packages(neurosig.__path__, "neurosig."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
changed = [name for name, value in public.items() if getattr(neurosig, name) is not value]
print(json.dumps([state() == was, changed, sorted(set(dir(neurosig)) ^ set(public))]))
"""


def test_public_names_stay_what_they_are_when_every_module_is_imported() -> None:
    same, changed, differing = _in_a_fresh_process(EVERY_MODULE)
    assert same  # no module changes filters, matplotlib, numpy, logging or pandas
    assert changed == []
    assert differing == []


IMPORT_FIRST = """
import importlib, json, pkgutil
import neurosig
for module in pkgutil.walk_packages(neurosig.__path__, "neurosig."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
kinds = {name: type(getattr(neurosig, name)).__name__ for name in neurosig.__all__}
print(json.dumps(kinds))
"""


def test_no_module_takes_the_name_of_a_public_function() -> None:
    kinds = _in_a_fresh_process(IMPORT_FIRST)
    modules = {name for name, kind in kinds.items() if kind == "module"}
    assert modules == {"errors", "methods", "pl", "sc", "tl"}


def test_every_public_name_has_a_docstring() -> None:
    import neurosig as ns

    for name in ns.__all__:
        assert (getattr(ns, name).__doc__ or "").strip(), name
    with pytest.raises(AttributeError, match="no attribute 'scores_of'"):
        _ = ns.scores_of  # type: ignore[attr-defined]
