"""What a chip of 32 bits needs: the smallest heap of each combination, on three ways, and docs/fits.md about it.

`.venv/bin/python -m tools.bench.chip_heap`, in half an hour or more: unix32.py can't be run faster than life. So it's
no part of `make bench`.
"""

import contextlib
import functools
import gzip
import json
import os
import shutil
import subprocess
import tempfile
import urllib.request
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import click

from tools import freezing
from tools.bench import chip_heap_page, heap, unix32
from tools.bench.chip_heap_page import COMBINATIONS
from tools.bench.fast import TRUTH_MV, Fast
from tools.build import board_data, build, chip_modules, compile_module, small_sources
from tools.demo import listens, wait_until
from tools.making import BUILD, ROOT, BuildError, run, tool

LOOKED_AT_S = 60
LIVES_S = 960  # the history writes every 900 s
_LIMITS_KIB = 24, 216
_PLENTY = "400k"
_AT_ONCE = 15  # each needs little of the processor
_FOLDER = BUILD / "chip-heap"
_HOST = {**board_data("host"), "small": True}
_SCRIPT = Path(__file__).with_name("chip_heap_script.py")
# What an ESP32 imports and this computer doesn't, and the other way round.
_NETWORK = ("boards.esp32_wifi", "evencell.system.wifi", "evencell.system.sntp")
_DISPLAY = ("boards.esp32_i2c", "evencell.display.ssd1306")


@dataclass(frozen=True)
class Way:
    """A way onto the chip: the interpreter, and what it does before it imports anything of evencell."""

    name: str
    interpreter: Path
    first: str

    def command(self, heap: str, module: str = "main", *arguments: str) -> list[str]:
        """How the firmware, or another module, is started in a heap of this size."""
        code = f"import os, sys\n{self.first}\nimport {module}"
        return [str(self.interpreter), "-X", f"heapsize={heap}", "-c", code, *arguments]


@click.command()
def main():
    """Measure, and write docs/fits.md."""
    unix32.check_tools()
    tree = chip_tree()
    ways = files(tree), romfs(tree), frozen()
    for way in ways:
        prove(way)
    cases = [(name, way) for name in COMBINATIONS for way in ways]
    with ProcessPoolExecutor(_AT_ONCE) as pool:
        figures = dict(pool.map(measured, *zip(*cases, strict=True)))
    (BUILD / "chip-heap.json").write_text(json.dumps(figures, indent=1))
    chip_heap_page.write(figures, unix32.VERSION, LIVES_S)


def chip_tree() -> Path:
    """What `make flash` brings onto the flash, for this computer."""
    tree = _FOLDER / "tree"
    shutil.rmtree(tree, ignore_errors=True)
    shutil.copytree(build("host", small=True), tree)
    for name, source in chip_sources().items():
        compile_module(source, (tree / name).with_suffix(".mpy"), name, _HOST)
    return tree


def files(tree: Path) -> Way:
    """As files of the flash."""
    return Way("files", unix32.port("files"), f"sys.path.insert(0, {str(tree)!r})")


def romfs(tree: Path) -> Way:
    """As an image that is run where it lies: frozen it's outside the heap, as a partition of the flash would be."""
    folder = _FOLDER / "romfs"
    folder.mkdir(exist_ok=True)
    run([str(tool("mpremote")), "romfs", "-o", str(folder / "image"), "build", str(tree)])
    (folder / "image.py").write_text(f"ROMFS = {(folder / 'image').read_bytes()!r}\n")
    manifest = folder / "manifest.py"
    manifest.write_text('include("$(PORT_DIR)/boards/manifest.py")\nfreeze(".", "image.py")\n')
    first = "import image, vfs\nvfs.mount(vfs.VfsRom(image.ROMFS), '/rom')\nsys.path.insert(0, '/rom')"
    return Way("romfs", unix32.port("romfs", manifest), first)


def frozen() -> Way:
    """Frozen by the manifest of evencell's own firmware: code, page, fonts and texts; the folder is empty."""
    root = _FOLDER / "root"
    freezing.lay_out(_FOLDER, _HOST, "full")
    for name, source in chip_sources().items():
        shutil.copy(source, _FOLDER / freezing.SOURCES / name)
    root.mkdir(exist_ok=True)
    first = f"os.chdir({str(root)!r})\nsys.path.insert(0, '.frozen')"
    return Way("frozen", unix32.port("frozen", _FOLDER / freezing.MANIFEST), first)


def chip_sources() -> dict[str, Path]:
    """What of `boards` an ESP32 has: nothing runs it here, but it is weighed."""
    return small_sources({f"boards/{name}.py": ROOT / "boards" / f"{name}.py" for name in chip_modules()})


def prove(way: Way):
    """See page, reading and picture come, where there is plenty of heap; BuildError where one doesn't."""
    with tempfile.TemporaryDirectory(prefix="evencell-") as folder, contextlib.ExitStack() as running:
        fast = Fast(Path(folder), running, 1)
        overrides = {"http": {"enabled": True, "host": "127.0.0.1", "port": fast.http_port}}
        log = Path(folder) / "log"
        fast.firmware(fast.simulator(), overrides, _PLENTY, log, command=way.command)
        wait_until(lambda: listens(fast.http_port) and "link online" in log.read_text(), "the firmware")
        page, status, picture = (got(fast.http_port, path) for path in ("/", "/api/v1/status", "/api/v1/display"))
    pack = json.loads(status)["packs"][0]
    if pack["cells_mv"] != list(TRUTH_MV) or b"<title>" not in page or not picture.startswith(b"P4"):
        raise BuildError(f"{way.name}: the firmware runs, but page, reading or picture are not as they should be.")


def got(http_port: int, path: str) -> bytes:
    """What the device answers."""
    request = urllib.request.Request(f"http://127.0.0.1:{http_port}{path}")
    with urllib.request.urlopen(request, timeout=30) as answer:
        content = answer.read()
        return gzip.decompress(content) if answer.headers["Content-Encoding"] == "gzip" else content


def measured(name: str, way: Way) -> tuple[str, dict]:
    """The case, and its figures: `kib`, the smallest heap here; `free_bytes`, what of such a heap is free at first;
    `more_bytes`, what an ESP32 loads beyond what this computer does."""
    profile, changes, _ = COMBINATIONS[name]
    runs = functools.partial(heap.runs, profile, changes=changes, speed=1, command=way.command)
    kib = heap.smallest(functools.partial(runs, life_s=LOOKED_AT_S), *_LIMITS_KIB)
    while not runs(kib, life_s=LIVES_S):
        kib += heap.STEP_KIB
    figures = {"kib": kib, "free_bytes": free_bytes(way, kib), "more_bytes": more_bytes(way, profile, changes)}
    click.echo(f"{name} {way.name}: {figures}")
    return f"{name} {way.name}", figures


def free_bytes(way: Way, kib: int) -> int:
    """Before anything is loaded."""
    return answer(way, f"{kib}k", [], [])["free"]


def more_bytes(way: Way, profile: str, changes: dict) -> int:
    """What an ESP32 imports in this combination, less what stands for it here."""
    here, chip = ["boards.host"], ["boards.esp32"]
    if profile != "display":
        chip += _NETWORK
    if profile != "telemetry" and "display" not in changes:
        here += ["evencell.display.picture"]
        chip += _DISPLAY
    weighed = answer(way, _PLENTY, here, chip)
    return weighed["chip"] - weighed["here"]


def answer(way: Way, heap_size: str, here: list[str], chip: list[str]) -> dict:
    """What chip_heap_script.py says on this interpreter."""
    command = way.command(heap_size, _SCRIPT.stem, json.dumps([here, chip]))
    environment = {**os.environ, "MICROPYPATH": f"{_SCRIPT.parent}:.frozen"}
    return json.loads(subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout)


if __name__ == "__main__":
    main()
