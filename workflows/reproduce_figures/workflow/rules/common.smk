# Which figures are drawn, and where.
import subprocess

from snakemake.exceptions import WorkflowError
from snakemake.utils import validate

validate(config, "../schemas/config.schema.yaml")


def known_figures():
    """The ids of the figures, as the command lists them."""
    listed = subprocess.run(
        ["neurosig", "reproduce", "--list"], capture_output=True, text=True, check=False
    )
    if listed.returncode:
        raise WorkflowError(f"neurosig reproduce --list: {listed.stderr.strip()}")
    return listed.stdout.split()


def chosen_figures(figures):
    """The figures of the configuration, each of which has to be known."""
    known = known_figures()
    if figures == "all":
        return known
    unknown = [name for name in figures if name not in known]
    if unknown:
        raise WorkflowError(
            f"figures: {unknown[0]!r} is not known; there are {', '.join(known)}"
        )
    return figures


RESULTS = config.get("output", "results")
FIGURES = chosen_figures(config.get("figures", "all"))


wildcard_constraints:
    figure=r"[A-Za-z0-9][A-Za-z0-9_.-]*",
