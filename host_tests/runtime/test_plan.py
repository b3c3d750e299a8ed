"""The memory plan of a build, and what the device makes of it."""

import os

from evencell.runtime import plan
from evencell.runtime.log import Log
from evencell.runtime.memory import MemoryPolicy
from evencell.storage.data_files import path_of
from evencell.storage.paths import exists
from host_tests.fakes import FakeClock, ScriptedHeaps
from host_tests.portable import scratch_path

FOLDER = scratch_path("plan")
PATH = FOLDER + "/plan"
WIFI, PAGE, HISTORY, MQTT = (
    "evencell.net.part",
    "evencell.forward.http.routes",
    "evencell.history.recorder",
    "evencell.forward.mqtt.forwarder",
)
MEASURED = "network 1\ngc 118000\nlives page history\nlives 102000 tls mqtt\n"


class Board(ScriptedHeaps):
    storage = FOLDER


class Context:
    def __init__(self, tls: bool = False):
        self.board = Board()
        self.log = Log(FakeClock())
        self.heap = MemoryPolicy(self.board, self.log)
        self.heap.is_plentiful = False
        self.config = {"mqtt": {"tls": tls, "discovery": False}}
        self.config_faults = []
        self.safe_mode = self.canvas = None


def written(text: str) -> str:
    """A plan in a file, and no claim."""
    if not exists(FOLDER):
        os.mkdir(FOLDER)
    if exists(FOLDER + "/claim"):
        os.remove(FOLDER + "/claim")
    with open(PATH, "w") as file:
        file.write(text)
    return PATH


def checked(context, *modules: str):
    """What `check` noted for the next boot; None where it noted nothing."""
    found, plan.path_of = plan.path_of, lambda _name, _file: PATH
    try:
        plan.check(context, list(modules))
    finally:
        plan.path_of = found
    return plan._content(FOLDER + "/claim")


def test_every_line_of_the_plan_is_parsed():
    found = plan.load(written("network 1\ngc 118000\nlog 1024\nstreams 2\nlives page history\nlives mqtt 102000\n"))
    assert found[0] == {"network": 1, "gc": 118_000, "log": 1_024, "streams": 2}
    assert found[1] == [["page", "history"], ["mqtt", "102000"]]


def test_a_missing_or_damaged_plan_plans_nothing():
    for text in ("", "gc", "gc -5", "gc x", "\x00" * 500, "\n"):
        assert plan.load(written(text)) == ({}, [])
    assert plan.load(FOLDER + "/nothing") == ({}, [])


def test_the_plan_lies_beside_the_package():
    assert path_of("plan", "a/evencell/runtime/plan.mpy") == "a/plan"
    assert path_of("plan", "/s/ab.mpy") == "/s/plan"
    assert path_of("plan", "evencell/app.py") == "plan"


def test_a_set_that_was_measured_to_live_is_no_fault():
    written(MEASURED)
    for modules in ((WIFI, PAGE), (WIFI, PAGE, HISTORY), (WIFI, MQTT), (WIFI,), (PAGE, MQTT)):
        context = Context()
        checked(context, *modules)
        assert context.config_faults == []


def test_a_set_that_does_not_live_is_a_fault():
    written(MEASURED)
    context = Context()
    assert checked(context, WIFI, PAGE, HISTORY, MQTT) is None
    assert context.config_faults == [
        "memory: history, mqtt, page take more together than this board has; switch one off (docs/fits.md)"
    ]
    context = Context(tls=True)
    checked(context, WIFI, PAGE, MQTT)
    assert len(context.config_faults) == 1
    context.heap.is_plentiful, context.config_faults = True, []
    checked(context, WIFI, PAGE, MQTT)
    assert context.config_faults == []


def test_unmeasured_set_is_no_fault():
    written("network 1\ngc 118000\n")
    context = Context()
    checked(context, WIFI, PAGE, HISTORY, MQTT)
    assert context.config_faults == []


def test_another_size_than_planned_is_noted_for_the_next_boot():
    written(MEASURED)
    assert checked(Context(), WIFI, PAGE) is None
    assert checked(Context(tls=True), WIFI, MQTT) == "102000"
    assert checked(Context(tls=True), WIFI, MQTT) == "102000"
    assert checked(Context(), WIFI, PAGE) is None
    assert checked(Context(), PAGE) == "off"


def test_a_flash_that_takes_no_note_does_not_end_the_start():
    """A folder in the file's place stands for a full flash."""
    for modules in ((WIFI, MQTT), (WIFI, PAGE)):
        written(MEASURED)
        os.mkdir(FOLDER + "/claim")
        try:
            context = Context(tls=True)
            checked(context, *modules)
            assert "claim can't be written" in context.log.lines()[-1]
        finally:
            os.rmdir(FOLDER + "/claim")
            if exists(FOLDER + "/claim.new"):
                os.remove(FOLDER + "/claim.new")


def test_safe_mode_and_a_computer_note_nothing():
    written(MEASURED)
    context = Context(tls=True)
    context.safe_mode = "a sentence"
    assert checked(context, WIFI, MQTT) is None
    context = Context(tls=True)
    context.board.network = None
    assert checked(context, WIFI, MQTT) is None


def test_growth_is_measured_from_what_was_claimed():
    for claim, limit in (
        (None, 118_000),
        ("102000", 112_000),
        ("off", 0),
        ("9999999999", 118_000),
        ("9" * 99, 118_000),
        ("x", 118_000),
    ):
        written(MEASURED)
        if claim:
            with open(FOLDER + "/claim", "w") as file:
                file.write(claim)
        context = Context()
        found, plan.path_of = plan.path_of, lambda _name, _file: PATH
        plan.use(context)
        plan.path_of = found
        assert context.heap.gc_limit == limit


def test_a_network_that_was_configured_since_the_last_start_is_checked_at_once():
    """The last start found none and noted "off", so this one claimed nothing."""
    written(MEASURED)
    with open(FOLDER + "/claim", "w") as file:
        file.write("off")
    context = Context()
    assert checked(context, WIFI, PAGE) is None
    assert context.heap.gc_limit == 118_000
