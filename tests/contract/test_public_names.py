"""Public names are documented alike, and a parameter has one meaning and default in all of them."""

import inspect
import re
from collections import defaultdict

import pytest

import neurosig as ns

FUNCTIONS = sorted(name for name in ns.__all__ if inspect.isfunction(getattr(ns, name)))
NO_EXAMPLE = {
    "build_report": "needs the folder of a run",
    "read_enrichr": "needs a network",
    "run": "needs a study's files; docs/studies has some",
}
SHARED = ("adjust", "allow_loss", "confidence", "given", "interactions", "n_jobs", "scale", "seed")


def parameters(name):
    return inspect.signature(getattr(ns, name)).parameters


def sections(name):
    return re.findall(r"^(\w+)\n-+$", inspect.getdoc(getattr(ns, name)), re.MULTILINE)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_public_function_says_what_it_takes_what_it_gives_and_shows_it(name):
    wanted = {"Returns"} | ({"Parameters"} if parameters(name) else set())
    wanted |= set() if name in NO_EXAMPLE else {"Examples"}
    assert wanted <= set(sections(name))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_parameter_of_a_public_function_is_described(name):
    text = inspect.getdoc(getattr(ns, name)).partition("\nReturns\n")[0]
    described = re.findall(r"^([a-z_0-9, *]+?)(?: : .*)?$", text, re.MULTILINE)
    names = {part.strip(" *") for line in described for part in line.split(",")}
    assert set(parameters(name)) <= names


@pytest.mark.parametrize("shared", SHARED)
def test_a_shared_parameter_has_one_default_and_is_named_to_be_set(shared):
    found = defaultdict(list)
    for name in FUNCTIONS:
        if shared in parameters(name):
            parameter = parameters(name)[shared]
            found[parameter.default, parameter.kind].append(name)
    assert len(found) == 1, dict(found)
    ((_, kind),) = found
    assert kind is inspect.Parameter.KEYWORD_ONLY


def test_public_names_are_listed_in_the_order_of_the_alphabet():
    assert ns.__all__ == sorted(ns.__all__)


def test_every_public_class_says_what_it_is_and_what_it_holds():
    for name in ns.__all__:
        thing = getattr(ns, name)
        if inspect.isclass(thing):
            assert len(inspect.getdoc(thing).splitlines()[0]) > 20, name
