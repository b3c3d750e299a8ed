"""Makes pytest run the shared test files on MicroPython too: an item for each test and interpreter."""

import ast
import functools
import json
import os
import shutil
import signal
import subprocess
import sys
from importlib.machinery import SOURCE_SUFFIXES, FileFinder, SourceFileLoader
from pathlib import Path

import pytest

from evencell.runtime import lazy
from host_tests.scheduling import (  # noqa: F401
    pytest_collection_finish,
    pytest_collection_modifyitems,
    pytest_configure,
    pytest_runtest_setup,
    pytest_xdist_auto_num_workers,
)
from tools.build.common import BUILD, FIRMWARE, ROOT, node_program
from tools.build.passes import CONSTANTS, SHORTEN, rewritten
from tools.build.tree import alone, board_data, compile_module, data_files, firmware_sources
from tools.dev.device import micropython

# A shell's background job ignores Ctrl-C, and so would the commands that tests interrupt: they inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

HOST_TESTS = ROOT / "host_tests"
NODE_MODULES = Path(sys.prefix) / "node_modules"
# The 32-bit port, and that of the oldest MicroPython that evencell runs on: with the sources, and as built for a chip.
WEBASSEMBLY = {
    "32bit": NODE_MODULES / "@micropython/micropython-webassembly-pyscript",
    "1.24": NODE_MODULES / "micropython-1.24",
    "1.24 compiled": NODE_MODULES / "micropython-1.24",
}

# Which shared files each interpreter runs. The 32-bit port has no event loop of its own, so no test that awaits.
_WITHOUT_LOOP = (
    "runtime/test_after_start.py",
    "protocol",
    "pack",
    "control",
    "history",
    "clock/test_clock.py",
    "clock/test_zone.py",
    "config",
    "net/test_station.py",
    "runtime/test_backoff.py",
    "runtime/test_boot_state.py",
    "runtime/test_crashes.py",
    "runtime/test_log.py",
    "runtime/test_watchdog.py",
    "storage/test_files.py",
    "storage/test_key_value.py",
    "storage/test_record_ring.py",
    "storage/test_data_files.py",
    "storage/test_state_file.py",
    "storage/test_strict_json.py",
    "net/test_errors.py",
    "net/test_tcp.py",
    "runtime/test_memory.py",
    "runtime/test_plan.py",
    "runtime/test_lazy.py",
    "forward/mqtt/test_command_message.py",
    "display/test_trend.py",
    "display/test_view.py",
    "display/test_button.py",
    "display/test_light.py",
    "display/test_extremes.py",
    "display/test_screen.py",
    "power/test_due.py",
    "power/test_interval.py",
    "power/test_state.py",
    "forward/mqtt/test_discovery.py",
    "forward/mqtt/test_errors.py",
    "forward/mqtt/test_time_source.py",
    "forward/test_change_filter.py",
    "forward/test_status_json.py",
    "test_chips.py",
    "test_displays.py",
    "test_text.py",
    "update/test_signature.py",
)
SHARED = {
    "unix": (
        *_WITHOUT_LOOP,
        "link",
        "runtime/test_event_loop.py",
        "net/test_reachability.py",
        "net/test_captive_dns.py",
        "clock/test_sntp_query.py",
        "net/test_network_backoff.py",
        "net/test_send.py",
        "forward/http/test_event_stream.py",
        "forward/outbox/test_outbox.py",
        "forward/outbox/test_mqtt_sink.py",
        "forward/http/test_metrics.py",
        "forward/http/test_pbkdf2.py",
        "runtime/test_lazy_lock.py",
        "storage/test_failing_writes.py",
        "display/test_absent.py",
        "display/test_axes.py",
        "display/test_canvas.py",
        "display/test_device_page.py",
        "display/test_drivers.py",
        "display/test_menu.py",
        "display/test_menu_control.py",
        "display/test_prose.py",
        "display/test_setup_page.py",
        "test_hub.py",
        "runtime/test_supervisor.py",
        "update/test_head.py",
        "update/test_slot_writer.py",
        "formats/test_loading.py",
    ),
    "32bit": _WITHOUT_LOOP,
    "1.24": _WITHOUT_LOOP,
    "1.24 compiled": (
        "pack",
        "history",
        "protocol/test_framing.py",
        "protocol/test_jk_balancer.py",
        "config/test_check.py",
    ),
}
# Most of their time was compiling lazy modules, again for each key. From sources these are kept, as on a chip with
# PSRAM; CPython and the compiled firmware unload them, as a chip without does.
_WITH_KEPT_MODULES = ("config",)
# It has no framebuf, and no stream of its own that asyncio polls.
_NOT_ON_CPYTHON = (
    *(
        f"display/test_{name}.py"
        for name in (
            "absent",
            "axes",
            "canvas",
            "device_page",
            "drivers",
            "menu",
            "menu_control",
            "prose",
            "setup_page",
        )
    ),
    "runtime/test_event_loop.py",
    "storage/test_failing_writes.py",
    "update/test_head.py",
    "update/test_slot_writer.py",
)


def pytest_pycollect_makemodule(module_path: Path, parent):
    """Pytest's own collection finds nothing where CPython can't run the tests."""
    if module_path.relative_to(HOST_TESTS).as_posix() in _NOT_ON_CPYTHON:
        return SharedFile.from_parent(parent, path=module_path, interpreters=())
    return None


@pytest.fixture(autouse=True)
def modules_are_unloaded():
    """As on a chip without PSRAM, whatever a test before has started: that is said once for a process."""
    lazy.keep_modules(False)


# lazy.py looks up each of the firmware's modules among all that were there before: a hundred on a chip, thousands here.
lazy.tuple = frozenset


class _KeptCode(SourceFileLoader):
    """Code of a module that is read once: lazy modules are loaded thousands of times. Each load makes a new module."""

    get_code = functools.cache(SourceFileLoader.get_code)


class _FirmwareFinder:
    """Finds the firmware's modules where CPython does, but looks for each only once."""

    @staticmethod
    @functools.cache
    def _find(name: str, folder: str):
        return FileFinder(folder, (_KeptCode, SOURCE_SUFFIXES)).find_spec(name)

    def find_spec(self, name, path=None, _target=None):
        if name.startswith("evencell.") and path and path[0].startswith(str(FIRMWARE)):
            return self._find(name, path[0])
        return None  # the others find it


sys.meta_path.insert(0, _FirmwareFinder())


def pytest_addoption(parser):
    """For host_tests/display/test_screens.py."""
    parser.addoption("--renew-screens", action="store_true", help="the displays' pictures of now are the right ones")


def pytest_collect_file(file_path: Path, parent):
    """Besides pytest's own collection for CPython."""
    if not file_path.name.startswith("test_") or file_path.suffix != ".py":
        return None
    name = file_path.relative_to(HOST_TESTS).as_posix()
    interpreters = [key for key, places in SHARED.items() if name in places or name.split("/")[0] in places]
    return SharedFile.from_parent(parent, path=file_path, interpreters=interpreters) if interpreters else None


class SharedFile(pytest.File):
    """A test file as the other interpreters see it."""

    def __init__(self, *, interpreters, **kwargs):
        super().__init__(**kwargs)
        self._interpreters = interpreters

    def collect(self):
        tree = ast.parse(self.path.read_text())
        for node in tree.body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                for on in self._interpreters:
                    yield SharedTest.from_parent(self, name=f"{node.name}[{on}]", test=node.name, on=on)


class SharedTest(pytest.Item):
    """One test on one interpreter; the file's tests run in one process."""

    def __init__(self, *, test, on, **kwargs):
        super().__init__(**kwargs)
        self._test = test
        self._on = on

    def runtest(self):
        outcomes, output = run_file(self._on, self.path)
        if self._test not in outcomes:
            raise SharedTestFailed(f"the interpreter ended before this test:\n{output}")
        if outcomes[self._test] is not None:
            raise SharedTestFailed(outcomes[self._test])

    def repr_failure(self, excinfo):
        return str(excinfo.value)

    def reportinfo(self):
        return self.path, None, self.name


class SharedTestFailed(Exception):
    """The other interpreter's traceback."""


def compiled_firmware() -> Path:
    """The tree of a chip's build, in which tests find every module and each name that they import."""
    tree, board = BUILD / "tested", board_data("esp32_generic")
    paths = (path for folder in (ROOT / "boards", HOST_TESTS) for path in sorted(folder.glob("**/*.py")))
    callers = {path.relative_to(ROOT).as_posix(): path for path in paths}
    with alone():
        for name, source in rewritten(
            firmware_sources(), callers, BUILD / "sources-tested", (CONSTANTS, SHORTEN)
        ).items():
            compile_module(source, (tree / name).with_suffix(".mpy"), name, board)
        for name, source in data_files().items():
            shutil.copyfile(source, tree / name)
    return tree


@functools.cache
def run_file(interpreter: str, path: Path) -> tuple[dict, str]:
    """Outcome of each test of the file (None: passed), and all that was printed."""
    module = "host_tests." + path.relative_to(HOST_TESTS).with_suffix("").as_posix().replace("/", ".")
    is_compiled = interpreter.endswith("compiled")
    keeps_modules = str(not is_compiled and path.parent.name in _WITH_KEPT_MODULES)
    environment = {**os.environ, "MICROPYPATH": f"{ROOT}:{FIRMWARE}:.frozen"}
    if interpreter == "unix":
        command = [micropython(), str(HOST_TESTS / "on_micropython.py"), module, keeps_modules]
    else:
        firmware = compiled_firmware() if is_compiled else FIRMWARE
        arguments = [str(WEBASSEMBLY[interpreter]), str(ROOT), str(firmware), module, keeps_modules]
        command = [node_program(), str(HOST_TESTS / "webassembly.mjs"), *arguments]
    options = {"cwd": ROOT, "env": environment, "stdin": subprocess.DEVNULL, "capture_output": True, "text": True}
    result = subprocess.run(command, **options)
    outcomes = {}
    for line in result.stdout.splitlines():
        if line.startswith('{"'):
            outcome = json.loads(line)
            outcomes[outcome["test"]] = outcome["error"]
    return outcomes, result.stdout + result.stderr
