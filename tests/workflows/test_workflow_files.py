"""The shipped workflows as files: their rules, schemas, profiles and layout."""

import re
import shlex
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from neurosig.study.workflow_config import CONFIGURATIONS, workflow_schema
from neurosig.study.workflows import WORKFLOWS, workflow_folder

RULE = re.compile(r"^rule (\w+):\n((?:    .*\n|\n)+)", flags=re.M)


def rules() -> dict[str, str]:
    """The text of every rule but `all`, by workflow and name."""
    found = {}
    for name in WORKFLOWS:
        for file in sorted((workflow_folder(name) / "workflow").rglob("*.smk")):
            for rule, text in RULE.findall(file.read_text()):
                found[f"{name}/{rule}"] = text
    return found


def test_there_are_the_rules_that_the_workflows_promise():
    steps = {"harmonise", "clinic", "assess", "score", "agreement", "cox", "regress", "pool"}
    assert {name.split("/")[1] for name in rules() if name.startswith("score")} == steps | {
        "report"
    }
    assert len(rules()) == 9 + 6 + 1


@pytest.mark.parametrize("rule", sorted(rules()))
def test_a_rule_is_a_command_with_log_benchmark_resources_and_provenance(rule):
    text = rules()[rule]
    directives = re.findall(r"^    (\w+):", text, flags=re.M)
    needed = {"output", "log", "benchmark", "threads", "resources", "conda", "shell"}
    assert needed <= set(directives)
    assert not {"script", "run", "notebook", "wrapper", "container"} & set(directives)
    shell = text.split("    shell:\n")[1]
    assert re.match(r'\s+"neurosig (harmonise|clinic|assess|score|agreement|cox|regress|meta|'
                    r'report|reproduce|sc summarise) ', shell)  # fmt: skip
    assert shell.rstrip().endswith('> {log:q} 2>&1"')
    output = text.split("    output:\n")[1].split("    log:")[0]
    assert re.search(r"provenance=.*provenance\.json", output)
    assert re.search(r"mem_mb=.+\n\s+runtime=\d+", text)


def test_no_value_reaches_a_shell_unquoted():
    for name, text in rules().items():
        shell = text.split("    shell:\n")[1]
        unquoted = [f for f in re.findall(r"\{([^}]+)\}", shell) if not f.endswith(":q")]
        assert set(unquoted) <= {"threads"}, name


def test_scores_and_models_are_made_by_cohort_and_method_and_never_by_signature():
    for name, text in rules().items():
        wildcards = set(re.findall(r"\{\{?(\w+)\}\}?", text.split("    log:")[1].split("\n")[1]))
        assert wildcards <= {"cohort", "method", "outcome", "dataset", "figure"}, name


@pytest.mark.parametrize("name", WORKFLOWS)
def test_the_schema_is_made_of_the_same_fields_as_our_own_check(name):
    path = workflow_folder(name) / "workflow" / "schemas" / "config.schema.yaml"
    assert yaml.safe_load(path.read_text()) == workflow_schema(name)


@pytest.mark.parametrize("name", WORKFLOWS)
def test_the_shipped_configuration_follows_the_schema(name):
    import jsonschema

    shipped = yaml.safe_load((workflow_folder(name) / "config" / "config.yaml").read_text())
    jsonschema.validate(shipped, workflow_schema(name))


def test_the_schema_refuses_paths_as_ids_and_folders_outside():
    import jsonschema

    config = yaml.safe_load((workflow_folder("score_cohorts") / "config/config.yaml").read_text())
    schema = workflow_schema("score_cohorts")
    for key, value in (("output", "../../x"), ("output", "/etc/x"), ("methods", ["../zscore"])):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(config | {key: value}, schema)
    config["cohorts"][0]["id"] = "a/b"
    with pytest.raises(jsonschema.ValidationError, match="a/b"):
        jsonschema.validate(config, schema)


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_has_the_standard_layout_and_its_profiles(name):
    folder = workflow_folder(name)
    for file in (
        ".snakemake-workflow-catalog.yml", "config/config.yaml", "config/README.md",
        "workflow/Snakefile", "workflow/rules/common.smk", "workflow/report/workflow.rst",
        "workflow/schemas/config.schema.yaml", "workflow/envs/neurosig.yaml",
    ):  # fmt: skip
        assert (folder / file).is_file(), file
    executors = {"default": None, "slurm": "slurm", "kubernetes": "kubernetes"}
    executors["cluster-generic"] = "cluster-generic"
    for profile, executor in executors.items():
        content = yaml.safe_load((folder / "profiles" / profile / "config.yaml").read_text())
        assert content.get("executor") == executor
        assert content["rerun-incomplete"] is True


def test_each_key_of_a_configuration_is_in_its_readme():
    for name, cls in CONFIGURATIONS.items():
        readme = (workflow_folder(name) / "config" / "README.md").read_text()
        for key in cls.__dataclass_fields__:
            assert f"`{key}`" in readme, f"{name}: {key}"


def test_the_files_are_formatted_as_snakefmt_does(workflows_folder):
    pytest.importorskip("snakefmt")
    ended = subprocess.run(
        [sys.executable, "-m", "snakefmt", "--check", str(workflows_folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr


def test_nothing_that_snakemake_writes_can_get_into_a_wheel():
    project = Path(__file__).parents[2] / "pyproject.toml"
    if not project.is_file():
        pytest.skip("there is no source tree")
    import tomllib

    included = tomllib.loads(project.read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    parts = [p for p in included["force-include"] if p.startswith("workflows")]
    wanted = ("config", "profiles", "workflow", ".snakemake-workflow-catalog.yml")
    named = [f"workflows/{name}/{part}" for name in WORKFLOWS for part in wanted]
    assert sorted(parts) == sorted([*named, "workflows/reproduce_figures/expected"])


def test_what_snakemake_takes_for_wildcards_or_the_command_for_signs_reaches_the_command_as_it_is(
    workflow, write_config, cohorts_config, tmp_path
):
    """Braces in texts, quotes in file names, '=' and ':' in columns, options of each regression."""
    config = cohorts_config()
    given = Path(config["signatures"]["files"][0])
    odd = tmp_path / "sig 'n' $a tures.gmt"
    odd.write_text(given.read_text())
    config |= {"title": "T {n}", "signatures": {"files": [odd.name]}, "model": {"firth": "auto"}}
    cohort = config["cohorts"][0]
    cohort["clinical"] |= {
        "keep": {"a=b": ["<=2", 3]},
        "recode": {"size:cm": {"a=1": "x"}},
    }
    cohort["regressions"] = [
        {
            "outcome": "pni",
            "positive": "yes",
            "model": {"intervals": "profile", "firth": False, "order": ["a", "b"]},
        }
    ]
    write_config(tmp_path, config)
    planned = workflow("score_cohorts", tmp_path, "--dry-run")
    assert planned.code == 0, planned.text
    commands = [
        shlex.split(line.partition("neurosig ")[2].partition(" > logs")[0])
        for line in planned.text.splitlines()
        if "neurosig " in line and " > logs/" in line
    ]

    def said(command: str, option: str) -> set[str]:
        pairs = [pair for c in commands if c[0] == command for pair in pairwise(c)]
        return {value for name, value in pairs if name == option}

    assert said("report", "--title") == {"T {n}"}
    assert said("score", "--file") == said("assess", "--file") == {odd.name}
    assert said("clinic", "--keep") == {'{"a=b": ["<=2", 3]}'}
    assert said("clinic", "--recode") == {'{"size:cm": {"a=1": "x"}}'}
    assert said("regress", "--intervals") == {"profile"}
    assert said("regress", "--order") == {"a", "b"}
    assert not said("regress", "--model")
    (regress,) = [c for c in commands if c[0] == "regress"]
    assert "--no-firth" in regress
