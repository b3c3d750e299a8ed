"""The rules of docs/architecture.md that a machine can check."""

import ast
import collections
import functools
import itertools
import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path

from host_tests.portable import ROOT
from tools.build.imports import Imports, circles, graph, module_of, texts_of
from tools.build.merge import merged
from tools.build.syntax import nodes, parsed
from tools.build.tree import firmware_sources
from tools.build.verify import bound_names

FIRMWARE = Path(ROOT) / "firmware"
PACKAGE = FIRMWARE / "evencell"
MODULES = sorted(PACKAGE.glob("**/*.py"))
HARDWARE = {"machine", "network", "esp32", "bluetooth", "neopixel"}
OUTSIDE = sorted([FIRMWARE / "boot.py", FIRMWARE / "main.py", *Path(ROOT).glob("boards/*.py")])

# What came after MicroPython 1.24, the oldest that evencell runs on. From its documentation and source, up to 1.29.
NEWER_MODULES = {"marshal", "string", "weakref"}
NEWER_NAMES = {"_build", "_thread", "popitem", "MSG_PEEK", "MSG_DONTWAIT", "dupterm_notify", "rom_ioctl", "VfsRom"}

# Loaded only while a setting is written.
WRITING = {
    "evencell.forward.mqtt.command_message",
    "evencell.link.writer",
    "evencell.pack.settings",
    "evencell.forward.http.pack_settings",
    "evencell.control.advisor",
}

# What each folder may import: of evencell the modules that begin so, of everything else these alone.
ALLOWED = {
    "protocol": {"array", "struct", "evencell.compat", "evencell.protocol"},
    "pack": {"array", "json", "evencell.compat", "evencell.protocol", "evencell.pack", "evencell.storage.files"},
    "history": {
        "array", "json", "os", "evencell.compat", "evencell.history", "evencell.pack", "evencell.protocol.jk_balancer",
        "evencell.runtime.lazy", "evencell.storage",
    },
    "link": {
        "asyncio", "evencell.compat", "evencell.protocol", "evencell.pack", "evencell.link", "evencell.runtime.lazy",
        "evencell.control.event_log",
    },
    "control": {
        "array", "asyncio", "json", "evencell.clock.span", "evencell.clock.zone", "evencell.compat", "evencell.control",
        "evencell.history", "evencell.pack", "evencell.runtime.lazy", "evencell.storage",
        "evencell.protocol.jk_balancer",  # the request for a reading
        "evencell.protocol.jk_settings",
    },
    "display": {
        "array", "binascii", "framebuf", "gc", "json", "evencell", "evencell.compat", "evencell.hub", "evencell.pack",
        "evencell.clock.span", "evencell.clock.zone", "evencell.display", "evencell.protocol.jk_balancer",
        "evencell.storage", "evencell.runtime.backoff", "evencell.runtime.lazy",
        "evencell.runtime.boot_state",  # a restart out of the menu counts as proven
        "evencell.control.advisor",  # loaded for a moment
        # Of the menu, for commands.
        "asyncio", "evencell.control.policies", "evencell.control.preset", "evencell.control.rules",
    },
    "forward": {
        "array", "asyncio", "binascii", "collections", "cryptolib", "errno", "gc", "hashlib", "json", "os",
        "select", "socket", "ssl", "struct", "sys", "time", "tls",
        "evencell", "evencell.compat", "evencell.hub", "evencell.net", "evencell.pack", "evencell.history",
        "evencell.forward", "evencell.runtime.lazy", "evencell.storage", "evencell.text",
        "evencell.config", "evencell.runtime.backoff", "evencell.update",
        "evencell.runtime.boot_state",  # a restart by an owner counts as proven
        "evencell.link.diagnosis", "evencell.protocol.jk_balancer", "evencell.protocol.jk_settings",
        "evencell.display.render.netpbm", "evencell.runtime.crash_file",  # of a lazy HTTP handler each
        "evencell.control",
    },
    "update": {
        "asyncio", "binascii", "hashlib", "json", "os", "sys",
        "evencell", "evencell.compat", "evencell.runtime.lazy", "evencell.storage", "evencell.update",
        "evencell.runtime.boot_state",  # whether boot.py went back, and the restart
    },
    "power": {
        "asyncio", "gc", "json", "os", "struct", "time", "binascii",
        "evencell.app", "evencell.clock", "evencell.compat", "evencell.forward", "evencell.link", "evencell.net",
        "evencell.pack", "evencell.power", "evencell.protocol.jk_balancer", "evencell.runtime",
        "evencell.storage",
        "evencell.control.balancing_off",  # at a low pack
        "evencell.config.load", "evencell.startup",  # of a start that is no wake
        "evencell.update.outcome", "evencell.update.state",  # an update is confirmed by wakes, too
    },
    "storage": {
        "binascii", "errno", "io", "json", "os", "struct", "frozen_files",
        "evencell.compat", "evencell.runtime.lazy", "evencell.storage", "evencell.text",
    },
    "runtime": {
        "asyncio", "gc", "io", "json", "os", "select", "sys", "time",
        "evencell", "evencell.compat", "evencell.runtime", "evencell.storage", "evencell.text",
    },
    "net": {
        "asyncio", "errno", "os", "select", "socket",
        "evencell.compat", "evencell.net", "evencell.runtime.backoff", "evencell.runtime.lazy",
    },
    "setup": {
        "gc", "json", "os", "evencell", "evencell.compat", "evencell.config", "evencell.forward.http", "evencell.net",
        "evencell.runtime.backoff", "evencell.runtime.lazy", "evencell.setup", "evencell.storage",
        "evencell.runtime.boot_state",  # its end is a restart by an owner
    },
    "clock": {
        "asyncio", "errno", "json", "os", "socket", "struct", "sys", "time",
        "evencell.clock", "evencell.compat", "evencell.net.errors",
        "evencell.net.network_backoff", "evencell.runtime.lazy", "evencell.storage",
    },
    "config": {
        "binascii", "gc", "json", "os", "evencell.compat", "evencell.config", "evencell.storage",
        "evencell.runtime.lazy",
        "evencell.runtime.log",  # its levels
        "evencell.pack.limits", "evencell.pack.alarms",  # what the owner's limits replace, and what ends a policy
        "evencell.pack.temperature", "evencell.protocol.jk_settings",  # the words that the configuration may use
        "evencell.clock.zone",  # whether a rule is one
        "evencell.pack.scale_setting", "evencell.control.preset",  # another one while the device runs
    },
}  # fmt: skip

# What every folder may import, as if it were part of the language; and the composition root, which is two files.
BASE = {"evencell", "evencell.compat", "evencell.runtime.lazy", "evencell.text"}
ROOT_MODULES = {"evencell.app", "evencell.startup"}


@functools.cache
def texts() -> dict[str, str]:
    return texts_of(firmware_sources())


@functools.cache
def imports() -> dict[str, Imports]:
    return graph(texts())


@functools.cache
def text_of(path: Path) -> str:
    return path.read_text("utf-8")


def tree_of(path: Path) -> ast.Module:
    return parsed(text_of(path))


def nodes_of(path: Path) -> tuple[ast.AST, ...]:
    return nodes(tree_of(path))


@functools.cache
def names_imported(path: Path) -> set[str]:
    """Every module that the file imports, wherever in it, or loads by its name."""
    found = Imports(text_of(path), texts())
    return found.at_import | found.lazily


def folder_of(module: str) -> str:
    """The folder of a module, or the module where it is in none."""
    if module in ROOT_MODULES:
        return "composition root"
    return ".".join(module.split(".")[:2])


def is_allowed(name: str, allowed: set[str]) -> bool:
    if name in allowed:
        return True
    return any(name.startswith(prefix + ".") for prefix in allowed if prefix != "evencell")


def by_name(path: Path) -> str:
    return path.relative_to(FIRMWARE).as_posix()


def against(rule: Callable[[Path], Iterable], paths: Iterable[Path] = MODULES) -> dict[str, list]:
    """File → what `rule` says against it, for those against which it says anything. One test for all of them: they are
    hundreds, and each test costs more than the look at a file."""
    found = {path.relative_to(ROOT).as_posix(): list(rule(path)) for path in paths}
    assert found
    return {name: faults for name, faults in found.items() if faults}


def functions_of(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for node in nodes_of(path) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]


def test_a_module_imports_only_what_its_folder_may():
    def forbidden(path: Path) -> set[str]:
        allowed = ALLOWED[path.relative_to(PACKAGE).parts[0]]
        return {name for name in names_imported(path) if not is_allowed(name, allowed)}

    assert against(forbidden, [path for path in MODULES if path.parent != PACKAGE]) == {}


def test_no_module_leads_back_to_itself_while_it_is_imported():
    """An import in a function may: a lazy module uses what the module defines that loads it."""
    assert circles({module: found.at_import for module, found in imports().items()}) == []


def test_no_folder_leads_back_to_itself():
    """At import or later. Within a folder, a lazy module belongs to the module that loads it."""
    edges: dict[str, set[str]] = {}
    for module, found in imports().items():
        if module not in BASE:
            others = (found.at_import | found.lazily) & texts().keys() - BASE
            edges.setdefault(folder_of(module), set()).update(map(folder_of, others))
    assert circles({folder: others - {folder} for folder, others in edges.items()}) == []


def test_hardware_has_one_door():
    assert against(lambda path: names_imported(path) & HARDWARE) == {}


def test_the_boot_files_are_the_exceptions_to_the_one_door():
    """boot.py claims the memory of both heaps before anything else is loaded, a board file too (docs/memory.md).

    main.py resets where no board file could be loaded.
    """
    assert names_imported(FIRMWARE / "boot.py") & HARDWARE == {"machine", "network", "esp32"}
    assert names_imported(FIRMWARE / "main.py") & HARDWARE == {"machine"}


def test_the_firmware_never_imports_the_tools():
    others = ("tools", "host_tests", "boards")
    assert against(lambda path: {name for name in names_imported(path) if name.split(".")[0] in others}) == {}


def test_simulator_imports_no_other_tool_but_options():
    def forbidden(path: Path) -> set[str]:
        of_tools = {name for name in names_imported(path) if name.split(".")[0] == "tools"}
        return {name for name in of_tools if not is_allowed(name, {"tools.sim", "tools.cli.options"})}

    assert against(forbidden, Path(ROOT).glob("tools/sim/*.py")) == {}


def test_modules_for_writing_are_imported_only_during_a_command():
    """In a function, or by each other."""

    def writing(path: Path) -> set[str]:
        module = module_of(by_name(path))
        return set() if module in WRITING else WRITING & imports()[module].at_import

    assert against(writing) == {}


def test_what_micropython_lacks_is_not_used():
    missing = {"typing", "__future__", "dataclasses", "abc", "enum", "functools", "contextlib", "logging", "traceback"}
    others = [path for path in MODULES if path.name != "compat.py"]
    assert against(lambda path: names_imported(path) & missing, others) == {}


def test_nothing_newer_than_micropython_1_24_is_used():
    """A list of names, so no proof: the tests that run on 1.24 are more. But no board is there to run `boards` on."""

    def newer(path: Path) -> list:
        attributes = {node.attr for node in nodes_of(path) if isinstance(node, ast.Attribute)}
        calls = [node for node in nodes_of(path) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
        with_default = [node.lineno for node in calls if node.func.id == "next" and len(node.args) > 1]  # since 1.25
        return [*(names_imported(path) & NEWER_MODULES), *(attributes & NEWER_NAMES), *with_default]

    assert against(newer, [*MODULES, *OUTSIDE]) == {}


def test_only_the_supervisor_catches_everything():
    def catching(path: Path) -> list[int]:
        handlers = [node for node in nodes_of(path) if isinstance(node, ast.ExceptHandler)]
        return [node.lineno for node in handlers if kinds(node) & {"Exception", "BaseException", "bare"}]

    def kinds(node: ast.ExceptHandler) -> set[str]:
        return {part.id for part in ast.walk(node.type) if isinstance(part, ast.Name)} if node.type else {"bare"}

    assert against(catching, [path for path in MODULES if path.name != "supervisor.py"]) == {}


def test_nothing_is_created_at_import():
    """At the top of a module stand imports, definitions, constants and the docstring: no object of a class of ours,
    but where MicroPython's names are made up for."""

    def creating(path: Path) -> list[int]:
        statements = [node for node in tree_of(path).body if isinstance(node, (ast.Assign, ast.Expr))]
        calls = [part for node in statements for part in ast.walk(node) if isinstance(part, ast.Call)]
        named = [call for call in calls if isinstance(call.func, ast.Name)]
        return [call.lineno for call in named if call.func.id not in ("const", "bytes", "tuple")]

    assert against(creating, [path for path in MODULES if path.name != "compat.py"]) == {}


def test_a_constant_has_a_statement_of_its_own():
    """Else MicroPython's compiler makes a variable of it: `A, B = const(1), const(2)`."""

    def together(path: Path) -> list[int]:
        assigned = [node for node in tree_of(path).body if isinstance(node, ast.Assign)]
        several = [node for node in assigned if not isinstance(node.targets[0], ast.Name)]
        return [node.lineno for node in several if "const(" in ast.unparse(node.value)]

    assert against(together) == {}


def test_every_module_and_public_name_has_a_docstring():
    def without(path: Path) -> list[str]:
        tree = tree_of(path)
        classes = [node for node in nodes_of(path) if isinstance(node, ast.ClassDef)]
        functions = [node for node in tree.body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
        public = [node for node in (*classes, *functions) if not node.name.startswith("_")]
        nameless = [] if ast.get_docstring(tree) else ["the module"]
        return nameless + [node.name for node in public if not ast.get_docstring(node)]

    assert against(without) == {}


def test_what_the_firmware_defines_is_used_by_more_than_tests():
    paths = [*MODULES, *OUTSIDE, *Path(ROOT).glob("tools/**/*.py")]
    words = collections.Counter(itertools.chain(*(re.findall(r"\w+", text_of(path)) for path in paths)))

    def unused(path: Path) -> list[str]:
        definitions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
        defined = [node.name for node in nodes_of(path) if isinstance(node, definitions)]
        assigned = [node.targets[0] for node in tree_of(path).body if isinstance(node, ast.Assign)]
        names = defined + [target.id for target in assigned if isinstance(target, ast.Name)]
        return [name for name in names if words[name] == 1 and not name.startswith("__")]

    assert against(unused) == {}


def test_files_and_functions_stay_small():
    def large(path: Path) -> list[str]:
        functions = [node.name for node in functions_of(path) if node.end_lineno - node.lineno >= 35]
        return functions + ["the file"] * (len(text_of(path).splitlines()) > 400)

    assert against(large) == {}


def test_modules_that_become_one_on_a_chip_have_names_of_their_own():
    merged({name: path.read_text("utf-8") for name, path in firmware_sources().items()})


def test_every_captured_frame_has_an_origin():
    for entry in json.loads((Path(ROOT) / "host_tests/captures/captures.json").read_text()):
        assert entry["origin"] and entry["kind"] in ("recorded", "document", "made up"), entry["name"]


def test_tests_find_what_they_import_from_each_other():
    texts = {path.relative_to(ROOT).as_posix(): path.read_text() for path in Path(ROOT).glob("host_tests/**/*.py")}
    bound = {module_of(name): bound_names(text) for name, text in texts.items()}
    for name, text in texts.items():
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("host_tests"):
                wanted = {alias.name for alias in node.names}
                found = {each for each in wanted if f"{node.module}.{each}" in bound}
                assert wanted <= bound.get(node.module, set()) | found, f"{name}: {node.module}"
