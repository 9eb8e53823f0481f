"""The command line: one file per command."""

from neurosig.cli.app import main

__all__ = ["main"]
