"""`neurosig methods`."""

import json
import sys
from typing import Annotated

import typer

from neurosig import _params
from neurosig.methods.registry import available_methods, get_method, registered


def command(
    name: Annotated[str | None, typer.Argument(help="a method, for its formula")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="as JSON")] = False,
) -> None:
    """List the scoring methods, or show one with its formula and parameters."""
    if name is not None:
        get_method(name)
    if as_json:
        table = {
            method: {
                "title": cls.spec.title,
                "doi": cls.spec.doi,
                "scope": cls.spec.scope,
                "scale": cls.spec.scale,
                "revision": cls.spec.revision,
                "parameters": _params.json_schema(cls),
            }
            for method, cls in registered().items()
            if name in (None, method)
        }
        sys.stdout.write(json.dumps(table, indent=2) + "\n")
    elif name is not None:
        import inspect

        sys.stdout.write(inspect.getdoc(type(get_method(name))) or "")
        sys.stdout.write("\n")
    else:
        for method, row in available_methods().iterrows():
            sys.stdout.write(f"{method:<12} {row['scope']:<7} {row['title']}\n")
            sys.stdout.write(f"{'':<12} parameters: {row['parameters']}\n")
