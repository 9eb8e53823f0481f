# What the configuration says, as options of commands and lists of files.
import json
import re
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


def options(mapping, *left_out):
    """A mapping of the configuration as options: lists are repeated, what is empty is left out."""
    words = []
    for key, value in (mapping or {}).items():
        if key in left_out or value is None:
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


def terms(entries):
    """Covariates as --adjust takes them: a column, or all that is said of one."""
    words = []
    for entry in entries or []:
        words += ["--adjust", entry if isinstance(entry, str) else json.dumps(entry)]
    return words


def memory(factor):
    """Megabytes by the size of the inputs, more at each attempt."""
    return lambda wildcards, input, attempt: attempt * max(
        2000, int(factor * input.size_mb)
    )


RESULTS = config.get("output", "results")
COHORTS = by_id(config["cohorts"], "cohorts")
METHODS = {
    method["name"]: method.get("parameters", {})
    for method in [{"name": m} if isinstance(m, str) else m for m in config["methods"]]
}
MAIN = next(iter(METHODS))
CHOICE = config.get("signatures", {"panel": "core"})
SIGNATURE_FILES = CHOICE.get("files", [])
SIGNATURES = options(CHOICE)
IN_COHORT = f"{RESULTS}/cohorts/{{cohort}}"


def clinic_options(cohort):
    """How a clinical table is read, and which rows and levels are taken."""
    clinical = COHORTS[cohort]["clinical"]
    rows = {
        key: [json.dumps({column: chosen}) for column, chosen in clinical[key].items()]
        for key in ("keep", "recode")
        if key in clinical
    }
    return options(clinical, "file", "keep", "recode") + options(rows)


def matrix_options(cohort):
    """Which matrix of a harmonised file is taken, and which observations are not."""
    chosen = {
        key: COHORTS[cohort]["expression"].get(key)
        for key in ("layer", "use_raw", "transform")
    }
    return options(chosen) + options({"exclude": COHORTS[cohort].get("exclude")})


def model_options(model):
    """The options of a model; those that are left to the command are not said."""
    return options({key: value for key, value in model.items() if value != "auto"})


def endpoint_name(cohort):
    """The name of a cohort's survival endpoint; None if it has none."""
    endpoint = COHORTS[cohort].get("endpoint") or {}
    return endpoint.get("name") or endpoint.get("event")


def endpoint_options(endpoint):
    """The options of a survival endpoint; named causes are NAME=VALUE."""
    endpoint = dict(endpoint)
    if isinstance(endpoint.get("causes"), dict):
        endpoint["causes"] = [
            f"{name}={value}" for name, value in endpoint["causes"].items()
        ]
    return options(endpoint)


SURVIVAL = [cohort for cohort in COHORTS if endpoint_name(cohort)]
POOLED_ENDPOINT = config.get("pooling", {}).get("endpoint") or next(
    (name for name, _ in Counter(map(endpoint_name, SURVIVAL)).most_common(1)), None
)
POOLED = [cohort for cohort in SURVIVAL if endpoint_name(cohort) == POOLED_ENDPOINT]


def outcomes(cohort):
    """The outcomes without time of a cohort by a name that a file can have."""
    named = {}
    for outcome in COHORTS[cohort].get("regressions", []):
        name = re.sub(r"[^A-Za-z0-9_.-]+", "-", outcome["outcome"])
        while name in named:
            name += "-2"
        named[name] = outcome
    return named


def reported(wildcards):
    """The tables of the report, those of the main method first."""
    tables = []
    for method in METHODS:
        tables += [f"{RESULTS}/cohorts/{c}/{method}.scores.csv" for c in COHORTS]
        tables += [f"{RESULTS}/cohorts/{c}/{method}.survival.csv" for c in SURVIVAL]
        tables += [
            f"{RESULTS}/cohorts/{c}/{method}.regression.{outcome}.csv"
            for c in COHORTS
            for outcome in outcomes(c)
        ]
        if len(POOLED) > 1:
            tables.append(f"{RESULTS}/pooled/{method}.csv")
    tables += [f"{RESULTS}/cohorts/{c}/assessment.csv" for c in COHORTS]
    if len(METHODS) > 1:
        tables += [f"{RESULTS}/cohorts/{c}/agreement.csv" for c in COHORTS]
    return tables


wildcard_constraints:
    cohort=r"[A-Za-z0-9][A-Za-z0-9_.-]*",
    method=r"[A-Za-z0-9][A-Za-z0-9_-]*",
    outcome=r"[A-Za-z0-9_.-]+",
