"""The pause between two readings."""

from evencell.pack.low_level import BALANCER_OFF, LONGER, RADIO_OFF
from evencell.power.interval import next_interval_s
from host_tests.power.packs import ReadPack, pairs, state_of

BALANCING = 1


def next_s(state, *packs) -> int:
    state.interval_s = next_interval_s(state, pairs(*packs))
    return state.interval_s


def test_interval_doubles_while_nothing_changes_up_to_its_bound():
    pack = ReadPack().read().read()
    state = state_of(pack)
    assert [next_s(state, pack.read()) for _ in range(4)] == [1800, 3600, 3600, 3600]


def test_a_change_beyond_the_deadband_brings_the_usual_interval_back():
    pack = ReadPack().read().read()
    state = state_of(pack)
    next_s(state, pack)
    assert next_s(state, pack.read((3300, 3305, 3300, 3300))) == 3600
    assert next_s(state, pack.read((3300, 3311, 3300, 3300))) == 900


def test_balancing_is_no_rest():
    pack = ReadPack().read(balance_raw=BALANCING).read(balance_raw=BALANCING)
    assert next_s(state_of(pack), pack) == 900


def test_near_the_upper_limit_the_interval_is_shortest():
    pack = ReadPack().read((3551, 3500, 3500, 3500))
    assert next_s(state_of(pack), pack) == 225
    assert next_s(state_of(pack), pack.read((3550, 3500, 3500, 3500))) == 1800


def test_a_pack_that_stopped_answering_is_asked_less_often_after_three_wakes():
    pack = ReadPack().read().read()
    state = state_of(pack)
    pack.state.misses = 1
    assert next_s(state, pack) == 900
    pack.state.misses = 3
    assert [next_s(state, pack), next_s(state, pack)] == [1800, 3600]


def test_one_pack_that_changes_is_enough():
    quiet, busy = ReadPack().read().read(), ReadPack().read().read((3300, 3320, 3300, 3300))
    assert next_s(state_of(quiet, busy), quiet, busy) == 900


def test_a_low_pack_sleeps_beyond_the_bound():
    pack = ReadPack().read()
    state = state_of(pack)
    found = []
    for state.level in (LONGER, BALANCER_OFF, RADIO_OFF):
        found.append(next_s(state, pack))
    assert found == [3600, 7200, 14_400]
