"""A build of its own for the tests: the developer's `build/` stays as it is."""

import functools
from pathlib import Path

import pytest

from tools.build import tree as build
from tools.build.passes import CHIP_PASSES, FROZEN_PASSES
from tools.flash import kept as flash_kept


@pytest.fixture
def scratch(tmp_path, monkeypatch) -> Path:
    """A folder that takes the place of `build/`; what is compiled, which is slow to make, is there already."""
    own_build(tmp_path / "build", monkeypatch)
    return tmp_path / "build"


def own_build(folder: Path, patch: pytest.MonkeyPatch):
    """Let `folder` take the place of `build/`; what is common to all boards in it is that of `build/`."""
    folder.mkdir()
    for name in _common(build.BUILD):
        (folder / name).symlink_to(build.BUILD / name)
    for module in (build, flash_kept):
        patch.setattr(module, "BUILD", folder)


@functools.cache
def _common(folder: Path) -> list[str]:
    """Names in a folder for builds of what is common to all boards. It is made once in a process: each look at all the
    sources takes longer than most tests."""
    common = [build.COMPILED]
    with build.alone():
        (folder / build.COMPILED).mkdir(exist_ok=True)
        for passes in (CHIP_PASSES, FROZEN_PASSES):
            build.small_sources({}, passes)
            common.append(build.sources_folder(passes))
    build.build("esp32_generic")
    return common
