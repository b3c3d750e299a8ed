"""Rules over arbitrary series of readings: never raised twice without a clear, delay and hysteresis respected."""

from hypothesis import given
from hypothesis import strategies as st

from evencell.control.rules import save
from evencell.pack.pack import ONLINE, STALE
from host_tests.control.ruled import TICK_S, Ruled, rule
from host_tests.fuzz.profile import examples

# A delta for some ticks, or None for no reading.
RUNS = st.lists(st.tuples(st.none() | st.integers(0, 100), st.integers(1, 8)), max_size=30)


def series(runs: list) -> list:
    return [delta for delta, ticks in runs for _ in range(ticks)]


def play(device: Ruled, deltas: list) -> list:
    """(tick, whether it was raised) of each event."""
    found = []
    for at, delta in enumerate(deltas):
        device.pack.link = STALE if delta is None else ONLINE
        if delta is not None:
            device.pack.read((3300, 3300 + delta))
        found += [(at, event[1]) for event in device.tick()]
    return found


@examples(80)
@given(RUNS, st.integers(1, 90), st.integers(0, 40), st.sampled_from([0, 10, 25, 60]))
def test_a_rule_follows_its_limit_hysteresis_and_delay(runs, above, hysteresis, delay_s):
    deltas = series(runs)
    device = Ruled(rule(above=above, hysteresis=hysteresis, delay_s=delay_s))
    events = play(device, deltas)
    assert [value for _, value in events] == [n % 2 == 0 for n in range(len(events))]  # raised, cleared, raised …
    needed = -(-delay_s // TICK_S)
    raised_at = None
    for at, is_raised in events:
        if is_raised:
            before = deltas[at - needed : at + 1]
            assert len(before) == needed + 1 and all(delta is not None and delta > above for delta in before)
            raised_at = at
        else:
            assert deltas[at] is not None and deltas[at] <= above - hysteresis
            held = [delta for delta in deltas[raised_at:at] if delta is not None]
            assert all(delta > above - hysteresis for delta in held)  # cleared at the first chance
    is_raised = bool(events) and events[-1][1]
    assert device.pack.rules == (("rule:mine",) if is_raised else ())


@examples(80)
@given(RUNS, st.integers(1, 90), st.data())
def test_a_restart_at_any_moment_neither_repeats_nor_loses_an_event(runs, above, data):
    """What the flash has not yet is written at a clean end."""
    deltas = series(runs)
    cut = data.draw(st.integers(0, len(deltas)))
    whole = play(Ruled(rule(above=above)), deltas)
    first = Ruled(rule(above=above))
    events = play(first, deltas[:cut])
    save(first, first)
    second = Ruled(rule(above=above), keys=first.key_values)
    events += [(at + cut, value) for at, value in play(second, deltas[cut:])]
    assert events == whole
