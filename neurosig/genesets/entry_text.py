"""A catalogue entry as YAML: always the same bytes for the same entry."""

import re
from collections.abc import Mapping
from typing import Any, Final

import yaml

IN_BRACKETS: Final = (
    "genes",
    "genes_up",
    "genes_down",
    "controls",
    "dropped_symbols",
    "non_protein_coding",
    "cancer_context",
)
"""Fields whose lists are written on as few lines as they need."""

# Numbers to YAML 1.2 but text to the dumper, which knows 1.1; without quotes they would change.
_NUMBER_OF_1_2 = re.compile(r"[-+]?[0-9.]+[eE][-+]?[0-9]+|0o[0-7]+")


class _FlowList(list[str]):
    """A list written in brackets."""


class _EntryDumper(yaml.SafeDumper):
    """The safe dumper with gene lists in brackets and texts that every reader takes for text."""

    def represent_flow_list(self, genes: _FlowList) -> yaml.Node:
        """Write a list in brackets."""
        return self.represent_sequence("tag:yaml.org,2002:seq", genes, flow_style=True)

    def represent_text(self, text: str) -> yaml.Node:
        """Quote what looks like a number."""
        style = "'" if _NUMBER_OF_1_2.fullmatch(text) else None
        return self.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_EntryDumper.add_representer(_FlowList, _EntryDumper.represent_flow_list)
_EntryDumper.add_representer(str, _EntryDumper.represent_text)


def text_of(entry: Mapping[str, Any]) -> str:
    """Write an entry as YAML, its fields in the order given.

    >>> print(text_of({"id": "PAIN", "genes": ["NGF", "TRPV1"]}), end="")
    id: PAIN
    genes: [NGF, TRPV1]
    """
    fields = {
        name: _FlowList(value) if name in IN_BRACKETS else value for name, value in entry.items()
    }
    return yaml.dump(
        fields, Dumper=_EntryDumper, sort_keys=False, width=100, allow_unicode=True, indent=2
    )
