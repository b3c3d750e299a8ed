"""The ways onto a chip that are measured: as files, with PSRAM, and frozen into evencell's own firmware."""

import atexit
import functools
import shutil
import tempfile
from pathlib import Path

from tools.bench import unix32
from tools.bench.chip import port
from tools.bench.chip.device import FIRST_AREA_BYTES, Delivery
from tools.build import frozen as freezing
from tools.build.common import BUILD, ROOT
from tools.build.passes import CHIP_PASSES
from tools.build.tree import alone, board_data, build_tree, chip_modules, compile_module, small_sources

_LOCK = "chip-model.lock"
_PSRAM_BYTES = 4 << 20
_SECOND_REGION_BYTES = 11_200  # what the first GC area of stock firmware leaves of it (port/module/heap.c)
_NO_BLUETOOTH_BYTES = 38_400  # what a build without it has more (docs/firmware.md)
_OWN_GC_BYTES = 96 * 1024  # MICROPY_GC_INITIAL_HEAP_SIZE of boards/micropython
_FIXED = {"EVENCELL_CHIP_FIXED_GC_HEAP": "1"}


def second_region(gc_bytes: int, more_bytes: int = 0) -> str:
    """Bytes of the second region, where the GC heap takes so many and there are `more_bytes` than on stock firmware."""
    return str(_SECOND_REGION_BYTES + FIRST_AREA_BYTES + more_bytes - gc_bytes)


@functools.cache
def files(profile: str) -> Delivery:
    """As files in a slot, on MicroPython as it is offered."""
    return Delivery("files", port.stock(), tree(profile))


@functools.cache
def psram(profile: str) -> Delivery:
    """The same with PSRAM, in which MicroPython's heap lies: the second heap keeps what the first area took."""
    environment = {**_FIXED, "EVENCELL_CHIP_SECOND_REGION": second_region(0)}
    return Delivery("psram", port.stock(), tree(profile), _PSRAM_BYTES, environment)


@functools.cache
def own(_profile: str) -> Delivery:
    """Frozen into evencell's own firmware, without Bluetooth and with a GC heap that does not grow."""
    with unix32.alone(_LOCK):
        return Delivery("own", port.frozen(_frozen_manifest()), None, _OWN_GC_BYTES, _own_environment())


def _own_environment() -> dict[str, str]:
    return {**_FIXED, "EVENCELL_CHIP_SECOND_REGION": second_region(_OWN_GC_BYTES, _NO_BLUETOOTH_BYTES)}


def _frozen_manifest() -> Path:
    """A manifest of all of evencell, for the computer."""
    folder = BUILD / "chip-model" / "own"
    folder.mkdir(parents=True, exist_ok=True)
    freezing.lay_out(folder, {**board_data("host"), "small": True}, "full")
    for name, source in chip_sources().items():
        shutil.copy(source, folder / freezing.SOURCES / name)
    manifest = folder / freezing.MANIFEST
    manifest.write_text(f'include("{port.MANIFEST}")\nfreeze("{freezing.SOURCES}")\n', "utf-8")
    return manifest


@functools.cache
def tree(profile: str) -> Path:
    """The tree of a build for the computer, compiled as for a chip, with what a chip has of boards/.

    Each process has a copy of its own: others may build meanwhile.
    """
    folder = Path(tempfile.mkdtemp(prefix="evencell-")) / profile
    atexit.register(shutil.rmtree, folder.parent, ignore_errors=True)
    built = BUILD / "chip-model-flat" / profile
    host = {**board_data("host"), "small": True, "passes": CHIP_PASSES}
    with unix32.alone(_LOCK):
        with alone():
            build_tree(built, host, profile)
        for name, source in chip_sources().items():
            compile_module(source, (built / name).with_suffix(".mpy"), name, host)
        shutil.copytree(built, folder)
    return folder


def chip_sources() -> dict[str, Path]:
    """What of boards/ a chip has, beside the computer's own."""
    return small_sources({f"boards/{name}.py": ROOT / "boards" / f"{name}.py" for name in chip_modules()}, CHIP_PASSES)
