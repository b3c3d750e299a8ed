"""A low pack: at which voltages, in which order, and until when."""

from evencell.pack.limits import CHEMISTRIES
from evencell.pack.low_level import BALANCER_OFF, LONGER, RADIO_OFF, level_of
from host_tests.power.packs import ReadPack


def level(cells_mv, before: int = 0, low_pack_mv: int = 0, low_mv: "int | None" = None) -> int:
    pack = ReadPack().read(cells_mv)
    if low_mv is not None:
        pack.state.low_mv = low_mv
    return level_of(pack.pack.accepted, pack.state.low_mv, pack.state.low_step_mv, low_pack_mv, before)


def test_levels_follow_each_other_as_the_lowest_cell_falls():
    found = [level((3300, 3300, lowest_mv, 3300)) for lowest_mv in (3300, 3001, 3000, 2835, 2834, 2669, 2668, 2000)]
    assert found == [0, 0, LONGER, LONGER, BALANCER_OFF, BALANCER_OFF, RADIO_OFF, RADIO_OFF]


def test_the_last_level_is_reached_above_the_lowest_voltage_of_each_chemistry():
    for chemistry, limits in CHEMISTRIES.items():
        pack = ReadPack(chemistry).read((limits[0],) * 4)
        assert level_of(pack.pack.accepted, pack.state.low_mv, pack.state.low_step_mv, 0, 0) == RADIO_OFF
        assert pack.state.low_mv - 2 * pack.state.low_step_mv > limits[0]


def test_pack_of_eight_volts_is_at_the_last_level():
    assert level((2000, 2000, 2000, 2000)) == RADIO_OFF


def test_a_level_is_kept_until_the_voltage_has_clearly_recovered():
    assert level((3050,) * 4, before=LONGER) == LONGER
    assert level((3100,) * 4, before=LONGER) == 0
    assert level((3100,) * 4, before=RADIO_OFF) == 0
    assert level((2850,) * 4, before=RADIO_OFF) == BALANCER_OFF


def test_configured_voltage_of_the_pack_counts_beside_the_chemistry():
    assert level((3300,) * 4, low_pack_mv=13_200) == LONGER
    assert level((3300,) * 4, low_pack_mv=13_100) == 0
    assert level((2990, 3300, 3300, 3300), low_pack_mv=10_000) == LONGER


def test_custom_cells_are_guarded_by_the_configured_voltage_alone():
    assert level((1000,) * 4, low_mv=0) == 0
    assert level((1000,) * 4, low_pack_mv=12_000, low_mv=0) == RADIO_OFF


def test_pack_without_cells_keeps_its_level():
    assert level((0, 0, 0, 0), before=BALANCER_OFF) == BALANCER_OFF
