"""A build of its own for the tests: nobody else's `build/` is touched."""

import shutil
from pathlib import Path

import pytest

from tools import build, flash_kept


@pytest.fixture
def scratch(tmp_path, monkeypatch) -> Path:
    """A folder that takes the place of `build/`; what is compiled, which is slow to make, is there already."""
    own_build(tmp_path / "build", monkeypatch)
    return tmp_path / "build"


def own_build(folder: Path, patch: pytest.MonkeyPatch):
    """Let `folder` take the place of `build/`, with what is common to all boards in it."""
    build.build("esp32_generic")
    shutil.copytree(build.BUILD / "merged", folder / "merged")
    for module in (build, flash_kept):
        patch.setattr(module, "BUILD", folder)
