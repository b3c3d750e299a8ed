"""The archive of a slot: what the build packs is what MicroPython imports, and nothing else."""

import json
import subprocess
from pathlib import Path

import pytest

from host_tests.needs import need_micropython
from tools.build import archive
from tools.build.common import BuildError
from tools.build.passes import CHIP_PASSES
from tools.build.tree import bytecode, fill_slot

BOARD = {"name": "host", "chip": "host", "small": True, "passes": CHIP_PASSES}
TREE = {
    "board.py": b"import boards\n",
    "evencell/__init__.mpy": b'__version__ = "1.2.3"\n',
    "evencell/hub.mpy": b"from evencell import __version__\n",
    "evencell/display/view.mpy": b"FOLDER = __file__.rsplit('/', 1)[0]\n",
    "evencell/forward/http/private/tokens.mpy": b"import evencell.hub\n",
    "evencell/broken.mpy": b"1 / 0\n",
    "evencell/display/texts_en.txt": b"Pack\n",
    "evencell/forward/http/page/app.js": b"1\n",
    "boards/esp32.mpy": b"from evencell.hub import __version__\n",
}
# What became of each line, run in the folder of the flash as boot.py leaves it.
SCRIPT = """
import json, sys
sys.path.insert(0, "a")
import board
for line in {lines!r}:
    try:
        exec(line)
        print(json.dumps(None))
    except Exception as error:
        print(json.dumps(repr(error)))
"""


@pytest.fixture
def flash(tmp_path) -> Path:
    """A slot of few modules, as the build lays it out."""
    for path, content in TREE.items():
        target = tmp_path / "tree" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(bytecode(content.decode(), ["-s", target.stem]) if path.endswith(".mpy") else content)
    fill_slot(tmp_path / "flash/a", tmp_path / "tree", BOARD)
    return tmp_path / "flash"


def outcomes(flash: Path, *lines: str) -> list[str | None]:
    """None for each line that MicroPython ran, or its error."""
    command = [need_micropython(), "-c", SCRIPT.format(lines=lines)]
    result = subprocess.run(command, cwd=flash, capture_output=True, text=True)
    assert not result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_slot_has_its_modules_in_one_file_and_the_rest_beside_it(flash):
    found = {path.relative_to(flash / "a").as_posix() for path in (flash / "a").glob("**/*") if path.is_file()}
    assert found == {
        "archive.bin",
        "board.py",
        "boards.mpy",
        "evencell.mpy",
        "display/texts_en.txt",
        "http/page/app.js",
    }


def test_modules_packages_and_data_files_are_found(flash):
    lines = (
        "from evencell.hub import __version__ as found; assert found == '1.2.3'",
        "from boards.esp32 import __version__ as found",
        "import evencell.forward.http.private.tokens",
        "from evencell.display.view import FOLDER; assert FOLDER == '/s/display', FOLDER",
        "file = open(FOLDER + '/texts_en.txt', 'rb'); assert file.read() == b'Pack\\n'",
        "import os; assert os.stat('/s/http/page/app.js')[6] == 2",
    )
    assert outcomes(flash, *lines) == [None] * len(lines)


def test_what_is_not_in_the_archive_is_missing(flash):
    assert outcomes(
        flash, "import evencell.nothing", "import evencell.display.nothing", "import evencell.power.wake",
        "open('/s/nothing.txt')", "import nothing",
    ) == [
        """ImportError("no module named 'evencell.nothing'",)""",
        """ImportError("no module named 'evencell.display.nothing'",)""",
        """ImportError("no module named 'evencell.power'",)""",
        "OSError(2,)",
        """ImportError("no module named 'nothing'",)""",
    ]  # fmt: skip


def test_a_module_that_fails_is_imported_anew_the_next_time(flash):
    error = "ZeroDivisionError('divide by zero',)"
    assert outcomes(flash, "import evencell.broken", "import evencell.broken") == [error, error]


def test_a_lack_of_memory_is_no_missing_module(flash):
    """Relief (runtime/relief.py) comes for the former alone."""
    full = "import boards; kept = boards.open_file; boards.open_file = lambda *_: bytearray(1 << 60)"
    error = outcomes(flash, full, "import evencell.hub", "boards.open_file = kept", "import evencell.hub")
    assert error[0] is None and error[1].startswith(("MemoryError", "OverflowError")) and error[2:] == [None, None]


def test_every_module_is_found_at_its_first_byte():
    modules = {f"display/module_{number}.mpy": bytes([number % 256]) * number for number in range(1, 251)}
    packed = archive.packed(modules)
    for path, content in modules.items():
        offset = archive.offset_of(packed, path)
        assert offset is not None and packed[offset : offset + len(content)] == content, path
    assert archive.offset_of(packed, "display/module_251.mpy") is None


def test_the_build_refuses_what_could_not_be_imported(monkeypatch):
    with pytest.raises(BuildError, match=r"forward/http\.mpy: a package with code of its own"):
        archive.in_slot({**TREE, "evencell/forward/http/__init__.mpy": b""}, lambda _name, _source: b"")
    monkeypatch.setattr(archive, "constants", lambda: (1, 8, 16))
    with pytest.raises(BuildError, match=r"c\.mpy: no place is free near its own in the index"):
        archive.packed({f"{name}.mpy": b"x" for name in "abc"})
    monkeypatch.setattr(archive, "_key", lambda _path: b"\1\1\1\1")
    monkeypatch.setattr(archive, "_home", lambda _path: 0)
    with pytest.raises(BuildError, match=r"b\.mpy: other bytes of the index look like its own"):
        archive.packed({"a.mpy": b"x", "b.mpy": b"y"})
