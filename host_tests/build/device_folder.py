"""A device's file system as a folder: taken out of an image, and run with this computer for a board."""

import hashlib
from pathlib import Path

from littlefs import LittleFS

from host_tests.end_to_end.chain import Firmware
from host_tests.end_to_end.process import Process
from host_tests.needs import need_micropython
from tools.build import archive
from tools.build.common import FIRMWARE, ROOT
from tools.build.partitions import BLOCK_BYTES
from tools.build.passes import CHIP_PASSES
from tools.build.slots import files_in, lay_out
from tools.build.tree import board_data, board_module, compile_module, small_sources
from tools.dev import device


def mounted(content: bytes) -> LittleFS:
    """The file system of an image."""
    system = LittleFS(block_size=BLOCK_BYTES, block_count=len(content) // BLOCK_BYTES, mount=False)
    system.context.buffer[:] = content
    system.mount()
    return system


def extract(content: bytes, folder: Path):
    """Every file of the image into the folder."""
    system = mounted(content)
    for place, _, names in system.walk("/"):
        for name in names:
            target = folder / place.strip("/") / name
            target.parent.mkdir(parents=True, exist_ok=True)
            with system.open(f"{place.rstrip('/')}/{name}", "rb") as file:
                target.write_bytes(file.read())


def on_this_computer(flash: Path) -> Path:
    """The same folder, with this computer for a board, and a manifest that says so."""
    host, name = {**board_data("host"), "small": True}, "boards/host.py"
    (flash / "a/board.py").write_text(board_module(host))
    (flash / "a/plan").unlink(missing_ok=True)  # of a chip's memory
    compiled = flash / "host.mpy"
    compile_module(small_sources({name: ROOT / name}, CHIP_PASSES)[name], compiled, name, host)
    packed = bytearray((flash / "a" / archive.NAME).read_bytes())
    archive.append(packed, "boards/host.mpy", compiled.read_bytes())
    (flash / "a" / archive.NAME).write_bytes(packed)
    compiled.unlink()
    lay_out(flash, host, FIRMWARE)
    return flash


def hashes(folder: Path) -> dict[str, str]:
    """SHA-256 of every file, by path."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files_in(folder)
    }


class OnFlash(Firmware):
    """The firmware started in the folder that stands for the root of a device, where its configuration lies too."""

    def __init__(self, flash: Path, port, **options):
        super().__init__(flash / "made", port, **options)
        self.data = flash

    def start(self):
        """As a board does: boot.py where there is one, then main.py in the same namespace."""
        files = [name for name in ("boot.py", "main.py") if (self.data / name).exists()]
        code = "\n".join(f"exec(open({name!r}).read())" for name in files)
        environment = device.environment(self._port, self.data, overrides=self.overrides)
        self._process = Process([need_micropython(), "-c", code], environment, cwd=self.data)
        self._process.wait_until_ready(lambda line: self._ready in line)
