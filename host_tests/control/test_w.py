"""The W switch: when it is on and off, and why. A model of balancer and wire stands for the pack."""

from evencell.control import w_step
from evencell.control.part import start
from evencell.control.state import PolicyState
from evencell.control.w_output import WSwitch, output_of
from evencell.pack.alarms import WIRE_RESISTANCE
from evencell.pack.low_level import BALANCER_OFF
from evencell.pack.pack import ASLEEP, OFFLINE, ONLINE
from evencell.pack.status import Status
from evencell.runtime.lazy_lock import LazyLock
from host_tests.fakes import FakeClock, FakeKeyValue, FakeLog

_STEP_S = 10
_GOOD_MV = (3310, 3312, 3311, 3313)
_KEY = "w:pack1"


class _Hub:
    low = None

    def __init__(self, pack):
        self.packs = [pack]
        self.events = []

    def post(self, kind, _pack, name, value):
        self.events.append((kind, name, value))


class _Bus:
    answers = 0


class _Pack:
    name = "pack1"
    low_level, limits = 0, (3000, 166, 0)

    def __init__(self):
        self.accepted = Status()
        self.link = None
        self.bus = _Bus()
        self.sequence = 0
        self.read_ms = 0

    def age_ms(self, clock):
        return clock.uptime_ms() - self.read_ms if self.sequence else None


class _Output:
    """`level` as on the wire: the resistor's while it is released."""

    def __init__(self, resistor: bool):
        self._resistor = self.level = resistor
        self.changes = []

    def drive(self, is_on):
        self.level = is_on
        self.changes.append(is_on)

    def release(self):
        self.level = self._resistor


class _Context:
    def __init__(self, resistor="off", policy=True, kept=(1, 0, 0), now_s=None, at_start="unchanged"):
        self.lazy_lock = LazyLock()
        self.clock = FakeClock(now_s)
        self.log = FakeLog()
        self.key_values = FakeKeyValue()
        if kept:
            self.key_values.kept[_KEY] = list(kept)
        pack = _Pack()
        self.hub = _Hub(pack)
        w = {
            "enabled": True,
            "resistor": resistor,
            "inverted": None,
            "guard_on_s": 60,
            "guard_every_s": 3600,
            "measure": False,
        }
        settings = {"address": 1, "chemistry": "lfp"}
        self.config = {"packs": [settings], "control": {"w": w, "policy": {"at_start": at_start}, "limits": None}}
        self.output = _Output(resistor == "on")
        self.policy = PolicyState(pack, settings, 0) if policy else None
        self.w = WSwitch(self, self.output, w, self.policy)


class _Device:
    """Steps a switch through time; `answers`: whether the balancer does while it has its supply."""

    def __init__(self, **options):
        self.context = _Context(**options)
        self.logged = []
        w_step.call = lambda _module, _function, _context, events: self.logged.extend(events)
        self.w, self.policy = self.context.w, self.context.policy
        self.output, self.pack = self.context.output, self.w.pack
        self.answers = True
        self.cells_mv = _GOOD_MV
        self.alarms = 0
        self.wanted = False
        self.is_undecided = False

    @property
    def now_s(self) -> int:
        return self.context.clock.now_ms // 1000

    def run(self, seconds: int):
        """Time passes; the poller reads, the policy decides, the switch steps."""
        end_s = self.now_s + seconds
        while self.now_s < end_s:
            self.context.clock.now_ms += 1000 * (2 if self.w.deadline_s else _STEP_S)
            if self.context.clock.now_s is not None:
                self.context.clock.now_s += 2 if self.w.deadline_s else _STEP_S
            if self.pack.link != ASLEEP or self.w.deadline_s:
                self._poll()
            if w_step.step(self.w, self.context, self.now_s):
                self.w.set_link(ASLEEP)
                self.w.drive(False)

    def _poll(self):
        if not (self.output.level and self.answers):
            if not self.w.deadline_s or self.pack.link != ASLEEP:
                self.pack.link = OFFLINE
            return
        status = Status()
        status.slots = status.cells_detected = status.cells_configured = status.cells_connected = 4
        for i, cell_mv in enumerate(self.cells_mv):
            status.cells_mv[i] = cell_mv
        status.lowest_cell = self.cells_mv.index(min(self.cells_mv)) + 1
        status.alarms, status.pack_mv = self.alarms, sum(self.cells_mv)
        self.pack.accepted, self.pack.link = status, ONLINE
        self.pack.sequence += 1
        self.pack.read_ms = self.context.clock.now_ms
        if self.policy:
            self.policy.decided_s = self.now_s
            self.policy.is_on = self.wanted
            self.policy.is_undecided = self.is_undecided
            self.policy.reason = "off: not worth it"


def test_without_a_policy_by_choice_it_stays_on_and_another_preset_has_it_read_at_once():
    device = _Device()
    device.run(300)
    assert device.output.level is False
    device.policy.preset = "off"
    w_step.hasten(device.w, device.context, device.now_s)
    device.run(600)
    assert device.output.level is True
    assert device.w.reason == "on: no policy switches it"
    device.policy.preset = "storage"
    device.run(300)
    assert device.output.level is False


def test_a_choice_does_not_shorten_the_pause_of_a_balancer_that_does_not_answer():
    device = _Device()
    device.run(300)
    assert device.output.level is False
    device.answers = False
    w_step.hasten(device.w, device.context, device.now_s)
    device.run(60)
    assert (device.output.level, device.w.cycles) == (False, 1)
    w_step.hasten(device.w, device.context, device.now_s)
    device.run(300)
    assert (device.output.level, device.w.cycles) == (False, 1)


def test_a_resistor_that_is_off_leaves_the_pack_asleep_and_nothing_is_driven_at_first():
    device = _Device(resistor="off")
    assert device.w.level is None
    assert device.pack.link == ASLEEP
    assert device.output.changes == []


def test_the_guard_reads_for_a_minute_per_hour():
    device = _Device()
    device.run(24 * 3600)
    assert device.output.changes == [True, False] * 24
    assert device.pack.link == ASLEEP
    assert device.w.reason == "off: not worth it"


def test_what_the_policy_wants_stays_on_and_then_goes_off_at_once():
    device = _Device()
    device.wanted = True
    device.run(7200)
    assert device.output.changes == [True]
    device.wanted = False
    device.run(_STEP_S)
    assert device.output.changes == [True, False]


def test_an_undecided_policy_is_given_20_minutes_to_know_whether_the_pack_rests():
    device = _Device()
    device.is_undecided = True
    device.run(1100)
    assert device.output.level
    device.run(200)
    assert not device.output.level


def test_without_a_reading_that_passed_nothing_is_switched_on_but_by_an_owner():
    device = _Device(kept=None)
    device.run(2 * 86_400)
    assert device.output.changes == []
    assert "no reading says that it may be switched on" in device.w.reason
    device.w.is_insisted = True
    device.run(3600)
    assert device.output.changes[:2] == [True, False]
    assert device.context.key_values.kept[_KEY][0] == 1
    device.run(3600)
    assert device.output.changes[2:] == [True, False]


def test_a_reading_that_fails_ends_the_trial_and_no_other_follows():
    for cells_mv, alarms in (((2400, 3310, 3311, 3312), 0), (_GOOD_MV, WIRE_RESISTANCE)):
        device = _Device()
        device.cells_mv, device.alarms = cells_mv, alarms
        device.run(86_400)
        assert device.output.changes == [True, False]
        assert device.context.key_values.kept[_KEY][0] == 0
        assert ("w", "unsafe", 0) in device.context.hub.events


def test_no_answer_ends_the_trial_within_30_s_and_the_next_ones_come_ever_later():
    device = _Device(now_s=1_800_000_000)
    device.answers = False
    on_s, off_s = [], []
    while device.now_s < 3 * 86_400:
        before = len(device.output.changes)
        device.run(2)
        if len(device.output.changes) > before:
            (on_s if device.output.level else off_s).append(device.now_s)
    assert all(off_s[i] - on_s[i] <= 30 for i in range(len(off_s)))
    assert len(on_s) <= 11
    assert on_s[2] - on_s[1] > on_s[1] - on_s[0] >= 600
    assert device.pack.link == OFFLINE
    assert device.context.key_values.kept[_KEY][1] == 8


def test_the_pause_between_cycles_outlives_a_restart():
    device = _Device(kept=(1, 3, 1_800_000_000 - 60), now_s=1_800_000_000)
    device.run(2200)
    assert device.output.changes == []
    device.run(300)
    assert device.output.changes == [True, False]


def test_a_balancer_that_stops_answering_is_power_cycled():
    device = _Device(resistor="on", policy=False, now_s=1_800_000_000)
    device.run(60)
    assert device.output.changes == [True]
    device.answers = False
    device.run(200)
    assert device.output.changes[:3] == [True, False, True]
    assert ("w", "power_cycle", 1) in device.context.hub.events
    assert [event[3] for event in device.logged][:2] == ["power_cycle", "no_answer"]
    assert device.logged[0][-1] == "off for 10 s: the balancer does not answer"
    device.answers = True
    device.run(700)
    assert device.pack.link == ONLINE


def test_a_clock_that_was_set_back_forbids_no_power_cycle():
    """The time of the last one lies years ahead then, in this run and in the one before."""
    for kept in ((1, 0, 0), (1, 1, 2_100_000_000)):
        device = _Device(resistor="on", policy=False, kept=kept, now_s=1_800_000_000)
        device.run(700)
        device.answers = False
        device.run(300)
        assert device.context.hub.events[-2][1] == "power_cycle"
        device.context.clock.now_s -= 300_000_000
        cycles = device.w.cycles
        device.run(5000)
        assert device.w.cycles > cycles


def test_power_cycles_of_one_that_hangs_again_and_again_are_bounded():
    device = _Device(resistor="on", policy=False, now_s=1_800_000_000)
    for _ in range(7 * 144):
        device.answers = True
        device.run(300)
        device.answers = False
        device.run(300)
    cycles = [event for event in device.context.hub.events if event[1] in ("power_cycle", "no_answer")]
    assert len(cycles) <= 8 * 8


def test_a_bad_reading_forbids_a_power_cycle():
    device = _Device(resistor="on", policy=False)
    device.alarms = WIRE_RESISTANCE
    device.run(60)
    assert device.output.changes == []
    device.answers = False
    device.run(86_400)
    assert device.output.changes == []


def test_a_policy_is_forbidden_at_once_and_the_balancer_is_off():
    device = _Device(resistor="on")
    device.wanted = True
    device.run(600)
    assert device.output.level
    device.alarms = WIRE_RESISTANCE
    device.run(_STEP_S)
    assert not device.output.level
    assert device.w.reason == "off: the balancer reports that a wire's resistance is too high"


def test_an_old_reading_switches_nothing():
    """While a poll waits for its answer the link is still online."""
    device = _Device(resistor="on")
    device.wanted = True
    device.run(60)
    device.pack.sequence += 1
    device.context.clock.now_ms += 25_000
    assert device.pack.link == ONLINE
    assert not w_step.step(device.w, device.context, device.now_s)
    assert device.output.level and device.output.changes == [True]
    assert device.context.hub.events == []


def test_a_low_pack_is_read_less_often():
    device = _Device()
    device.cells_mv = (2950, 2960, 2955, 2958)
    device.run(86_400)
    assert device.output.changes == [True, False] * 4


def test_a_low_pack_is_off_but_for_readings_whatever_is_wanted():
    """With and without a policy, and with either resistor."""
    for options in ({}, {"policy": False}, {"resistor": "on"}, {"resistor": "on", "policy": False}):
        device = _Device(**options)
        device.wanted = True
        device.pack.low_level = BALANCER_OFF
        device.cells_mv = (2800, 2810, 2805, 2808)
        device.run(86_400)
        assert device.output.changes == [True, False] * 4, options
        assert device.w.reason == "off: the pack is low"
        device.pack.low_level, device.cells_mv = 0, _GOOD_MV
        device.run(86_400)
        assert device.output.level


def test_a_low_pack_that_recovers_is_read_until_that_is_known():
    device = _Device()
    device.pack.low_level = BALANCER_OFF
    device.cells_mv = (2800, 2810, 2805, 2808)
    device.run(3_600)
    recovering = [True]
    w_step.call = lambda _module, _function, *_: recovering[0]
    device.context.hub.low = [False]
    device.cells_mv = _GOOD_MV
    device.run(86_400)
    assert device.output.level and device.w.reason == "on to read: the pack is low"
    recovering[0] = False
    device.run(_STEP_S)
    assert not device.output.level


def test_a_low_pack_with_a_cell_outside_its_limits_is_off_and_not_read():
    device = _Device(resistor="on", policy=False)
    device.pack.low_level = BALANCER_OFF
    device.cells_mv = (2400, 2810, 2805, 2808)
    device.run(86_400)
    assert device.output.level is False and device.output.changes == [False]


def test_a_policy_by_w_begins_as_the_resistor_has_it():
    assert _Device(resistor="on").policy.is_on is True
    assert _Device(resistor="off").policy.is_on is False
    assert _Device(resistor="on", at_start="off").policy.is_on is None


class _Started:
    """A supervisor that starts nothing, and a board with a pin for the switch."""

    def start(self, _name, _run):
        """Nothing."""

    def w_output(self, _is_inverted):
        return _Output(False)


def test_where_the_configuration_does_not_say_it_the_w_switch_carries_out_a_policy():
    for by, has_w, expected in ((None, True, "w"), (None, False, "f6"), ("f6", True, "f6"), ("w", True, "w")):
        context = _Context()
        context.board, context.supervisor, context.at_end = _Started(), _Started(), []
        policy = {"preset": "rest", "by": by, "conditions": [], "at_start": "unchanged"}
        context.config["control"]["policy"] = policy
        context.config["control"]["w"]["enabled"] = has_w
        start(context)
        (state,) = context.control.states
        assert context.control.config["by"] == expected
        w = context.control.w
        assert (w.policy if w else None) is (state if expected == "w" else None)


class _Board:
    def w_output(self, is_inverted):
        return is_inverted


def test_a_switch_that_is_on_by_its_resistor_is_driven_the_other_way_round():
    for resistor, inverted, expected in (
        ("off", None, False),
        ("on", None, True),
        ("on", False, False),
        ("off", True, True),
    ):
        assert output_of(_Board(), {"resistor": resistor, "inverted": inverted}) is expected


def test_a_switch_whose_part_fails_is_released():
    device = _Device(resistor="off")
    device.w.switch_on()
    assert device.output.level
    device.w._context = None  # a bug
    try:
        device.w.run().send(None)
    except AttributeError:
        pass
    assert not device.output.level
    assert device.w.level is None and device.w.deadline_s == 0
