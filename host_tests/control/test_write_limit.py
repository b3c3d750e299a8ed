"""How often a policy may write."""

from evencell.control.write_limit import note, refusal
from host_tests.fakes import FakeClock, FakeKeyValue

_NOON_S = 1_790_000_000


class _Context:
    def __init__(self, now_s=None, store=None):
        self.clock = FakeClock(now_s)
        self.key_values = store or FakeKeyValue()

    def advance(self, seconds: int):
        self.clock.now_ms += seconds * 1000
        if self.clock.now_s is not None:
            self.clock.now_s += seconds


def _restarted(context, now_s=None):
    return _Context(now_s, context.key_values)


def test_ten_minutes_pass_between_two_writes():
    context = _Context(_NOON_S)
    assert refusal(context, "pack1") is None
    note(context, "pack1")
    context.advance(599)
    assert refusal(context, "pack1") == "written within the last 10 minutes: again in 1 s"
    context.advance(1)
    assert refusal(context, "pack1") is None


def test_each_pack_has_a_limit_of_its_own():
    context = _Context(_NOON_S)
    note(context, "pack1")
    assert refusal(context, "pack2") is None


def test_a_restart_does_not_begin_anew():
    context = _Context(_NOON_S)
    note(context, "pack1")
    assert refusal(_restarted(context, _NOON_S + 60), "pack1")
    assert refusal(_restarted(context, _NOON_S + 600), "pack1") is None


def test_without_a_clock_a_restart_waits_ten_minutes():
    context = _Context()
    note(context, "pack1")
    restarted = _restarted(context)
    assert refusal(restarted, "pack1")
    restarted.advance(600)
    assert refusal(restarted, "pack1") is None


def test_24_writes_a_day():
    context = _Context(_NOON_S)
    for _ in range(24):
        assert refusal(context, "pack1") is None
        note(context, "pack1")
        context.advance(900)
    assert refusal(context, "pack1") == "written 24 times within a day, which is the limit: again once the day is over"
    assert refusal(_restarted(context), "pack1")
    context.advance(86_400 - 24 * 900)
    assert refusal(context, "pack1") is None
    note(context, "pack1")
    context.advance(600)
    assert refusal(context, "pack1") is None


def test_a_clock_that_was_set_back_counts_as_a_new_day_but_not_as_a_pause():
    context = _Context(_NOON_S)
    note(context, "pack1")
    assert refusal(_restarted(context, _NOON_S - 100_000), "pack1") is None


def test_a_damaged_entry_allows_nothing_for_a_day():
    context = _Context()
    context.key_values.put("writes:pack1", ["many"])
    assert refusal(context, "pack1")
    context.advance(86_400)
    assert refusal(context, "pack1") is None
