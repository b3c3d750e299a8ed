"""From `make build` to a board that was updated: image, MicroPython on a pty for the board, page, deploy, page.

The board is this computer; its chip, and the step of esptool, are what no test here has.
"""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from host_tests.broker import free_port
from host_tests.build.device_folder import extract, on_this_computer
from host_tests.deploy.board_on_a_pty import BoardOnAPty
from host_tests.end_to_end import web
from host_tests.end_to_end.chain import FIXED, FIXED_MV, Simulator
from host_tests.needs import need_micropython
from tools.build.command import FILE_SYSTEM, make
from tools.build.common import FIRMWARE
from tools.build.slots import MANIFEST, Release, manifest, release
from tools.build.tree import board_data, compile_module
from tools.deploy.command import deploy
from tools.dev import device

CONFIG = {"name": "The whole way"}
LIKE_A_CHIP = "400k"


@pytest.fixture
def flash(tmp_path, scratch) -> Path:
    """What lies on the board's flash after the image was written to it."""
    (tmp_path / "my.json").write_text(json.dumps(CONFIG))
    make(board_data("esp32_generic"), None, tmp_path / "my.json", None)
    image = (scratch / "esp32_generic" / FILE_SYSTEM).read_bytes()
    extract(image, tmp_path / "flash")
    return on_this_computer(tmp_path / "flash")


def newer(flash: Path, folder: Path) -> Release:
    """What the slot holds, with the next version's number in one module."""
    old = release(flash / "a", board_data("host"), FIRMWARE)
    source = folder / "version.py"
    source.write_text((FIRMWARE / "evencell/__init__.py").read_text().replace(old.version, "9.9.9"))
    compile_module(source, folder / "version.mpy", "evencell/__init__.py", board_data("host"))
    files = {**old.slot, "evencell.mpy": (folder / "version.mpy").read_bytes()}
    del files[MANIFEST]
    return replace(old, version="9.9.9", slot={**files, MANIFEST: manifest("host", "9.9.9", files)})


def answer_of(board: BoardOnAPty, port: int, since: int) -> dict:
    """The status, as soon as there is a page and a reading."""
    board.wait_for("page at", since)
    board.wait_for("link online", since)
    assert web.request(port, "/").status == 200
    return web.request(port, "/api/v1/status").json()


def test_device_is_built_deployed_and_updated(flash, tmp_path):
    need_micropython()
    config = (flash / "config.json").read_bytes()
    port = free_port()
    overrides = {"http": {"enabled": True, "host": web.LOOPBACK, "port": port}}
    with Simulator(tmp_path, *FIXED) as simulator:
        environment = device.environment(str(simulator.link), flash, overrides=overrides)
        with BoardOnAPty(flash, environment, heap=LIKE_A_CHIP) as board:
            first = answer_of(board, port, 0)
            assert first["device"]["name"] == CONFIG["name"]
            assert first["packs"][0]["cells_mv"] == FIXED_MV

            since = len(board.said)
            outcome = deploy(board.path, newer(flash, tmp_path))
            assert outcome.startswith("2 of ") and outcome.endswith("evencell 9.9.9 for host starts from slot b.")

            updated = answer_of(board, port, since)
            assert updated["device"]["firmware"] == "9.9.9" != first["device"]["firmware"]
            assert updated["packs"][0]["cells_mv"] == FIXED_MV
            assert (flash / "slot").read_text() == "b new"
            assert (flash / "config.json").read_bytes() == config
            assert "Traceback" not in board.text()
