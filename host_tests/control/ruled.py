"""A device whose rules are evaluated tick by tick, for tests."""

import os

from evencell.control.event_log import read
from evencell.control.rule_state import RuleState
from evencell.control.rules import restore, tick
from evencell.control.trend import RESTING
from evencell.hub import Hub
from evencell.pack.pack import ONLINE
from evencell.pack.status import Status
from evencell.pack.temperature import TemperatureScale
from evencell.storage.faults import StorageFaults
from evencell.storage.paths import exists
from host_tests.fakes import FakeClock, FakeKeyValue, FakeLog
from host_tests.portable import scratch_path

TICK_S = 10
NO_LIMITS = {"cell_min_mv": None, "cell_max_mv": None, "charge_min_c": None, "charge_max_c": None}


def flash_without_events() -> str:
    """A folder for the flash, with an empty event log: the 32-bit port gives one name to all tests."""
    storage = scratch_path("flash")
    if not exists(storage):
        os.mkdir(storage)
    folder = storage + "/eventlog"
    if exists(folder):
        for name in os.listdir(folder):
            os.remove(folder + "/" + name)
    return storage


def rule(name: str = "mine", field: str = "delta_mv", **keys) -> dict:
    """One of the owner's rules."""
    found = {"name": name, "field": field, "above": None, "below": None, "hysteresis": 0, "delay_s": 0}
    found.update({"severity": "warning", "text": None, "output": False})
    found.update(keys)
    return found


class FakePack:
    """A pack whose reading is set by the test."""

    name = "pack1"

    def __init__(self):
        self.link = ONLINE
        self.rules = ()
        self.scale = TemperatureScale("0.1")
        self.accepted = Status()
        self.read((3300, 3302, 3301, 3300))

    def read(self, cells_mv, temperature_dc=230, alarms=0):
        """Accept a reading with these values."""
        status = self.accepted
        status.slots = status.cells_detected = status.cells_configured = status.cells_connected = len(cells_mv)
        for i, cell_mv in enumerate(cells_mv):
            status.cells_mv[i] = cell_mv
        status.sum_mv = status.pack_mv = sum(cells_mv)
        status.average_mv = status.sum_mv // len(cells_mv)
        status.highest_cell = cells_mv.index(max(cells_mv)) + 1
        status.lowest_cell = cells_mv.index(min(cells_mv)) + 1
        status.delta_mv = max(cells_mv) - min(cells_mv)
        status.temperature_dc = status.temperature_raw = temperature_dc
        status.alarms = alarms
        status.trigger_mv, status.max_balance_ma, status.balancing_enabled = 5, 2000, True


class Ruled:
    """A context, and what rules_part.py keeps."""

    def __init__(self, *own, builtin=False, limits=(), chemistry="lfp", keys=None, loud=False):
        self.clock = FakeClock(1_790_000_000)
        self.log = FakeLog()
        self.key_values = keys or FakeKeyValue()
        self.config = {}
        self.board = self
        self.storage = flash_without_events()
        self.storage_faults = StorageFaults(self.clock, self.log)
        self.pack = FakePack()
        self.hub = Hub([self.pack], self.clock)
        control = {"builtin_rules": builtin, "builtin_output": loud, "rules": list(own)}
        control["limits"] = dict(NO_LIMITS, **dict(limits))
        self.state = RuleState(self.pack, {"chemistry": chemistry}, control)
        self.state.trend.kind = RESTING
        self.states = [self.state]
        self.rules = self
        self.seen = self.checked = self.noted = 0
        self.config_faults = []
        self.control = None
        self.waiting = []
        self.saved_s = None
        self.is_changed = False
        self.driven = []
        self.output = self.driven.append
        restore(self, self)

    def tick(self, cells_mv=None, ticks=1, **keys):
        """Evaluate so often, 10 s apart, with this reading; returns the events of rules."""
        if cells_mv:
            self.pack.read(cells_mv, **keys)
        for _ in range(ticks):
            self.clock.now_ms += 1000 * TICK_S
            self.clock.now_s += TICK_S
            tick(self, self)
        return self.events()

    def events(self):
        """What was posted since the last call: (name, value, cells …)."""
        found = [self.hub.event(number) for number in range(self.noted, self.hub.posted)]
        self.noted = self.hub.posted
        return [event[3:] for event in found if event and event[1] == "rule"]

    def kept(self) -> list:
        """Events in the event log, without their times."""
        return [fields[1:] for _, fields in read(self, 0)]
