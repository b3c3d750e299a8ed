"""Builds MicroPython's unix port with the memory of an ESP32 (port/), for files or with evencell frozen in."""

from pathlib import Path

from tools.bench import unix32

_PORT = Path(__file__).with_name("port")
MANIFEST = _PORT / "manifest.py"
_OPTIONS = (f"VARIANT_DIR={_PORT / 'variant'}", f"USER_C_MODULES={_PORT}", "MICROPY_PY_THREAD=0")


def stock() -> Path:
    """The interpreter of a chip with MicroPython alone."""
    return unix32.port("chip", MANIFEST, _OPTIONS)


def frozen(manifest: Path) -> Path:
    """The interpreter with what `manifest` freezes; it includes MANIFEST."""
    return unix32.port("chip-frozen", manifest, _OPTIONS)
