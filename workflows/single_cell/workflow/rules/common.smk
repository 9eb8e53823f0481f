# What the configuration says, as options of commands and lists of files.
import json
from collections import Counter

from snakemake.exceptions import WorkflowError
from snakemake.utils import validate

validate(config, "../schemas/config.schema.yaml")


def by_id(entries, key):
    """Entries by their id, each of which has to be given once."""
    counts = Counter(entry["id"] for entry in entries)
    repeated = [name for name, n in counts.items() if n > 1]
    if repeated or not counts:
        raise WorkflowError(
            f"{key} needs entries with different ids; repeated: {repeated}"
        )
    return {entry["id"]: entry for entry in entries}


def options(mapping, *chosen):
    """A mapping of the configuration as options: lists are repeated, what is empty is left out."""
    words = []
    for key, value in (mapping or {}).items():
        if value is None or (chosen and key not in chosen):
            continue
        name = (
            key.removesuffix("s") if isinstance(value, list) else key.rstrip("_")
        ).replace("_", "-")
        if isinstance(value, bool):
            words.append(f"--{name}" if value else f"--no-{name}")
        else:
            for one in value if isinstance(value, list) else [value]:
                words += [f"--{name}", str(one)]
    return words


def memory(factor):
    """Megabytes by the size of the inputs, more at each attempt."""
    return lambda wildcards, input, attempt: attempt * max(
        2000, int(factor * input.size_mb)
    )


RESULTS = config.get("output", "results")
DATASETS = by_id(config["datasets"], "datasets")
METHODS = {
    method["name"]: method.get("parameters", {})
    for method in [{"name": m} if isinstance(m, str) else m for m in config["methods"]]
}
CHOICE = config.get("signatures", {"panel": "core"})
SIGNATURE_FILES = CHOICE.get("files", [])
SIGNATURES = options(CHOICE)
IN_DATASET = f"{RESULTS}/{{dataset}}"


def reported(wildcards):
    """The tables of a data set's report, those of the main method first."""
    tables = [
        f"{IN_DATASET}/{method}.{kind}.csv"
        for method in METHODS
        for kind in ("scores", "cells")
    ]
    if len(METHODS) > 1:
        tables.append(f"{IN_DATASET}/agreement.csv")
    return [*tables, f"{IN_DATASET}/assessment.csv"]


wildcard_constraints:
    dataset=r"[A-Za-z0-9][A-Za-z0-9_.-]*",
    method=r"[A-Za-z0-9][A-Za-z0-9_-]*",
