"""Size of the compiled firmware for the usual chip."""

from pathlib import Path

from tools.bench.ledger import resident
from tools.build.tree import build

_BOARD = "esp32_generic"
_BOARD_MODULES = {f"boards/{name}.mpy" for name in ("esp32", "esp32_network", "esp32_wifi", "esp32_i2c")}
# What is loaded by name while the first page is shown on the usual display.
_DISPLAY = {
    f"evencell/display/{name}.mpy"
    for name in ("drivers/mono_panel", "pages/glance", "render/sheet", "render/font", "render/state")
}
# Loaded only where configured; and modules that are unloaded after the start.
_NOT_LOADED = {
    f"evencell/{name}.mpy"
    for name in (
        *("forward/syslog", "forward/influx/writer", "forward/influx/line_protocol", "forward/outbox/reading"),
        *("link/part", "display/part"),
    )
}


def measure() -> dict:
    """`mpy.resident_bytes` (loaded in the full profile with network, page, MQTT and display) and `mpy.total_bytes`."""
    tree = build(_BOARD)
    sizes = {path.relative_to(tree).as_posix(): path.stat().st_size for path in tree.glob("**/*.mpy")}
    return {
        "mpy.resident_bytes": {"value": sum(sizes[name] for name in loaded() & set(sizes)), "unit": "B"},
        "mpy.total_bytes": {"value": sum(sizes.values()), "unit": "B"},
    }


def loaded() -> set[str]:
    """Names of all `.mpy` that are loaded, packages and fonts included."""
    modules = {name.replace(".", "/") + ".mpy" for name in resident("full")} - _NOT_LOADED
    names = modules | _DISPLAY | _BOARD_MODULES
    return names | {str(Path(name).parent / "__init__.mpy") for name in names}
