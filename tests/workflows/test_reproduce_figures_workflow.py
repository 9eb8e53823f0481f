"""`neurosig workflow run reproduce_figures` up to its jobs, which are those of the command."""

import subprocess
import sys

import pytest

pytest.importorskip("snakemake")
pytestmark = pytest.mark.workflow


def test_there_is_a_job_for_each_figure_that_the_command_lists(workflow, write_config, tmp_path):
    listed = subprocess.run(
        [sys.executable, "-m", "neurosig", "reproduce", "--list"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    write_config(tmp_path, {"figures": "all"})
    planned = workflow("reproduce_figures", tmp_path, "--dry-run")
    assert planned.code == 0, planned.text
    assert planned.jobs == {"reproduce": len(listed)}
    for figure in listed:
        assert f"neurosig reproduce {figure} --output results/{figure}" in planned.text


def test_a_figure_that_is_not_known_is_refused_and_named(workflow, write_config, tmp_path):
    write_config(tmp_path, {"figures": ["nothing"]})
    refused = workflow("reproduce_figures", tmp_path, "--dry-run")
    assert refused.code == 1
    assert "figures: 'nothing' is not known" in refused.text
