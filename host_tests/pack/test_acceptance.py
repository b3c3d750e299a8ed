import struct

from evencell.pack.acceptance import REASONS
from evencell.pack.fields import FIELDS
from evencell.pack.pack import Pack
from evencell.pack.status import DISCHARGING
from evencell.pack.temperature import TemperatureScale
from evencell.protocol.jk_balancer import CELLS_OFFSET, S16, STATUS_TABLE, U8, decode_status
from host_tests.fakes import FakeClock
from host_tests.portable import frame_of, without_heap

IDLE = frame_of("4s-idle")
COLD = frame_of("4s-cold")
WIRE_OFF = frame_of("4s-one-wire-off")
IDLE_CELLS_MV = (3313, 3312, 3314, 3312)
CLOCK = FakeClock()


def edited(frame: bytes, cells_mv=None, **fields) -> bytes:
    """`frame` with other fields and cells; its checksum is not checked here."""
    data = bytearray(frame)
    for name, offset, kind, unit in STATUS_TABLE:
        if name in fields:
            layout = ">B" if kind == U8 else ">h" if kind == S16 else ">H"
            struct.pack_into(layout, data, offset, fields[name] // unit)
    for cell, voltage_mv in enumerate(cells_mv or ()):
        struct.pack_into(">H", data, CELLS_OFFSET + 2 * cell, voltage_mv)
    return bytes(data)


def sagged(by_mv: int, **fields) -> bytes:
    """All cells lower by so much, and the summary as `fields` say."""
    return edited(IDLE, [voltage_mv - by_mv for voltage_mv in IDLE_CELLS_MV], **fields)


def offer(pack: Pack, frame: bytes) -> bool:
    decode_status(frame, 0, pack.candidate)
    return pack.accept(CLOCK)


def new_pack() -> Pack:
    return Pack("pack1", "jk_b2a4s", TemperatureScale("0.1"))


def settled(frame: bytes = IDLE) -> Pack:
    """A pack that has published this reading, with nothing counted yet."""
    pack = new_pack()
    offer(pack, frame)
    assert offer(pack, frame)
    pack.unconfirmed_counts = [0] * len(REASONS)
    return pack


def refused_for(pack: Pack) -> list[str]:
    """The reasons that were counted, as often as they were."""
    return [reason for i, reason in enumerate(REASONS) for _ in range(pack.unconfirmed_counts[i])]


def doubted_after_idle(frame: bytes) -> list[str]:
    pack = settled()
    assert not offer(pack, frame), frame
    return refused_for(pack)


def shown(pack: Pack) -> list:
    values = [getattr(pack.accepted, name) for name, _ in FIELDS if name != "cells_mv"]
    return values + list(pack.accepted.cells_mv)


def test_first_reading_needs_confirmation():
    pack = new_pack()
    assert not offer(pack, IDLE)
    assert refused_for(pack) == ["first"]
    assert pack.sequence == 0
    assert offer(pack, IDLE)
    assert pack.sequence == 1


def test_later_plausible_readings_need_no_confirmation():
    pack = settled()
    assert offer(pack, IDLE)
    assert offer(pack, edited(IDLE, [3314, 3312, 3313, 3312], temperature_raw=237))
    assert refused_for(pack) == []


def test_field_out_of_range_is_implausible():
    for name, value in (
        ("cells_detected", 25),
        ("cells_configured", 0),
        ("cells_configured", 25),
        ("frame_highest_index", 24),
        ("frame_lowest_index", 24),
        ("balancing_raw", 2),
        ("trigger_mv", 0),
        ("trigger_mv", 1001),
        ("max_balance_ma", 0),
        ("max_balance_ma", 10_001),
        ("balance_ma", 10_001),
        ("balance_ma", -10_001),
        ("balance_ma", -0x8000),
    ):
        assert doubted_after_idle(edited(IDLE, **{name: value})) == ["range"], (name, value)
    assert doubted_after_idle(edited(IDLE, (6001,))) == ["range"]


def test_values_beyond_every_known_range_are_accepted_once_confirmed():
    """A balancer that sends what no other does stays visible, with twice the requests."""
    for name, value in (
        ("cells_configured", 0),
        ("cells_configured", 255),
        ("cells_detected", 255),
        ("frame_highest_index", 24),
        ("frame_lowest_index", 255),
        ("balancing_raw", 255),
        ("trigger_mv", 0),
        ("trigger_mv", 0xFFFF),
        ("max_balance_ma", 0),
        ("max_balance_ma", 0xFFFF),
        ("balance_ma", -0x8000),
    ):
        pack = settled()
        for _ in range(3):
            assert not offer(pack, edited(IDLE, **{name: value})), name
            assert offer(pack, edited(IDLE, **{name: value})), name
        assert refused_for(pack)[-1] == "range", name


def test_signed_balance_current_is_accepted_as_its_magnitude():
    for balance_ma in (-1500, 1500):
        discharging = edited(IDLE, balance_raw=2, balance_ma=balance_ma)
        pack = settled(discharging)
        assert offer(pack, discharging)
        assert refused_for(pack) == []
        assert pack.accepted.balance_ma == 1500
        assert pack.accepted.balance_state == DISCHARGING


def test_changed_sign_of_the_balance_current_is_implausible():
    pack = settled(edited(IDLE, balance_raw=2, balance_ma=1500))
    assert not offer(pack, edited(IDLE, balance_raw=2, balance_ma=-1500))
    assert refused_for(pack) == ["balance"]


def test_small_balance_current_may_have_either_sign():
    pack = settled()
    assert offer(pack, edited(IDLE, balance_ma=-50))
    assert pack.accepted.balance_ma == 50
    assert offer(pack, edited(IDLE, balance_ma=50))
    assert not offer(pack, edited(IDLE, balance_ma=-51))


def test_cell_in_an_unused_slot_is_implausible():
    assert doubted_after_idle(edited(IDLE, (3313, 3312, 3314, 3312, 1))) == ["slots"]


def test_pack_voltage_off_the_sum_is_implausible():
    assert doubted_after_idle(edited(IDLE, pack_mv=13_280)) == ["sum"]
    assert doubted_after_idle(edited(IDLE, pack_mv=13_220)) == ["sum"]
    assert offer(settled(), edited(IDLE, pack_mv=13_270))


def test_average_off_the_list_is_implausible():
    assert doubted_after_idle(edited(IDLE, frame_average_mv=3317)) == ["average"]
    assert doubted_after_idle(edited(IDLE, frame_average_mv=3307)) == ["average"]
    assert offer(settled(), edited(IDLE, frame_average_mv=3316))


def test_changed_setting_is_implausible():
    for name, value in (("trigger_mv", 6), ("max_balance_ma", 1999), ("balancing_raw", 0), ("cells_configured", 3)):
        reasons = doubted_after_idle(edited(IDLE, **{name: value}))
        assert reasons == ["settings"], name


def test_changed_alarm_byte_or_detected_count_is_implausible():
    assert doubted_after_idle(edited(IDLE, alarms_raw=3)) == ["alarms"]
    assert doubted_after_idle(edited(IDLE, cells_detected=3)) == ["alarms"]


def test_changed_balancing_is_implausible():
    assert doubted_after_idle(edited(IDLE, balance_raw=2)) == ["balance"]
    assert doubted_after_idle(edited(IDLE, balance_ma=101)) == ["balance"]
    assert offer(settled(), edited(IDLE, balance_ma=100))


def test_temperature_step_is_implausible():
    assert doubted_after_idle(edited(IDLE, temperature_raw=256)) == ["temperature"]
    assert doubted_after_idle(edited(IDLE, temperature_raw=0x7FFF)) == ["temperature"]
    assert offer(settled(), edited(IDLE, temperature_raw=255))


def test_step_of_two_cells_that_keeps_the_sum_is_implausible():
    assert doubted_after_idle(edited(IDLE, (3325, 3300))) == ["step"]


def test_true_jump_shows_with_the_second_answer():
    pack = settled()
    assert not offer(pack, WIRE_OFF)
    assert offer(pack, WIRE_OFF)
    assert pack.accepted.cells_detected == 3
    assert pack.accepted.cells_mv[3] == 0
    assert refused_for(pack) == ["alarms"]


def test_pulled_probe_shows_with_the_second_answer():
    pack = settled()
    assert not offer(pack, edited(IDLE, temperature_raw=0x7FFF))
    assert offer(pack, edited(IDLE, temperature_raw=0x7FFF))
    assert pack.accepted.temperature_dc is None


def test_load_whose_summary_lags_shows_with_the_second_answer():
    """Pack voltage and average are still those of before, in both answers or in the first alone."""
    lagging = sagged(80)
    for second in (lagging, sagged(80, pack_mv=12_930, frame_average_mv=3232)):
        pack = settled()
        assert not offer(pack, lagging)
        assert refused_for(pack) == ["sum"]
        assert offer(pack, second)
        assert pack.accepted.cells_mv[0] == 3233


def test_load_whose_summary_follows_shows_at_once():
    pack = settled()
    assert offer(pack, sagged(80, pack_mv=12_930, frame_average_mv=3232))


def test_two_damaged_answers_that_differ_are_both_unconfirmed():
    pack = settled()
    assert not offer(pack, edited(IDLE, (3325, 3300)))
    assert not offer(pack, edited(IDLE, (3313, 3312, 3326, 3300)))
    assert offer(pack, IDLE)
    assert refused_for(pack) == ["step", "step"]


def test_two_damaged_answers_that_differ_in_the_balance_current_are_both_unconfirmed():
    pack = settled()
    for balance_ma in (1000, 1500):
        assert not offer(pack, edited(IDLE, balance_ma=balance_ma))
    assert pack.accepted.balance_ma == 0
    assert refused_for(pack) == ["balance", "balance"]


def test_good_answer_in_between_discards_the_unconfirmed_one():
    pack = settled()
    damaged = edited(IDLE, (3325, 3300))
    for _ in range(3):
        assert not offer(pack, damaged)
        assert offer(pack, IDLE)


def test_quirks_that_contradict_the_rules_are_confirmed_each_time():
    """The maker's own example fills the unused slots: it still works, with twice the questions."""
    pack = settled(frame_of("maker-example-20s"))
    for _ in range(3):
        assert not offer(pack, frame_of("maker-example-20s"))
        assert offer(pack, frame_of("maker-example-20s"))
    assert refused_for(pack) == ["slots"] * 3


def test_four_consistent_answers_that_contradict_each_other_are_accepted():
    pack = new_pack()
    assert [offer(pack, frame) for frame in (IDLE, COLD, IDLE, COLD)] == [False, False, False, True]
    assert pack.accepted.temperature_raw == -53


def test_consistent_answers_count_only_in_a_row():
    pack = new_pack()
    flawed = edited(IDLE, frame_delta_mv=200, temperature_raw=500)
    assert not any(offer(pack, frame) for frame in (IDLE, COLD, IDLE, flawed, COLD, IDLE, COLD))
    assert offer(pack, IDLE)


def test_implausible_answers_are_counted_by_reason():
    pack = settled()
    for frame in (edited(IDLE, trigger_mv=0), edited(IDLE, pack_mv=13_300), edited(IDLE, (3325, 3300)), IDLE):
        offer(pack, frame)
    assert sorted(refused_for(pack)) == ["range", "step", "sum"]


def test_published_reading_is_unchanged_by_implausible_answers():
    pack = settled()
    published, before = pack.accepted, shown(pack)
    for frame in (WIRE_OFF, COLD, edited(IDLE, trigger_mv=0), edited(IDLE, pack_mv=13_300), WIRE_OFF):
        assert not offer(pack, frame)
        assert pack.accepted is published
        assert shown(pack) == before
    assert pack.sequence == 1


def test_acceptance_takes_no_heap():
    pack = settled()
    frames = (IDLE, WIRE_OFF, WIRE_OFF, COLD, edited(IDLE, trigger_mv=0), IDLE, IDLE, edited(IDLE, (3325, 3300)))

    def consider_all():
        for frame in frames:
            offer(pack, frame)

    consider_all()
    without_heap(consider_all)
