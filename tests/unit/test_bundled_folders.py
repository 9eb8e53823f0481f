"""The bundled folders are found in a source tree and in an installed package."""

import pytest

from neurosig._bundled import bundled
from neurosig.errors import ResourceError


def _package(root, *, project=None, beside=False, inside=False):
    package = root / "neurosig"
    package.mkdir()
    if project is not None:
        (root / "pyproject.toml").write_text(project)
    for wanted, folder in (
        (beside, root / "signatures"),
        (inside, package / "_data" / "signatures"),
    ):
        if wanted:
            folder.mkdir(parents=True)
            (folder / "schema.json").write_text("{}")
    return package


OURS = '[project]\nname = "neurosig"\n'


def test_the_source_tree_comes_before_a_stale_copy(tmp_path):
    package = _package(tmp_path, project=OURS, beside=True, inside=True)
    assert bundled("signatures", package=package) == tmp_path / "signatures"


def test_an_installed_package_uses_its_own_copy(tmp_path):
    package = _package(tmp_path, inside=True)
    assert bundled("signatures", package=package) == package / "_data" / "signatures"


@pytest.mark.parametrize("project", ['[project]\nname = "other"\n', "not toml [", None])
def test_a_folder_of_another_project_is_not_taken(tmp_path, project):
    package = _package(tmp_path, project=project, beside=True, inside=True)
    assert bundled("signatures", package=package) == package / "_data" / "signatures"


def test_neither_is_a_resource_error_that_says_where_it_looked(tmp_path):
    package = _package(tmp_path, project=OURS)
    with pytest.raises(ResourceError, match="Looked in") as caught:
        bundled("signatures", package=package)
    assert str(tmp_path / "signatures") in str(caught.value)


def test_this_package_has_its_signatures():
    assert (bundled("signatures") / "panels.yaml").exists()
