"""A build of its own for the tests: nobody else's `build/` is touched."""

import shutil
from pathlib import Path

import pytest

from tools import build


@pytest.fixture
def scratch(tmp_path, monkeypatch) -> Path:
    """A folder that takes the place of `build/`; what is compiled, which is slow to make, is there already."""
    build.build("esp32_generic")
    shutil.copytree(build.BUILD / "merged", tmp_path / "build" / "merged")
    monkeypatch.setattr(build, "BUILD", tmp_path / "build")
    return tmp_path / "build"
