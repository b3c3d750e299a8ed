"""Chains that tests share: none of them is disturbed by its users."""

import shutil
from pathlib import Path

import pytest

from host_tests.end_to_end.chain import EVERY_SECOND, FIXED, Chain
from host_tests.portable import ROOT
from tools.build.tree import build


@pytest.fixture
def tree(tmp_path):
    """The built firmware on a board with a simulated radio (wireless_board.py)."""
    tree = shutil.copytree(build("host"), tmp_path / "tree")
    shutil.copy(Path(ROOT) / "host_tests/end_to_end/wireless_board.py", tree / "board.py")
    return tree


@pytest.fixture(scope="module")
def fixed(tmp_path_factory):
    """A chain whose cells stay as they are."""
    with Chain(tmp_path_factory.mktemp("fixed"), *FIXED, config=EVERY_SECOND) as chain:
        yield chain


@pytest.fixture(scope="module")
def moving(tmp_path_factory):
    """A chain at the default pack, which balances as soon as it starts."""
    with Chain(tmp_path_factory.mktemp("moving"), config=EVERY_SECOND) as chain:
        yield chain


@pytest.fixture(scope="module")
def device(tmp_path_factory):
    """Firmware at a simulated balancer, without a broker."""
    with Chain(tmp_path_factory.mktemp("device"), *FIXED, broker=False) as chain:
        yield chain.firmware
