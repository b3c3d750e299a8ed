"""A chip's files on the oldest MicroPython that evencell runs on: its 32-bit port, which has no hardware."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from host_tests.conftest import WEBASSEMBLY
from tools.build.common import FIRMWARE, node_program
from tools.build.flatten import flat_name
from tools.build.imports import module_of
from tools.build.slots import lay_out
from tools.build.tree import board_data, build, flash_folder

BOOT = Path(__file__).with_name("boot.mjs")
TLS = module_of(flat_name("evencell/forward/mqtt/tls.py"))


@pytest.fixture
def flash(tmp_path) -> Path:
    """Two whole slots, the first of them chosen."""
    build("esp32_generic")
    copied = shutil.copytree(flash_folder("esp32_generic"), tmp_path / "flash")
    (copied / "a/plan").write_text("network 0\n")  # that port has no network to claim memory for
    lay_out(copied, board_data("esp32_generic"), FIRMWARE)
    shutil.copytree(copied / "a", copied / "b", dirs_exist_ok=True)
    return copied


def start(flash: Path, *modules: str, heap_bytes: int = 4 << 20) -> list[dict]:
    """What boot.py left behind, then what became of importing each module."""
    command = [node_program(), str(BOOT), str(WEBASSEMBLY["1.24"]), str(flash), str(heap_bytes), *modules]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in result.stdout.splitlines()]


def modules_of(tree: Path) -> list[str]:
    names = [".".join(path.relative_to(tree).with_suffix("").parts) for path in tree.glob("**/*.mpy")]
    # That port has no hardware and no TLS.
    return sorted(
        name.removesuffix(".__init__") for name in names if name != TLS and not name.startswith("boards.esp32")
    )


def test_every_compiled_module_is_imported(flash):
    names = modules_of(flash_folder("esp32_generic").with_name("tree"))
    left, *imported = start(flash, *names)
    assert left["path"] == "a"
    assert len(names) > 50
    assert imported == [{"module": name, "error": None} for name in names]


def test_boot_chooses_the_whole_slot(flash):
    (flash / "slot").write_text("b new")
    assert start(flash) == [{"path": "b", "slot": "b new", "boots": "1 1 b"}]
    (flash / "b/archive.bin").write_bytes(b"damaged")
    assert start(flash) == [{"path": "a", "slot": "a fell-back: archive.bin is damaged in b", "boots": "1 1 a"}]


def test_boot_needs_less_than_the_first_area_of_a_chips_heap(flash):
    """In more than 56,000 bytes the heap would grow, before boot.py has claimed memory for the network."""
    (flash / "slot").write_text("b new")
    (flash / "b/archive.bin").write_bytes(b"damaged")
    assert start(flash, heap_bytes=40_000)[0]["path"] == "a"


def test_boot_takes_no_manifest_without_its_last_brace(flash):
    """MicroPython 1.24 itself closes what is open."""
    text = (flash / "a/manifest.json").read_text()
    (flash / "a/manifest.json").write_text(text[:-1])
    assert start(flash) == [{"path": "b", "slot": "b fell-back: manifest.json is damaged in a", "boots": "1 1 b"}]
