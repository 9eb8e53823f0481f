"""YAML is read as plain data: nothing is guessed, hidden or blown up."""

import pytest

from neurosig._yaml import load_yaml
from neurosig.errors import InputError, ResourceError


def test_words_that_yaml_once_took_for_truth_are_text():
    # The genes NO, ON and Y are real words of a list; YAML 1.1 made booleans of them.
    text = "[NO, no, ON, off, yes, Y, n, true, False]"
    assert load_yaml(text) == ["NO", "no", "ON", "off", "yes", "Y", "n", True, False]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e3", 1000.0),
        ("-2.5E-1", -0.25),
        (".5", 0.5),
        ("010", 10),
        ("0x1F", 31),
        ("0o17", 15),
        ("+7", 7),
        ("1_000", "1_000"),
        ("12:30:45", "12:30:45"),
        ("2026-11-22", "2026-11-22"),
        ("~", None),
        ("", None),
        ("'1e3'", "1e3"),
        ("-.inf", float("-inf")),
    ],
)
def test_scalars_follow_yaml_1_2(text, value):
    found = load_yaml(text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: &x 1\nb: 2", "line 1: anchors"),
        ("a: 1\nb: *x", "line 2: anchors"),
        ("a: 1\nb: 2\na: 3", "line 3: the key 'a' is there already, in line 1"),
        ("top:\n  a: 1\n  a: 2", "line 3: the key 'a'"),
        ("a: !!python/object/apply:os.system [ls]", "line 1: the tag"),
        ("a: !!str 1", "line 1: the tag"),
        ("a: 1\n---\nb: 2", "line 2: a second document"),
        ("[" * 60 + "]" * 60, "more than 50 levels"),
        ("? [a]\n: 1", "a key has to be a plain value"),
        ("a: [1", "did not find expected"),
        ("a: 1\n\tb: 2", "line 2"),
        ("a: \x01", "not valid YAML"),
        ("a: \ud800", "cannot be written as UTF-8"),
        ("9" * 5000, "more than 100 digits"),
    ],
)
def test_what_is_not_plain_data_is_refused_with_its_line(text, message):
    with pytest.raises(InputError, match=message):
        load_yaml(text)


def test_an_alias_bomb_is_refused_before_it_is_built():
    lines = ["a0: &a0 [x, x]"] + [f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]" for i in range(1, 40)]
    with pytest.raises(InputError, match="anchors"):
        load_yaml("\n".join(lines))


def test_size_is_limited_for_files_and_texts(tmp_path):
    path = tmp_path / "big.yaml"
    path.write_text("a: " + "x" * 100)
    for source in (path, path.read_text()):
        with pytest.raises(InputError, match=r"larger than .*50 bytes"):
            load_yaml(source, max_bytes=50)
        assert load_yaml(source, max_bytes=103) == {"a": "x" * 100}


def test_a_file_is_named_in_the_message(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text("a: 1\na: 2\n")
    with pytest.raises(InputError, match=r"config\.yaml, line 2"):
        load_yaml(path)


def test_a_missing_file_is_a_resource_error(tmp_path):
    with pytest.raises(ResourceError, match="cannot be read"):
        load_yaml(tmp_path / "absent.yaml")


def test_other_users_of_yaml_keep_their_rules():
    import yaml

    assert yaml.safe_load("[no, 2026-11-22]")[0] is False
