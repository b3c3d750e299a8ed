"""Which readings are due: deadbands, maximum interval, and whether the newest due one is still to be published."""

from evencell.forward.change_filter import ChangeFilter
from evencell.pack.pack import Pack
from evencell.pack.temperature import TemperatureScale
from evencell.protocol.jk_balancer import decode_status
from host_tests.fakes import FakeClock
from host_tests.portable import frame_of

LONG_S = 3600


def filter_after_a_reading() -> ChangeFilter:
    pack = Pack("pack1", "jk_b2a4s", TemperatureScale("0.1"))
    changes = ChangeFilter(pack)
    read(changes)
    assert changes.update(LONG_S) and not changes.update(LONG_S)
    return changes


def read(changes: ChangeFilter, **fields):
    """Accept another reading with these fields."""
    pack = changes.pack
    decode_status(frame_of("4s-idle"), 0, pack.candidate)
    pack.accept_unchecked(FakeClock())
    for name, value in fields.items():
        setattr(pack.accepted, name, value)


def test_no_reading_is_not_due():
    changes = ChangeFilter(Pack("pack1", "jk_b2a4s", TemperatureScale("1")))
    assert not changes.update(0) and not changes.is_pending
    changes.set_pending(True)
    assert not changes.is_pending


def test_change_within_the_deadband_is_not_due_and_beyond_it_is():
    for name, deadband in (("pack_mv", 5), ("balance_ma", 100), ("temperature_dc", 5)):
        changes = filter_after_a_reading()
        before = getattr(changes.pack.accepted, name)
        read(changes, **{name: before + deadband})
        assert not changes.update(LONG_S), name
        read(changes, **{name: before - deadband - 1})
        assert changes.update(LONG_S), name


def test_drift_in_small_steps_leaves_the_deadband_of_the_newest_due_reading():
    changes = filter_after_a_reading()
    cell_mv = changes.pack.accepted.cells_mv[2]
    for step_mv, is_due in ((3, False), (5, False), (6, True), (9, False), (12, True)):
        read(changes)
        changes.pack.accepted.cells_mv[2] = cell_mv + step_mv
        assert changes.update(LONG_S) == is_due, step_mv


def test_any_other_change_is_due_but_not_that_of_a_derived_field():
    changes = filter_after_a_reading()
    read(changes, alarms_raw=5)
    assert changes.update(LONG_S)
    read(changes, alarms_raw=5, highest_cell=1, temperature_raw=99)
    assert not changes.update(LONG_S)
    read(changes, alarms_raw=5, temperature_dc=None)
    assert changes.update(LONG_S)


def test_maximum_interval_makes_an_unchanged_reading_due():
    changes = filter_after_a_reading()
    read(changes)
    assert not changes.update(LONG_S)
    assert changes.update(0)
    assert not changes.update(0)  # no other reading came


def test_due_reading_is_pending_until_it_is_published():
    changes = filter_after_a_reading()
    assert changes.is_pending
    changes.set_pending(False)
    read(changes)
    assert not changes.update(LONG_S) and not changes.is_pending
    changes.set_pending(True)
    assert changes.is_pending
