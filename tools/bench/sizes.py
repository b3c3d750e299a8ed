"""How large the compiled firmware of the usual chip is."""

from tools.build import build

_BOARD = "esp32_generic"
_ON_DEMAND = (
    "config_check",
    "config_spec",
    "config_kinds",
    "spelling",
    "settings",
    "write",
    "config",
    "boots",
    "crash_file",
)


def measure() -> dict:
    """`mpy.resident_bytes` (loaded in the full profile) and `mpy.total_bytes`."""
    tree = build(_BOARD)
    sizes = {path.relative_to(tree).as_posix(): path.stat().st_size for path in tree.glob("**/*.mpy")}
    resident = sum(size for name, size in sizes.items() if name.split("/")[-1][:-4] not in _ON_DEMAND)
    return {
        "mpy.resident_bytes": {"value": resident, "unit": "B"},
        "mpy.total_bytes": {"value": sum(sizes.values()), "unit": "B"},
    }
