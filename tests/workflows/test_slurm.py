"""A real SLURM of one node, set up and taken down by slurm/single_node.sh: no mock."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

pytest.importorskip("snakemake_executor_plugin_slurm")
pytest.importorskip("snakemake_executor_plugin_cluster_generic")
pytestmark = [pytest.mark.workflow, pytest.mark.slow]

SCRIPT = Path(__file__).parent / "slurm" / "single_node.sh"
CANNOT = 77
# What is different in a cluster of one node without accounts, as the profiles say.
WITHOUT_ACCOUNTS = ("--slurm-no-account", "--slurm-status-command", "squeue")
QUICKLY = ("--slurm-init-seconds-before-status-checks", "2", "--seconds-between-status-checks", "1")


@pytest.fixture
def slurm():
    """The SLURM while a test runs; skips with the reason where there can be none."""
    up = subprocess.run(["bash", str(SCRIPT), "up"], capture_output=True, text=True, check=False)
    if up.returncode == CANNOT:
        pytest.skip(up.stderr.strip())
    assert up.returncode == 0, up.stderr
    yield
    down = subprocess.run(
        ["bash", str(SCRIPT), "down"], capture_output=True, text=True, check=False
    )
    assert down.returncode == 0, down.stderr
    assert not Path("/etc/slurm/slurm.conf").exists()


def states_of(jobs: list[str]) -> dict[str, str]:
    """The state of jobs as the controller of SLURM has them."""
    states = {}
    for job in jobs:
        shown = subprocess.run(
            ["scontrol", "show", "job", job], capture_output=True, text=True, check=True
        )
        found = re.search(r"JobState=(\w+)", shown.stdout)
        states[job] = found[1] if found else ""
    return states


def test_the_profiles_for_clusters_run_each_job_by_slurm(
    slurm, workflow, cohorts_config, write_config, tmp_path
):
    """First by the profile slurm, then by the submit command of the profile cluster-generic."""
    write_config(tmp_path, cohorts_config())
    target = "results/cohorts/alpha/zscore.scores.csv"  # harmonise, clinic, score
    ran = workflow(
        "score_cohorts", tmp_path, *WITHOUT_ACCOUNTS, *QUICKLY, "--latency-wait", "10", target,
        profile="slurm",
    )  # fmt: skip
    assert ran.code == 0, ran.text
    assert ran.jobs == {"harmonise": 1, "clinic": 1, "score": 1}
    jobs = re.findall(r"SLURM jobid (\d+)", ran.text)
    assert len(set(jobs)) == 3
    assert (tmp_path / target).is_file()

    target = "results/cohorts/beta/clinic.csv"
    ran = workflow(
        "score_cohorts", tmp_path, "--latency-wait", "10", target, profile="cluster-generic"
    )
    assert ran.code == 0, ran.text
    (generic,) = re.findall(r"external jobid '(\d+)'", ran.text)
    assert (tmp_path / target).is_file()
    assert [p.name for p in (tmp_path / "logs/cluster").iterdir()] == [f"clinic-{generic}.log"]

    sys.stdout.write(f"jobs of SLURM: {[*jobs, generic]}\n")  # seen with -rP
    assert states_of([*jobs, generic]) == dict.fromkeys([*jobs, generic], "COMPLETED")


def test_the_profiles_name_what_the_tests_give_for_a_cluster_without_accounts(workflows_folder):
    text = (workflows_folder / "score_cohorts/profiles/slurm/config.yaml").read_text()
    named = yaml.safe_load(text.replace("# slurm-", "slurm-"))
    assert named["slurm-no-account"] is True
    assert named["slurm-status-command"] == "squeue"
