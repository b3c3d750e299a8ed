"""What each module costs in heap, on MicroPython's 32-bit port: `heap.modules_32`, and the table of docs/heap.md."""

import ast
import functools
import importlib.util
import json
import subprocess
import sys
from pathlib import Path

from evencell.startup import PARTS
from tools.build.common import BUILD, ROOT, node_program
from tools.build.fonts import whole_texts
from tools.build.imports import graph, in_order, texts_of
from tools.build.passes import CONSTANTS, SHORTEN
from tools.build.tree import alone, board_data, build_tree, firmware_sources

_PORT = Path(sys.prefix) / "node_modules/@micropython/micropython-webassembly-pyscript"
_SCRIPT = Path(__file__).with_suffix(".mjs")
_ROOTS = ("evencell.app", "evencell.storage.key_value")  # the latter stays, though only the start imports it
# Imported in a function, and kept: where the configuration's defaults want it.
_KEPT = {
    "evencell.display.part": ["evencell.display.tasks"],  # where a display answers
    "evencell.forward.mqtt.forwarder": ["evencell.forward.mqtt.home_assistant", "evencell.forward.outbox.mqtt_sink"],
}
_AT_THE_START = ("evencell.link.part", "evencell.net.part")  # unloaded then: host_tests/test_unloading.py
_DOCUMENT = ROOT / "docs" / "heap.md"
_HEADER = """\
# What each module costs

Heap that a module's code takes once it is imported, in bytes, after the modules above it. What it makes while it runs
comes on top. Measured by `make bench` on MicroPython's 32-bit port (WebAssembly), with objects as large as an ESP32's;
nothing was measured on a board. Frozen into the interpreter, code takes next to none of this.

On a chip, modules that are always in memory together are compiled as one (tools/build/merge.py), which takes some
200 bytes less for each; here they are measured one by one.

A module is imported only if it is wanted: the last column names the profiles that want it, all parts switched on. What
is needed once or rarely is imported on demand and unloaded.

| module | bytes | what for | when |
|---|---:|---|---|
"""


def measure() -> dict:
    """Bytes of every module; writes the document."""
    rows = ledger()
    _DOCUMENT.write_text(
        _HEADER + "".join(f"| `{name}` | {rows[name]} | {why(name)} | {when(name)} |\n" for name in rows)
    )
    resident = sum(bytes_ for name, bytes_ in rows.items() if when(name) != "on demand")
    return {"heap.modules_32": {"value": resident, "unit": "B", "modules": rows}}


def ledger() -> dict[str, int]:
    """Module → bytes, each after what it imports itself."""
    with alone():
        tree = build_tree(
            BUILD / "host-modules", {**board_data("host"), "small": True, "passes": (CONSTANTS, SHORTEN)}, "full"
        )
    return heap_of(tree, modules())


def heap_of(tree: Path, names: list[str]) -> dict[str, int]:
    """Module → bytes that it takes, imported after those before it from the tree of a build."""
    command = [node_program(), str(_SCRIPT), str(_PORT), str(tree), *names]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    return {row["module"]: row["bytes"] for row in map(json.loads, result.stdout.splitlines())}


def modules() -> list[str]:
    """Every module of the firmware, those of the parts first and each after what it imports, then the rest."""
    return _in_order([*(module for _, _, module in PARTS), *sorted(_at_import())])


def _in_order(roots: list[str]) -> list[str]:
    """What is always loaded, `roots` and what they import, each behind what it imports itself."""
    return [name for name in in_order([*_ROOTS, *roots], _at_import()) if name in _at_import()]


@functools.cache
def _at_import() -> dict[str, set[str]]:
    """Module of the firmware, but for packages → modules that are loaded with it."""
    left_out = whole_texts()
    sources = {
        name: path
        for name, path in firmware_sources().items()
        if name not in left_out and not name.endswith("__init__.py")
    }
    return {name: found.at_import | set(_KEPT.get(name, ())) for name, found in graph(texts_of(sources)).items()}


def source(name: str) -> Path:
    """The file of a module."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise KeyError(name)
    return Path(spec.origin)


def why(name: str) -> str:
    """The first sentence of the module's docstring."""
    text = " ".join((ast.get_docstring(ast.parse(source(name).read_text())) or "").split())
    return text.split(". ")[0].split("? ")[0].rstrip(".").replace("|", "/")


def when(name: str) -> str:
    """Which profiles import the module at once, or `on demand`."""
    profiles = ["full", "display", "telemetry"]
    wanted = [profile for profile in profiles if name in resident(profile)]
    return "always" if wanted == profiles else ", ".join(wanted) or "on demand"


def resident(profile: str) -> list[str]:
    """What a profile imports when all its parts are on."""
    wanted = _in_order([module for profiles, _, module in PARTS if profile in profiles.split()])
    return [module for module in wanted if module not in _AT_THE_START]


if __name__ == "__main__":
    measure()
