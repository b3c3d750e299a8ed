"""How large the compiled firmware of the usual chip is."""

from pathlib import Path

from tools.bench.ledger import resident
from tools.build import build

_BOARD = "esp32_generic"
_BOARD_MODULES = {f"boards/{name}.mpy" for name in ("esp32", "esp32_network", "esp32_wifi", "esp32_i2c")}
# What is loaded by name while the first page is shown on the usual display.
_DISPLAY = {f"evencell/display/{name}.mpy" for name in ("mono_panel", "pages/glance", "sheet", "font")}
# In no device before its owner asks for it; and what is let go once it has introduced others to each other.
_NOT_LOADED = {
    f"evencell/{name}.mpy"
    for name in ("forward/syslog", "forward/influx", "forward/influx_line", "link/part", "display/part")
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
