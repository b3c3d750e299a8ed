"""Size of the compiled firmware for the usual chip; `python -m tools.bench.sizes` prints that of each folder."""

import collections

from tools.bench.ledger import resident
from tools.build.flatten import flat_name
from tools.build.tree import board_data, board_sources, build, firmware_sources, flash_folder, text_sources

_BOARD = "esp32_generic"
_BOARD_MODULES = {f"boards/{name}.py" for name in ("esp32", "esp32_network", "esp32_wifi", "esp32_i2c")}
# What is loaded by name while the first page is shown on the usual display.
_DISPLAY = {
    f"evencell/display/{name}.py"
    for name in ("drivers/mono_panel", "pages/glance", "render/sheet", "render/font", "render/state")
}
# Loaded only where configured; and modules that are unloaded after the start.
_NOT_LOADED = {
    f"evencell/{name}.py"
    for name in (
        *("forward/syslog", "forward/influx/writer", "forward/influx/line_protocol", "forward/outbox/reading"),
        *("link/part", "display/part"),
    )
}


def measure() -> dict:
    """`mpy.resident_bytes` (loaded in the full profile with network, page, MQTT and display) and `mpy.total_bytes`."""
    sizes = by_source()
    return {
        "mpy.resident_bytes": {"value": sum(sizes[name] for name in loaded() & set(sizes)), "unit": "B"},
        "mpy.total_bytes": {"value": sum(sizes.values()), "unit": "B"},
    }


def by_source() -> dict[str, int]:
    """Source of each module on the chip → bytes of its bytecode, with what was merged into it."""
    build(_BOARD)
    tree = flash_folder(_BOARD).with_name("tree")  # in a slot they are one file
    sources = [*firmware_sources(), *text_sources(), *board_sources(board_data(_BOARD))]
    compiled = {name: (tree / flat_name(name)).with_suffix(".mpy") for name in sources}
    return {name: path.stat().st_size for name, path in compiled.items() if path.exists()}


def loaded() -> set[str]:
    """Sources of all modules that are loaded."""
    return {name.replace(".", "/") + ".py" for name in resident("full")} - _NOT_LOADED | _DISPLAY | _BOARD_MODULES


def main():
    """Print a table of folders, the largest first."""
    folders = collections.Counter()
    for name, size in by_source().items():
        folders[name.rpartition("/")[0]] += size
    for folder, size in folders.most_common():
        print(f"{size:7} {folder}")


if __name__ == "__main__":
    main()
