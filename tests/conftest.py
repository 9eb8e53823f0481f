"""Fixtures shared by all tests."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared_folder() -> Path:
    """The folder with reference numbers and real data; skips where it is not named."""
    name = os.environ.get("NEUROSIG_TEST_DATA")
    if not name:
        pytest.skip("NEUROSIG_TEST_DATA does not name the folder with reference numbers and data")
    folder = Path(name).resolve()
    if not (folder / "goldens").is_dir():
        pytest.skip(f"NEUROSIG_TEST_DATA names {folder}, which holds no goldens/")
    return folder


@pytest.fixture(scope="session")
def goldens(shared_folder: Path) -> Path:
    """Outputs of R's reference packages with their inputs."""
    return shared_folder / "goldens"


@pytest.fixture(scope="session")
def shared_data(shared_folder: Path) -> Path:
    """Real cohorts and single-cell data."""
    return shared_folder / "data"
