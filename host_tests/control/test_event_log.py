"""The event log: what it keeps, in which order, and what a power cut takes."""

import os

from evencell.control.event_log import MAX_EVENTS, append, encode, read
from evencell.control.event_log_due import write as write_due
from evencell.hub import Hub
from evencell.pack.alarms import ALARMS
from evencell.pack.status import Status
from evencell.storage.faults import StorageFaults
from host_tests.control.ruled import flash_without_events
from host_tests.fakes import FakeClock, FakeKeyValue, FakeLog
from host_tests.portable import raises
from host_tests.storage.test_record_ring import with_power

NOON_S = 1_790_000_000


class Pack:
    """A pack whose reading has these alarms; None before the first one."""

    def __init__(self, alarms: int | None):
        self.name, self.accepted = "pack1", Status()
        self.accepted.alarms = alarms


class Device:
    """A context with a flash, where no rules are evaluated. `storage`: the flash of an earlier start."""

    def __init__(self, storage: str | None = None, alarms: int | None = 0):
        self.rules = self.control = self.lazy_lock = None
        self.board = self
        self.storage = storage or flash_without_events()
        self.clock, self.log = FakeClock(), FakeLog()
        self.storage_faults = StorageFaults(self.clock, self.log)
        self.key_values = FakeKeyValue()
        self.config = {"time": {"zone": "", "utc_offset_min": 60}}
        self.pack = Pack(alarms)
        self.hub = Hub([self.pack], self.clock)
        self.heap, self.gc_limit, self.free_bytes = self, 0, 0

    def gc_heap(self) -> tuple[int, int]:
        """Bytes of the heap, and how many of them are free."""
        return self.gc_limit, self.free_bytes

    def alarm(self, is_raised: bool, name: str = "cell_count"):
        """An alarm of the balancer is raised or ends."""
        status, bit = self.pack.accepted, 1 << ALARMS.index(name)
        status.alarms = status.alarms | bit if is_raised else status.alarms & ~bit
        self.hub.post("alarm", "pack1", name, is_raised, [4] if is_raised else [])

    def pass_time(self, seconds: int):
        """Let time pass, second by second, as app.py does."""
        for _ in range(seconds):
            self.clock.now_ms += 1000
            self.clock.now_s = (self.clock.now_s or NOON_S) + 1
            if self.hub.is_log_due and self.clock.now_ms >= self.hub.log_after_ms:
                write_due(self)

    def kept(self) -> list:
        """What the event log has of each event: name, value, text."""
        return [(fields[3], fields[6], fields[8]) for _, fields in self.events()]

    def events(self, after: int = 0) -> list:
        return list(read(self, after))


def write(to: int, result: str = "written", text: str = "") -> tuple:
    return (NOON_S, "settings", "pack1", "trigger_mv", "page", 5, to, result, text)


def test_events_are_numbered_from_1_and_kept_over_a_restart():
    device = Device()
    assert device.events() == []
    append(device, [write(10)])
    append(device, [write(12), (None, "policy", "pack1", "top", "policy", False, True, "", "on: always")])
    assert device.events() == [
        (1, list(write(10))),
        (2, list(write(12))),
        (3, [None, "policy", "pack1", "top", "policy", False, True, "", "on: always"]),
    ]
    assert [number for number, _ in device.events(2)] == [3]
    assert device.events(3) == device.events(99) == []


def test_the_200_newest_are_shown_and_the_flash_stays_bounded():
    device = Device()
    for number in range(0, 330, 3):
        append(device, [write(number + i) for i in range(3)])
    found = device.events()
    assert len(found) == MAX_EVENTS
    assert [fields[6] for _, fields in found] == list(range(330 - MAX_EVENTS, 330))
    assert found[-1][0] == 330
    folder = device.storage + "/eventlog/"
    assert sum(os.stat(folder + name)[6] for name in os.listdir(folder)) <= 9 * 4096


def test_a_refusal_that_repeats_is_kept_once():
    """Nothing was written; a write that failed on the wire is kept each time."""
    device = Device()
    for _ in range(5):
        append(device, [write(99, "refused", "no")])
    append(device, [write(99, "refused", "no")] * 2)
    assert len(device.events()) == 1
    append(device, [write(10), write(99, "refused", "no"), write(10, "no_answer"), write(10, "no_answer")])
    assert [fields[7] for _, fields in device.events()] == ["refused", "written", "refused", "no_answer", "no_answer"]


def test_of_different_refusals_by_one_source_one_a_minute_is_kept():
    """Two commands in turn, for hours, must not wear the flash, nor take the place of all other events."""
    device = Device()
    for second in range(180):
        event = list(write(1000 + second, "refused", "no"))
        event[0] += second
        append(device, [tuple(event)])
    assert [fields[6] for _, fields in device.events()] == [1000, 1060, 1120]
    undated = list(write(7, "refused", "no"))
    undated[0] = None
    append(device, [tuple(undated)])
    undated[4] = "mqtt"
    append(device, [tuple(undated)])
    assert [fields[4] for _, fields in device.events()] == ["page", "page", "page", "mqtt"]


def test_a_long_sentence_is_shortened():
    device = Device()
    text = "Balancing should stay off: ± " * 20
    append(device, [write(10, "refused", text)])
    ((_, fields),) = device.events()
    assert fields[:8] == list(write(10, "refused"))[:8]
    assert len(fields[8]) > 40 and fields[8].endswith("…") and text.startswith(fields[8][:-1])
    assert len(encode(list(write(1, "refused", text)))) == len(encode(list(write(1))))


def test_long_names_leave_a_whole_event():
    event = (NOON_S, "settings", "p" * 24, "balancing_enabled", "policy", False, True, "refused_by_balancer", "x" * 200)
    device = Device()
    append(device, [event])
    assert device.events()[0][1][:8] == list(event[:8])


def test_a_flash_that_takes_nothing_is_said_and_loses_the_event_alone():
    device = Device()
    device.storage += "/none"
    append(device, [write(10)])
    assert device.events() == []
    assert "event log" in device.storage_faults.status()["problem"]


def test_a_damaged_record_is_left_out():
    device = Device()
    append(device, [write(10), write(11), write(12)])
    path = device.storage + "/eventlog/0"
    with open(path, "rb") as file:
        data = bytearray(file.read())
    data[170] ^= 1
    with open(path, "wb") as file:
        file.write(data)
    assert [number for number, _ in device.events()] == [1, 3]


def test_a_power_cut_takes_no_event_that_was_kept():
    """At each byte that is written, each removal, each new file; with a segment that is pushed out."""
    steps, is_whole = 0, False
    while not is_whole:
        device = Device()
        append(device, [write(number) for number in range(224)])
        acknowledged = []

        def live(device=device, acknowledged=acknowledged):
            for number in range(224, 227):
                append(device, [write(number)])
                acknowledged.append(number)

        is_whole = with_power(steps, live)
        shown = [fields[6] for _, fields in device.events()]
        assert shown == list(range(shown[0], shown[-1] + 1))
        assert shown[-1] >= (acknowledged or [223])[-1] and len(shown) == MAX_EVENTS
        append(device, [write(1000)])
        assert device.events()[-1][1][6] == 1000
        steps += 37  # a record takes 160 of them
    assert steps > 400


def test_alarms_are_kept_where_no_rules_are_evaluated():
    device = Device()
    device.alarm(True)
    device.pass_time(1)
    device.pass_time(100)
    device.alarm(False)
    device.pass_time(100)
    device.alarm(True)
    device.pass_time(1)
    assert device.kept() == [("cell_count", True, "4"), ("cell_count", False, ""), ("cell_count", True, "4")]
    assert [fields[0] for _, fields in device.events()] == [NOON_S, NOON_S + 101, NOON_S + 201]


def test_an_alarm_that_lasts_over_a_restart_is_kept_once_and_one_that_ended_meanwhile_is_over():
    device = Device()
    device.alarm(True)
    device.alarm(True, "wire_resistance")
    device.pass_time(1)
    again = Device(device.storage, alarms=None)
    again.hub.post("link", "pack1", "link", "offline")
    again.pass_time(1)
    assert not again.hub.is_log_due
    again.pack.accepted.alarms = 0
    again.alarm(True)  # the first reading has it
    again.hub.post("link", "pack1", "link", "online")
    again.pass_time(1)
    assert again.kept()[2:] == [("wire_resistance", False, "")]


def test_an_alarm_that_flutters_is_written_once_a_minute_with_two_events():
    device, writes = Device(), set()
    for second in range(600):
        device.alarm(second % 2 == 0)
        before = len(device.kept())
        device.pass_time(1)
        if len(device.kept()) > before:
            writes.add(second)
    assert 9 <= len(writes) <= 10
    assert len(device.kept()) <= 2 * len(writes)
    values = [value for _, value, _ in device.kept()]
    assert values == [number % 2 == 0 for number in range(len(values))]
    device.pass_time(60)
    assert device.kept()[-1][1] is False


def test_policies_are_kept_where_no_rules_are_evaluated():
    device = Device()
    for is_on in (True, True, False):
        device.hub.post("policy", "pack1", "balancing_enabled", is_on)
        device.pass_time(61)
    again = Device(device.storage)
    again.hub.post("policy", "pack1", "balancing_enabled", False)
    again.hub.post("policy", "pack1", "preset", "top")
    again.pass_time(1)
    assert [value for _, value, _ in again.kept()] == [True, False]


def test_what_waits_stands_before_a_write_and_nothing_is_loaded_for_other_events():
    device = Device()
    device.alarm(True)
    device.pass_time(1)
    device.alarm(False)
    append(device, [write(10)])
    assert [name for name, _, _ in device.kept()] == ["cell_count", "cell_count", "trigger_mv"]
    for kind in ("settings", "config", "network", "diagnosis", "link"):
        device.hub.post(kind, "pack1", "any", "online")
    assert not device.hub.is_log_due


def test_it_waits_for_memory():
    device = Device()
    device.gc_limit, device.free_bytes = 100_000, 11_000
    device.alarm(True)
    device.pass_time(30)
    assert device.kept() == []
    device.free_bytes = 13_000
    device.pass_time(10)
    assert device.kept() == [("cell_count", True, "4")]


def test_what_fails_is_not_tried_each_second():
    device = Device()
    device.storage_faults = None
    device.storage += "/none"
    device.alarm(True)
    raises(AttributeError, lambda: device.pass_time(1))
    device.pass_time(100)
