"""Check a catalogue folder: its files, their fields, and the rules of `lint_rules`."""

import json
from collections.abc import Container
from pathlib import Path
from typing import Any

from neurosig._yaml import load_yaml
from neurosig.errors import NeurosigError
from neurosig.genesets.catalogue import read_entry
from neurosig.genesets.lint_rules import RULES, Entry, Finding, Snapshot


def lint(folder: Path, approved: Container[str] | None = None) -> tuple[Finding, ...]:
    """Check a catalogue folder.

    A file that cannot be read, or does not fit `schema.json`, is reported as that alone: the other
    rules need its fields.

    Parameters
    ----------
    folder : Path
        Holds `schema.json`, `panels.yaml` and `<category>/<id>.yaml`.
    approved : container of str, optional
        Knows which human gene symbols are approved; without it that is not checked.

    Returns
    -------
    tuple of Finding
        Errors and notes; a catalogue is sound when no finding has the level "error".
    """
    folder = Path(folder)
    findings: list[Finding] = []
    entries = []
    validator = _validator(folder)
    for path in sorted(folder.glob("*/*.yaml")):
        try:
            entry = read_entry(path)
        except NeurosigError as error:
            findings.append(Finding("readable", path.stem, str(error)))
            continue
        problems = sorted(validator.iter_errors(entry), key=lambda problem: list(problem.path))
        findings += [Finding("schema", path.stem, _schema_message(p)) for p in problems]
        if not problems:
            entries.append(Entry(path, entry))
    panel_file, panel_findings = _panel_file(folder)
    findings += panel_findings
    snapshot = Snapshot(tuple(entries), panel_file["panels"], panel_file["themes"], approved)
    for rule in RULES:
        findings += rule(snapshot)
    return tuple(findings)


def _validator(folder: Path) -> Any:
    from jsonschema import Draft202012Validator

    schema = json.loads((folder / "schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def _schema_message(problem: Any) -> str:
    where = ".".join(map(str, problem.absolute_path)) or "the entry"
    return f"{where}: {problem.message:.200}"


def _panel_file(folder: Path) -> tuple[dict[str, Any], list[Finding]]:
    """Read `panels.yaml`; where it is not of its form, a finding and no panels."""
    nothing: dict[str, Any] = {"panels": {}, "themes": {}}
    try:
        content = load_yaml(folder / "panels.yaml")
    except NeurosigError as error:
        return nothing, [Finding("panel_file", "panels.yaml", str(error))]
    if _is_panel_file(content):
        return content, []  # type: ignore[return-value]
    message = "it needs panels: {name: {description, ids}} and themes: {name: [ids]}"
    return nothing, [Finding("panel_file", "panels.yaml", message)]


def _is_panel_file(content: object) -> bool:
    if not isinstance(content, dict):
        return False
    panels, themes = content.get("panels"), content.get("themes")
    if not isinstance(panels, dict) or not isinstance(themes, dict):
        return False
    described = all(
        isinstance(p, dict) and isinstance(p.get("description"), str) for p in panels.values()
    )
    return described and all(
        isinstance(ids, list) and all(isinstance(name, str) for name in ids)
        for ids in [*(p.get("ids") for p in panels.values()), *themes.values()]
    )
