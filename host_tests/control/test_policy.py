"""What the balance policy wants, and why."""

import random

from evencell.control.part import Control
from evencell.control.policy import decide, local_minute
from evencell.control.state import PolicyState
from evencell.control.trend import CHARGING, DISCHARGING, RESTING
from evencell.hub import Hub
from evencell.pack.alarms import CELL_COUNT, WIRE_RESISTANCE
from evencell.pack.pack import ONLINE
from evencell.pack.status import Status
from evencell.runtime.lazy import lazy
from host_tests.fakes import FakeClock, FakeLog

_PRESETS = ("off", "always", "top", "rest", "off-ride", "storage", "custom")
_MIN_S = 300
_FRESH_MS = 1_000


def _status(cells_mv=(3410, 3420, 3412, 3411), is_on=False, temperature_dc=230, alarms=0):
    status = Status()
    status.slots = status.cells_detected = status.cells_configured = status.cells_connected = len(cells_mv)
    for i, cell_mv in enumerate(cells_mv):
        status.cells_mv[i] = cell_mv
    status.sum_mv = status.pack_mv = sum(cells_mv)
    status.highest_cell = cells_mv.index(max(cells_mv)) + 1
    status.lowest_cell = cells_mv.index(min(cells_mv)) + 1
    status.delta_mv = max(cells_mv) - min(cells_mv)
    status.temperature_dc = temperature_dc
    status.alarms = alarms
    status.balancing_enabled = is_on
    return status


class _Pack:
    accepted = None
    low_level = 0


class _Policy:
    """A policy with its pack; `decide` as the part calls it."""

    def __init__(self, preset: str, conditions=(), min_s=0, chemistry="lfp", at_start="unchanged"):
        self.config = {"preset": preset, "conditions": conditions, "at_start": at_start}
        self.config["min_on_s"] = self.config["min_off_s"] = min_s
        self.state = PolicyState(_Pack(), {"chemistry": chemistry}, len(conditions))

    def decide(self, status, age_ms, kind, now_s, minute):
        self.state.pack.accepted = status
        self.state.trend.kind = kind
        decide(self.state, self.config, age_ms, now_s, minute)
        return self.state.is_on


def _condition(field, **keys):
    return dict({"field": field, "above": None, "below": None, "hysteresis": 0, "trend": None, "span": None}, **keys)


def _decided(policy, status, kind=RESTING, now_s=0, minute=None, age_ms=_FRESH_MS):
    return policy.decide(status, age_ms, kind, now_s, minute), policy.state.reason


def test_off_leaves_the_balancer_alone_and_a_chosen_preset_goes_before_the_configured_one():
    policy = _Policy("always")
    assert _decided(policy, _status())[0] is True
    policy.state.preset = "off"
    is_on, reason = _decided(policy, _status(), now_s=40, age_ms=None)
    assert is_on is None and reason.startswith("no policy")
    assert policy.state.decided_s == 40
    policy.state.preset = "top"
    assert "top" not in _decided(policy, _status((3300, 3300, 3300, 3300)))[1]
    assert policy.state.is_on is False


def test_own_limits_forbid_and_allow():
    """Also for cells whose chemistry is not known."""
    for chemistry, own, is_on in (
        ("lfp", {"cell_max_mv": 3415}, False),
        ("lfp", {"cell_max_mv": 3600}, True),
        ("custom", {"cell_max_mv": 3600}, False),
        ("custom", {"cell_max_mv": 3600, "cell_min_mv": 3200}, False),  # low below 3500
        ("custom", {"cell_max_mv": 3600, "cell_min_mv": 3000}, True),
    ):
        policy = _Policy("always", chemistry=chemistry)
        policy.state.pack.accepted = _status()
        decide(policy.state, policy.config, _FRESH_MS, 0, None, own)
        assert policy.state.is_on is is_on, (own, policy.state.reason)


def test_off_and_always():
    assert _decided(_Policy("off"), _status(is_on=True))[0] is None
    assert _decided(_Policy("always"), _status()) == (True, "on: always")


def test_top_needs_a_high_cell_and_a_steady_voltage():
    low = _status((3310, 3300, 3305, 3306))
    assert _decided(_Policy("top"), low) == (False, "off: highest cell 3.31 V is below 3.40 V")
    assert _decided(_Policy("top"), _status(), CHARGING) == (
        False,
        "off: highest cell 3.42 V, but the pack is charging",
    )
    assert _decided(_Policy("top"), _status()) == (True, "on: highest cell 3.42 V and the voltage is steady")


def test_top_stays_on_20_mv_below_its_limit():
    policy = _Policy("top")
    assert _decided(policy, _status())[0]
    assert _decided(policy, _status((3385, 3380, 3381, 3382)))[0]
    assert _decided(policy, _status((3379, 3370, 3371, 3372))) == (False, "off: highest cell 3.37 V is below 3.38 V")
    assert not _decided(policy, _status((3385, 3380, 3381, 3382)))[0]


def test_while_the_trend_is_unknown_nothing_changes():
    assert _decided(_Policy("top"), _status(is_on=True), None)[0]
    assert not _decided(_Policy("top"), _status(), None)[0]


def test_rest_waits_for_10_minutes():
    policy = _Policy("rest")
    assert _decided(policy, _status(), RESTING, 0) == (False, "off: at rest for 0 of 600 s")
    assert not _decided(policy, _status(), RESTING, 599)[0]
    assert _decided(policy, _status(), RESTING, 600) == (True, "on: at rest for 10 minutes")
    assert _decided(policy, _status(), DISCHARGING, 610) == (False, "off: the pack is not at rest")


def test_off_ride_balances_unless_the_pack_discharges():
    policy = _Policy("off-ride")
    assert _decided(policy, _status(), DISCHARGING) == (False, "off: the pack is discharging")
    assert _decided(policy, _status(), CHARGING)[0]
    assert _decided(policy, _status(), RESTING)[0]


def test_storage_balances_only_what_is_worth_it():
    policy = _Policy("storage")
    _decided(policy, _status(), RESTING, 0)
    assert _decided(policy, _status(), RESTING, 600) == (False, "off: delta 10 mV is below 15 mV: not worth it")
    assert _decided(policy, _status((3410, 3425, 3412, 3411)), RESTING, 610)[0]
    assert _decided(policy, _status((3410, 3416, 3412, 3411)), RESTING, 620)[0]
    assert not _decided(policy, _status((3410, 3414, 3412, 3411)), RESTING, 630)[0]


def test_custom_names_the_condition_that_fails():
    conditions = [
        _condition("highest_mv", above=3350, hysteresis=10),
        _condition("delta_mv", above=5),
        _condition("temperature_c", above=5, below=40),
        _condition("trend", trend="resting"),
        _condition("time", span=["22:00", "06:00"]),
    ]
    policy = _Policy("custom", conditions)
    night = 23 * 60
    assert _decided(policy, _status(), RESTING, 0, night) == (True, "on: all conditions hold")
    assert _decided(policy, _status((3345, 3330, 3331, 3332)), RESTING, 0, night)[0]
    low = _status((3339, 3330, 3331, 3332))
    assert _decided(policy, low, RESTING, 0, night) == (False, "off: highest cell 3.339 V is below 3.35 V")
    hot = _status(temperature_dc=410)
    assert _decided(policy, hot, RESTING, 0, night)[1] == "off: temperature 41 °C is above 40 °C"
    assert _decided(policy, _status(), CHARGING, 0, night)[1] == "off: the pack is charging"
    assert _decided(policy, _status(), RESTING, 0, 12 * 60)[1] == "off: it is not between 22:00 and 06:00"
    assert _decided(policy, _status(), RESTING, 0, None)[1] == "off: the time is not known"


def test_local_minute_follows_the_zone_and_is_computed_only_if_needed():
    class Context:
        clock = FakeClock(1_795_392_000)  # 2026-11-23, 00:00 UTC
        config = {"time": {"zone": "CET-1CEST,M3.5.0,M10.5.0/3", "utc_offset_min": 30}}

    timed = {"conditions": [_condition("delta_mv", above=5), _condition("time", span=["22:00", "06:00"])]}
    assert local_minute(Context, timed) == 60
    Context.config = {"time": {"zone": None, "utc_offset_min": 30}}
    assert local_minute(Context, timed) == 30
    assert local_minute(Context, {"conditions": [_condition("delta_mv", above=5)]}) is None
    Context.clock = FakeClock()
    assert local_minute(Context, timed) is None


def test_old_data_changes_nothing():
    policy = _Policy("always")
    _decided(policy, _status())
    policy.decide(_status(), 10_001, RESTING, 5, None)
    assert policy.state.is_on
    assert policy.state.reason == "unchanged: the last reading is older than 10 s"
    first = _Policy("always")
    first.decide(_status(), None, RESTING, 5, None)
    assert first.state.is_on is None


def test_what_forbids_balancing_ends_every_preset_at_once():
    forbidden = (
        _status(alarms=WIRE_RESISTANCE),
        _status(alarms=CELL_COUNT),
        _status((3410, 3700, 3412, 3411)),
        _status((2990, 3300, 3300, 3300)),
        _status(temperature_dc=-201),
        _status(temperature_dc=701),
    )
    for preset in _PRESETS:
        for status in forbidden:
            policy = _Policy(preset, min_s=_MIN_S)
            policy.state.is_on = True
            policy.state.since_s = 0
            assert not _decided(policy, status, RESTING, 1)[0], (preset, policy.state.reason)


def test_a_custom_chemistry_without_limits_is_never_switched_on():
    assert _decided(_Policy("always", chemistry="custom"), _status())[0] is False


def test_a_low_cell_must_recover_by_20_mv():
    policy = _Policy("always")
    _decided(policy, _status((3000, 3100, 3100, 3100), is_on=True))
    assert policy.state.is_on
    _decided(policy, _status((2999, 3100, 3100, 3100)))
    assert policy.state.reason == "off: cell 1 is low, 2.99 V: the balancer would discharge it further"
    assert not _decided(policy, _status((3019, 3100, 3100, 3100)))[0]
    assert _decided(policy, _status((3020, 3100, 3100, 3100)))[0]


def test_minimum_time_is_said():
    policy = _Policy("off-ride", min_s=_MIN_S)
    assert _decided(policy, _status(is_on=True), DISCHARGING, 100) == (
        True,
        "on for 300 s more, the minimum time, then off: the pack is discharging",
    )
    assert not _decided(policy, _status(), DISCHARGING, 400)[0]


def test_no_preset_switches_faster_than_its_minimum_times():
    """Any order of healthy readings, trends and ages."""
    random.seed(17)
    for preset in _PRESETS:
        conditions = [_condition("delta_mv", above=random.randint(3, 20)), _condition("trend", trend="resting")]
        policy = _Policy(preset, conditions, _MIN_S)
        now_s, was_on, changed_s = 0, None, 0
        for _ in range(3_000):
            now_s += random.randint(1, 60)
            cells_mv = tuple(random.randint(3300, 3500) for _ in range(4))
            age_ms = random.choice((_FRESH_MS, _FRESH_MS, None, 20_000))
            policy.decide(_status(cells_mv), age_ms, random.choice((None, 0, 1, 2)), now_s, now_s // 60 % 1440)
            if was_on is not None and policy.state.is_on != was_on:
                assert now_s - changed_s >= _MIN_S, preset
                changed_s = now_s
            if was_on is None and policy.state.is_on is not None:
                changed_s = now_s
            was_on = policy.state.is_on


def test_the_state_of_the_start_is_the_owners_choice():
    for at_start, is_on in (("on", True), ("off", False)):
        policy = _Policy("off-ride", min_s=_MIN_S, at_start=at_start)
        assert policy.decide(_status(is_on=not is_on), _FRESH_MS, None, 0, None) is is_on


class _Started:
    """A device just after its start: what its control part posts."""

    def __init__(self, preset: str, is_on: bool, by="f6", at_start="unchanged", resistor=None):
        self.pack = _Pack()
        self.pack.name, self.pack.link = "pack1", ONLINE
        self.pack.accepted = _status(is_on=is_on)
        self.pack.sequence = 1
        self.pack.age_ms = lambda _clock: _FRESH_MS
        self.clock, self.log, self.lazy_lock = FakeClock(), FakeLog(), _FreeLock()
        self.hub = Hub([self.pack], self.clock)
        policy = {"preset": preset, "by": by, "at_start": at_start, "min_on_s": 0, "min_off_s": 0, "conditions": []}
        self.config = {"control": {"policy": policy, "limits": None}}
        state = PolicyState(self.pack, {"chemistry": "lfp"}, 0)
        if by == "w" and at_start == "unchanged":
            state.is_on = resistor == "on"  # as w_step.py does
        w = _WithResistor()
        w.config = {"resistor": resistor}
        self.control = Control(self, [state], w if by == "w" else None)

    def decided(self) -> list:
        """The values of the events after a decision."""
        posted = self.hub.posted
        try:
            self.control._decide().send(None)
        except StopIteration as end:
            assert end.value
        return [self.hub.event(number)[4] for number in range(posted, self.hub.posted)]


class _FreeLock:
    """A lock of lazy modules that nothing else waits for."""

    async def wait(self, is_urgent):
        assert is_urgent  # requests wait too, and more come all the time
        return lazy()

    def close(self, scope):
        scope.unload()


class _WithResistor:
    """A W switch, of which the resistor alone is wanted."""


def test_a_start_that_changes_nothing_is_no_event():
    """The balancer keeps its setting over a restart of the device, and the resistor of a W switch decides meanwhile."""
    for options, expected in (
        ({"preset": "always", "is_on": True}, []),
        ({"preset": "always", "is_on": False}, [True]),
        ({"preset": "rest", "is_on": False}, []),
        ({"preset": "rest", "is_on": True}, [False]),
        ({"preset": "rest", "is_on": False, "at_start": "on"}, []),
        ({"preset": "always", "is_on": True, "by": "w", "resistor": "on"}, []),
        ({"preset": "always", "is_on": True, "by": "w", "resistor": "off"}, [True]),
        ({"preset": "rest", "is_on": True, "by": "w", "resistor": "off", "at_start": "off"}, []),
    ):
        device = _Started(**options)
        assert device.decided() == expected, options
        assert device.decided() == [], options


def test_a_problem_that_lasts_is_logged_once():
    device, before = _Started("always", is_on=True), None
    state = device.control.states[0]
    for problem, logged in (
        ("written within the last 10 minutes: again in 590 s", 1),
        ("written within the last 10 minutes: again in 560 s", 1),
        ("no answer", 2),
        (None, 2),
        ("no answer", 3),
    ):
        state.problem = problem
        device.control._warn(state, before)
        assert len(device.log.warnings) == logged, problem
        before = problem


def test_a_change_of_the_chemistry_counts_at_once():
    device = _Started("always", is_on=True)
    assert device.decided() == []
    device.control.states[0].config["chemistry"] = "lto"
    assert device.decided() == [False]


def test_a_reading_without_cells_forbids_balancing():
    policy = _Policy("always")
    status = Status()
    status.alarms, status.temperature_dc, status.balancing_enabled = 0, 230, True
    assert _decided(policy, status) == (False, "off: the balancer reports no cell")


def test_a_low_pack_is_not_balanced_whatever_its_cells_allow():
    """As by `power.low_pack_mv`, which may be above the limit of the chemistry."""
    for preset in ("always", "rest", "top"):
        policy = _Policy(preset)
        policy.state.pack.low_level = 1
        assert _decided(policy, _status(is_on=True))[0] or preset != "always"
        policy.state.pack.low_level = 2
        is_on, reason = _decided(policy, _status(is_on=True), now_s=1)
        assert (is_on, reason) == (False, "off: the pack is low: the balancer would discharge it further")
        policy.state.pack.low_level = 0
