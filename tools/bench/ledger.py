"""What each module costs in heap, on MicroPython's 32-bit port: `heap.modules_32`, and the table of docs/heap.md."""

import ast
import importlib.util
import json
import subprocess
import sys
from pathlib import Path

from evencell.start_up import PARTS
from tools.build import alone, board_data, build_tree, firmware_sources
from tools.lettering import whole_texts
from tools.making import BUILD, FIRMWARE, ROOT, tool

_PORT = Path(sys.prefix) / "node_modules/@micropython/micropython-webassembly-pyscript"
_SCRIPT = Path(__file__).with_suffix(".mjs")
_ROOTS = ("evencell.app", "evencell.system.memory")  # the latter stays, though only the start imports it
# Imported in a function, and kept: where the configuration's defaults want it.
_KEPT = {
    "evencell.display.part": ["evencell.display.tasks"],  # where a display answers
    "evencell.forward.mqtt": ["evencell.forward.home_assistant", "evencell.forward.journal_mqtt"],
}
_DOCUMENT = ROOT / "docs" / "heap.md"
_HEADER = """\
# What each module costs

Heap that a module's code takes once it is imported, in bytes, after the modules above it. What it makes while it runs
comes on top. Measured by `make bench` on MicroPython's 32-bit port (WebAssembly), with objects as large as an ESP32's;
nothing was measured on a board. Frozen into the interpreter, code takes next to none of this.

On a chip, modules that are always in memory together are compiled as one (tools/merge.py), which takes some 200 bytes
less for each; here they are measured one by one.

A module is imported only if it is wanted: the last column names the profiles that want it, all parts switched on. What
is needed once or rarely is imported on demand and let go.

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
        tree = build_tree(BUILD / "host-modules", {**board_data("host"), "small": True, "apart": True}, "full")
    command = [str(tool("node")), str(_SCRIPT), str(_PORT), str(tree), *modules()]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    return {row["module"]: row["bytes"] for row in map(json.loads, result.stdout.splitlines())}


def modules() -> list[str]:
    """Every module of the firmware, those of the parts first and each after what it imports, then the rest."""
    ordered: list[str] = []
    for root in (*_ROOTS, *(module for _, _, module in PARTS), *all_modules()):
        visit(root, ordered)
    return ordered


def all_modules() -> list[str]:
    """In no order."""
    names = sorted(name for name in firmware_sources() if not name.endswith("__init__.py"))
    return [name.removesuffix(".py").replace("/", ".") for name in names if name not in whole_texts()]


def visit(name: str, ordered: list[str]):
    """Append `name` behind all that it imports at its top."""
    if name in ordered or not name.startswith("evencell"):
        return
    for imported in imported_at_the_top(name):
        visit(imported, ordered)
    ordered.append(name)


def imported_at_the_top(name: str) -> list[str]:
    """Modules of ours that the module imports as soon as it is imported itself."""
    found = []
    for node in ast.parse(source(name).read_text()).body:
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = [f"{node.module}.{alias.name}" for alias in node.names]
            found += [each if is_module(each) else node.module for each in inner]
    found += _KEPT.get(name, [])
    return [each for each in found if is_module(each)]


def is_module(name: str) -> bool:
    return (FIRMWARE / name.replace(".", "/")).with_suffix(".py").exists()


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
    ordered: list[str] = []
    for root in (*_ROOTS, *(module for profiles, _, module in PARTS if profile in profiles.split())):
        visit(root, ordered)
    return ordered


if __name__ == "__main__":
    measure()
