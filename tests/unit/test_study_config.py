"""Study configurations: what is wrong is refused before any data are read, and the key is named."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import neurosig as ns
from neurosig.cli.demo import demo_config
from neurosig.errors import (
    InputError,
    ParameterError,
    ResourceError,
    UnknownMethodError,
    UnknownSignatureError,
)
from neurosig.study.config import config_schema, read_config, study_of

Config = dict[str, Any]
COHORT = """\
  - id: alpha
    dataset: gse4335
    endpoint: {time: OS.time, event: OS, unit: months}
"""
MINIMAL = f"title: x\ncohorts:\n{COHORT}"


@pytest.fixture
def minimal() -> Config:
    endpoint = {"time": "OS.time", "event": "OS", "unit": "months"}
    return {"title": "x", "cohorts": [{"id": "alpha", "dataset": "gse4335", "endpoint": endpoint}]}


def _read(tmp_path: Path, text: str) -> Any:
    path = tmp_path / "study.yaml"
    path.write_text(text, encoding="utf-8")
    return read_config(path)


def test_a_minimal_configuration_has_the_documented_defaults(minimal: Config) -> None:
    config = study_of(minimal).config
    assert config.signatures.panel == "core"
    assert config.scoring.method == "zscore"
    assert config.scoring.min_coverage == 0.5
    assert (config.pooling.method, config.pooling.knha) == ("REML", True)
    assert config.model.ties == "efron"


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("titel",), "x", r"Unknown key 'titel' in the configuration.*Did you mean 'title'\?"),
        (("cohorts", 0, "endpoint", "tme"), "x", r"'tme' in cohorts\[0\]\.endpoint.*'time'"),
        (("cohorts", 0, "adjust"), "age", r"cohorts\[0\]\.adjust cannot be 'age' \(str\)"),
        (("cohorts", 0, "adjust"), [1], r"cohorts\[0\]\.adjust cannot be \(1,\)"),
        (("cohorts",), {"id": "x"}, r"cohorts cannot be"),
        (("cohorts",), [], r"needs cohorts.*Add one under 'cohorts:'"),
        (("scoring",), {"min_coverage": 2}, r"scoring\.min_coverage cannot be 2 .*at most 1"),
        (("scoring",), {"min_coverage": "half"}, r"scoring\.min_coverage cannot be 'half'"),
        (("scoring",), {"min_genes": 0}, r"scoring\.min_genes cannot be 0"),
        (("scoring",), ["zscore"], r"scoring cannot be"),
        (("pooling",), {"method": "reml"}, r"pooling\.method cannot be 'reml'.*'REML'"),
        (("pooling",), {"knha": "yes"}, r"pooling\.knha cannot be 'yes' \(str\).*true or false"),
        (("exploratory",), 1, r"exploratory cannot be 1 \(int\)"),
        (("model",), {"ties": "exact"}, r"model\.ties cannot be 'exact'"),
        (("cohorts", 0, "endpoint", "unit"), "day", r"endpoint\.unit cannot be 'day'.*'days'"),
        (("cohorts", 0, "clinical"), {"keep": {"grade": "1"}}, r"clinical\.keep cannot be"),
        (("cohorts", 0, "clinical"), {"recode": {"grade": ["1"]}}, r"clinical\.recode cannot be"),
        (("cohorts", 0, "adjust"), [{"column": "age", "transform": "exp"}],
         r"cohorts\[0\]\.adjust\[0\]\.transform cannot be 'exp'"),
        (("cohorts", 0, "adjust"), [{"kind": "numeric"}], r"'cohorts\[0\]\.adjust\[0\]\.column'"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_refused_and_its_key_is_named(
    minimal: Config, path: tuple[Any, ...], value: object, message: str
) -> None:
    place: Any = minimal
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    with pytest.raises(ParameterError, match=message):
        study_of(minimal)


@pytest.mark.parametrize(
    ("missing", "message"),
    [("title", "The key 'title' is missing"), ("cohorts", "The key 'cohorts' is missing")],
)
def test_a_missing_key_is_named(minimal: Config, missing: str, message: str) -> None:
    del minimal[missing]
    with pytest.raises(ParameterError, match=message):
        study_of(minimal)


def test_a_missing_key_of_a_cohort_is_named_with_its_place(minimal: Config) -> None:
    del minimal["cohorts"][0]["endpoint"]["event"]
    with pytest.raises(ParameterError, match=r"'cohorts\[0\]\.endpoint\.event' is missing"):
        study_of(minimal)


@pytest.mark.parametrize("name", ["../../x", "a/b", "a\\b", "", ".hidden", "a b", "a\n", "ä", 7])
def test_bad_input_row_60_a_cohort_id_that_is_a_path_is_refused(
    minimal: Config, name: object
) -> None:
    minimal["cohorts"][0]["id"] = name
    with pytest.raises(ParameterError, match=r"cohorts\[0\]\.id cannot be"):
        study_of(minimal)


def test_bad_input_row_61_a_repeated_key_is_refused_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="line 6: the key 'title' is there already, in line 1"):
        _read(tmp_path, MINIMAL + "title: y\n")


def test_bad_input_row_61_yaml_words_and_numbers_have_one_meaning(tmp_path: Path) -> None:
    # "no" is the text of a level, as in YAML 1.2, and 1e-1 is a number
    text = MINIMAL + "    clinical: {missing: [no, off]}\nscoring: {min_coverage: 1e-1}\n"
    config = _read(tmp_path, text).config
    assert config.cohorts[0].clinical.missing == ("no", "off")
    assert config.scoring.min_coverage == 0.1
    with pytest.raises(ParameterError, match=r"clinical\.missing cannot be \(1000\.0,\)"):
        _read(tmp_path, MINIMAL + "    clinical: {missing: [1e3]}\n")
    with pytest.raises(ParameterError, match=r"exploratory cannot be 'no' \(str\)"):
        _read(tmp_path, MINIMAL + "exploratory: no\n")


def test_an_alias_bomb_is_refused_at_its_first_anchor(tmp_path: Path) -> None:
    bomb = "a: &a [x, x]\n" + "".join(f"{n}: &{n} [*{p}, *{p}]\n" for p, n in ("ab", "bc", "cd"))
    with pytest.raises(InputError, match="line 1: anchors"):
        _read(tmp_path, bomb + MINIMAL)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("# nothing but a comment\n", "has to be a mapping"),
        ("- a\n- b\n", "has to be a mapping"),
        ("title: [unclosed\n", "study.yaml, line"),
        ("title: !!python/object:os.system x\n", "tag"),
        ("title: x\n---\ntitle: y\n", "second document"),
        ("x" * (2**20 + 1), r"1,048,57|larger"),
    ],
)
def test_a_file_that_is_no_configuration_is_refused(
    tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises((InputError, ParameterError, ResourceError), match=message):
        _read(tmp_path, text)


def test_a_configuration_that_is_not_utf8_is_refused_in_plain_words(tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    path.write_bytes(MINIMAL.replace("title: x", "title: Säure").encode("latin-1"))
    with pytest.raises(InputError, match=r"UTF-8|utf-8"):
        read_config(path)


def test_a_configuration_that_is_not_there_is_a_resource_error(tmp_path: Path) -> None:
    with pytest.raises(ResourceError, match=r"absent\.yaml"):
        read_config(tmp_path / "absent.yaml")


@pytest.mark.parametrize("extra", [{"expression": {"file": "x.csv"}, "clinical": {"file": "y"}}])
def test_a_dataset_and_files_are_refused(minimal: Config, extra: Config) -> None:
    minimal["cohorts"][0] |= extra
    with pytest.raises(ParameterError, match=r"'alpha' needs a dataset, or both expression\.file"):
        study_of(minimal)


@pytest.mark.parametrize("part", ["expression", "clinical"])
def test_a_dataset_and_one_file_are_refused(minimal: Config, part: str) -> None:
    minimal["cohorts"][0][part] = {"file": "x.csv"}
    with pytest.raises(ParameterError, match=r"'alpha' needs a dataset, or both expression\.file"):
        study_of(minimal)


def test_one_file_alone_is_refused(minimal: Config) -> None:
    del minimal["cohorts"][0]["dataset"]
    minimal["cohorts"][0]["expression"] = {"file": "x.csv"}
    with pytest.raises(ParameterError, match="needs a dataset, or both"):
        study_of(minimal)


def test_a_cohort_without_anything_to_explain_is_refused(minimal: Config) -> None:
    del minimal["cohorts"][0]["endpoint"]
    with pytest.raises(ParameterError, match="neither an endpoint nor regressions"):
        study_of(minimal)


@pytest.mark.parametrize("other", ["alpha", "Alpha"])
def test_two_cohorts_of_one_name_are_refused_whatever_the_case(minimal: Config, other: str) -> None:
    minimal["cohorts"].append(minimal["cohorts"][0] | {"id": other})
    with pytest.raises(ParameterError, match="cohorts with different ids"):
        study_of(minimal)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"signatures": {"panel": "cor"}}, UnknownSignatureError, "'cor'.*'?core"),
        ({"signatures": {"ids": ["NO.SUCH"]}}, UnknownSignatureError, "NO.SUCH"),
        ({"signatures": {"category": "axxon"}}, UnknownSignatureError, "axon"),
        ({"signatures": {"files": ["x.xlsx"]}}, InputError, r"x\.xlsx.*\.gmt.*\.gmx.*\.csv"),
        ({"scoring": {"method": "zscor"}}, UnknownMethodError, r"zscor.*Did you mean 'zscore'\?"),
        ({"scoring": {"sensitivity": ["gsvaa"]}}, UnknownMethodError, "gsvaa"),
        ({"scoring": {"method": "ssgsea", "parameters": {"alpah": 1}}}, ParameterError, "'alpha'"),
        ({"figures": {"signatures": ["AXONS"]}}, UnknownSignatureError, "AXONS.*figures"),
        ({"pooling": {"endpoint": "PFS"}}, InputError, "'PFS'.*Endpoints: OS, RFS"),
    ],
)
def test_an_unknown_name_is_refused_before_any_data_are_read(
    small_study: Config,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    changes: Config,
    error: type[Exception],
    message: str,
) -> None:
    def too_late(*_: object) -> None:
        raise AssertionError("data were read")

    monkeypatch.setattr("neurosig.study.analysis.load_cohort", too_late)
    for key, value in changes.items():
        small_study[key] = value
    with pytest.raises(error, match=f"(?s){message}"):
        ns.run(small_study, output=tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_a_table_without_an_orientation_is_refused_with_a_guess(
    small_study: Config, tmp_path: Path
) -> None:
    del small_study["cohorts"][0]["expression"]["orientation"]
    with pytest.raises(ParameterError, match=r"orientation is needed.*alpha\.csv.*genes_in_rows"):
        ns.run(small_study, output=tmp_path / "out")


def test_a_value_to_keep_that_does_not_occur_is_refused(
    small_study: Config, tmp_path: Path
) -> None:
    small_study["cohorts"][0]["clinical"]["keep"] = {"grade": ["G4"]}
    with pytest.raises(ns.errors.ClinicalError, match="G4"):
        ns.run(small_study, output=tmp_path / "out")


def test_a_level_to_recode_that_does_not_occur_is_refused(
    small_study: Config, tmp_path: Path
) -> None:
    small_study["cohorts"][0]["clinical"]["recode"] = {"grade": {"G9": "high"}}
    with pytest.raises(ns.errors.ClinicalError, match="G9"):
        ns.run(small_study, output=tmp_path / "out")


def test_the_same_signature_from_two_places_counts_once_and_a_clash_is_refused(
    small_study: Config, small_data: Path, tmp_path: Path
) -> None:
    from neurosig.study.signature_choice import choose_signatures

    other = tmp_path / "clash.gmt"
    other.write_text("AXON\tother\tNGF\tBDNF\tNTF3\n")
    name = str(small_data / "signatures.gmt")
    choice = study_of(small_study | {"signatures": {"files": [name, name]}}).config.signatures
    assert list(choose_signatures(choice, tmp_path)) == ["AXON", "NEUROTROPHIN", "CYTOTOXIC"]
    choice = study_of(small_study | {"signatures": {"files": [name, str(other)]}}).config.signatures
    with pytest.raises(ns.errors.SignatureError, match="AXON"):
        choose_signatures(choice, tmp_path)


def test_the_schema_accepts_what_is_read_and_refuses_what_is_refused(minimal: Config) -> None:
    from neurosig._yaml import load_yaml

    schema = config_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    check = jsonschema.Draft202012Validator(schema).validate
    check(load_yaml(demo_config()))
    check(minimal)
    json.dumps(schema)
    for key, value in (("titel", "x"), ("exploratory", "no"), ("cohorts", [{"id": "../x"}])):
        with pytest.raises(jsonschema.ValidationError):
            check(minimal | {key: value})


@pytest.mark.parametrize(
    ("part", "option"),
    [("expression", {"orientation": "genes_in_rows"}), ("clinical", {"id": "patient"})],
)
def test_an_option_of_files_is_refused_for_a_dataset(
    minimal: Config, part: str, option: dict[str, str]
) -> None:
    minimal["cohorts"][0][part] = option
    with pytest.raises(ParameterError, match=rf"{part}\.{next(iter(option))} means nothing"):
        study_of(minimal)


@pytest.mark.parametrize("output", ["../out", "a/../../b", "/elsewhere", "..", "a\\..\\b"])
def test_bad_input_row_60_an_output_outside_the_folder_is_refused(
    minimal: Config, output: str
) -> None:
    minimal["output"] = output
    with pytest.raises(ParameterError, match=r"output cannot be.*without '\.\.'"):
        study_of(minimal)


@pytest.mark.parametrize("output", ["out", "a/b", "..a/b..", "results.v2"])
def test_an_output_below_the_folder_is_accepted(minimal: Config, output: str) -> None:
    minimal["output"] = output
    assert study_of(minimal).config.output == output
