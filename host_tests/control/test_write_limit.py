"""How often a policy may write."""

from evencell.control.state import PolicyState
from evencell.control.write_limit import note, refusal
from host_tests.fakes import FakeClock, FakeKeyValue

_NOON_S = 1_790_000_000
_YEAR_S = 31_536_000
_DAY_S = 86_400


class _Pack:
    def __init__(self, name: str):
        self.name = name


class _Device:
    """A run of the firmware, with the state of a policy; `store` is its flash."""

    def __init__(self, now_s=None, store=None):
        self.clock = FakeClock(now_s)
        self.key_values = store or FakeKeyValue()
        self.state = PolicyState(_Pack("pack1"), {}, 0)

    def refusal(self):
        return refusal(self, self.state)

    def note(self):
        note(self, self.state)

    def advance(self, seconds: int):
        self.clock.now_ms += seconds * 1000
        if self.clock.now_s is not None:
            self.clock.now_s += seconds

    def writes_of_a_day(self, every_s: int) -> int:
        """How many of the writes that are wanted so often are allowed."""
        count = 0
        for _ in range(_DAY_S // every_s):
            self.advance(every_s)
            if self.refusal() is None:
                self.note()
                count += 1
        return count


def _restarted(device, now_s=None):
    return _Device(now_s, device.key_values)


def test_ten_minutes_pass_between_two_writes():
    for now_s in (_NOON_S, None):
        device = _Device(now_s)
        device.advance(5000)
        assert device.refusal() is None
        device.note()
        device.advance(599)
        assert device.refusal() == "written within the last 10 minutes: again in 1 s"
        device.advance(1)
        assert device.refusal() is None


def test_each_pack_has_a_limit_of_its_own():
    device = _Device(_NOON_S)
    device.note()
    assert refusal(device, PolicyState(_Pack("pack2"), {}, 0)) is None


def test_a_restart_does_not_begin_anew():
    device = _Device(_NOON_S)
    device.note()
    assert _restarted(device, _NOON_S + 60).refusal()
    assert _restarted(device, _NOON_S + 600).refusal() is None


def test_without_a_clock_a_restart_waits_ten_minutes():
    device = _Device()
    device.note()
    restarted = _restarted(device)
    assert restarted.refusal()
    restarted.advance(600)
    assert restarted.refusal() is None


def test_24_writes_a_day():
    device = _Device(_NOON_S)
    for _ in range(24):
        assert device.refusal() is None
        device.note()
        device.advance(900)
    assert device.refusal() == "written 24 times within a day, which is the limit: again once the day is over"
    assert _restarted(device).refusal()
    device.advance(_DAY_S - 24 * 900)
    assert device.refusal() is None
    device.note()
    device.advance(600)
    assert device.refusal() is None


def test_24_writes_a_day_without_a_clock_on_the_second_day_too():
    device = _Device()
    assert [device.writes_of_a_day(60) for _ in range(3)] == [24, 24, 24]


def test_a_clock_that_jumps_allows_no_more():
    device = _Device(_NOON_S)
    count = 0
    for jump_s in (10 * _YEAR_S, -10 * _YEAR_S, -_DAY_S, 3600, _YEAR_S):
        device.clock.now_s += jump_s
        assert device.refusal() is None
        device.note()
        device.clock.now_s -= 2 * jump_s
        assert device.refusal() == "written within the last 10 minutes: again in 600 s"
        device.advance(600)
        count += 1
    assert device.writes_of_a_day(660) == 24 - count + 3000 // 660  # the day began 3000 s before


def test_a_clock_that_was_set_back_over_a_restart_begins_pause_and_day_anew():
    device = _Device(_NOON_S + 10 * _YEAR_S)
    for _ in range(24):
        device.note()
    restarted = _restarted(device, _NOON_S)
    assert restarted.refusal() == "written within the last 10 minutes: again in 600 s"
    assert "24 times" in _restarted(device, _NOON_S + 600).refusal()
    assert _restarted(device, _NOON_S + _DAY_S).refusal() is None


def test_a_damaged_entry_allows_nothing_for_a_day():
    device = _Device()
    device.key_values.put("writes:pack1", ["many"])
    assert device.refusal()
    device.advance(_DAY_S)
    assert device.refusal() is None
