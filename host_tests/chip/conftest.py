"""A build of its own for the tests: nobody else's `build/` is touched."""

import shutil
from pathlib import Path

import pytest

from tools import build


@pytest.fixture
def scratch(tmp_path, monkeypatch) -> Path:
    """A folder that takes the place of `build/`; the shortened sources, which are slow to make, are there already."""
    build.build("esp32_generic")
    shutil.copytree(build.BUILD / "short", tmp_path / "build" / "short")
    monkeypatch.setattr(build, "BUILD", tmp_path / "build")
    return tmp_path / "build"
