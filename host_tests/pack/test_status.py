from evencell.pack.status import BALANCE_STATES, CHARGING, DISCHARGING, WAITING, Status, balance_state
from evencell.protocol.jk_balancer import decode_status
from host_tests.portable import frame_of, frames, without_heap


def status_of(frame: bytes) -> Status:
    status = Status()
    decode_status(frame, 0, status)
    status.derive()
    return status


def with_cells(*cells_mv: int, detected: int | None = None, configured: int | None = None) -> Status:
    """The idle 4S reading with other cells."""
    frame = bytearray(frame_of("4s-idle"))
    frame[8] = len(cells_mv) if detected is None else detected
    frame[22] = len(cells_mv) if configured is None else configured
    for cell, voltage_mv in enumerate(cells_mv):
        frame[23 + 2 * cell] = voltage_mv >> 8
        frame[24 + 2 * cell] = voltage_mv & 0xFF
    return status_of(frame)


def test_summary_comes_from_the_cell_list():
    """This recording's own summary says highest = cell 2, delta 2 mV; its list says otherwise (trap 2)."""
    status = status_of(frame_of("dz11-17s-b"))
    assert (status.highest_cell, status.lowest_cell, status.delta_mv) == (6, 1, 3)
    assert (status.frame_highest_index, status.frame_delta_mv) == (1, 2)


def test_ties_go_to_the_first():
    status = with_cells(3300, 3301, 3301, 3300)
    assert (status.highest_cell, status.lowest_cell) == (2, 1)


def test_average_is_rounded_down():
    assert with_cells(3313, 3312, 3314, 3312).average_mv == 3312


def test_empty_slot_is_neither_lowest_nor_shifts_the_others():
    status = with_cells(3300, 0, 3310, 3305, detected=3, configured=4)
    assert status.slots == 4
    assert (status.highest_cell, status.lowest_cell, status.delta_mv) == (3, 1, 10)
    assert status.average_mv == 3305


def test_slots_include_every_detected_configured_or_measured_cell():
    assert with_cells(3300, 3301, detected=2, configured=4).slots == 4
    assert with_cells(3300, 3301, 0, 3302, detected=2, configured=2).slots == 4
    assert with_cells(0, 0, 0, 0, detected=0, configured=0).slots == 0
    assert status_of(frame_of("maker-example-20s")).slots == 24


def test_absurd_counts_stay_within_the_slots():
    assert with_cells(3300, 3301, 3302, 3303, detected=255, configured=255).slots == 24


def test_reading_without_cells_has_no_summary():
    status = with_cells(0, 0, 0, 0)
    assert status.highest_cell is None
    assert status.lowest_cell is None
    assert status.delta_mv is None
    assert status.average_mv is None


def test_balance_state_follows_from_the_state_byte():
    assert balance_state(0) == WAITING
    assert balance_state(1) == CHARGING
    assert balance_state(2) == DISCHARGING
    assert balance_state(3) == WAITING
    assert balance_state(0xFC) == WAITING
    assert BALANCE_STATES[CHARGING] == "charging_lowest"
    assert BALANCE_STATES[DISCHARGING] == "discharging_highest"


def test_balance_current_is_a_magnitude():
    frame = bytearray(frame_of("4s-discharging-highest"))
    for sent_ma, shown_ma in ((1850, 1850), (-1500, 1500), (32767, 32767), (-1, 1), (-32768, 32768)):
        frame[15], frame[16] = sent_ma >> 8 & 0xFF, sent_ma & 0xFF
        status = status_of(frame)
        assert (status.balance_ma, status.balance_state) == (shown_ma, DISCHARGING)


def test_deriving_takes_no_heap():
    status = Status()
    all_frames = frames()

    def derive_all():
        for frame in all_frames:
            decode_status(frame, 0, status)
            status.derive()

    derive_all()
    without_heap(derive_all)
