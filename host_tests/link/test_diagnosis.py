from evencell.compat import ticks_add, ticks_ms
from evencell.link.diagnosis import CERTAIN, LIKELY, REFUSED_WRITE, VERDICTS, Diagnosis
from evencell.link.remedies import REMEDIES
from evencell.protocol.jk_balancer import read_request
from host_tests.portable import frame_of, without_heap

REQUEST = bytes(read_request(1))
ANSWER = frame_of("4s-idle")
OTHER_ADDRESS = b"\xeb\x90\x02" + ANSWER[3:]
SWAPPED = frame_of("a-b-swapped")
WINDOW = 6
HEAD_BYTES = 12


def new_diagnosis() -> Diagnosis:
    return Diagnosis(read_request(1))


def hear(diagnosis: Diagnosis, data: bytes, before: bytes = b"", was_late: bool = False) -> bool:
    """An exchange that brought `data` alone; the line's `head` keeps from `before` what nothing overwrote."""
    head = bytearray(HEAD_BYTES)
    for heard in (before, data):
        for i in range(min(len(heard), HEAD_BYTES)):
            head[i] = heard[i]
    return diagnosis.failed(len(data), head, was_late)


def after(*heard: bytes) -> Diagnosis:
    diagnosis = new_diagnosis()
    for data in heard:
        hear(diagnosis, data)
    return diagnosis


def noise(seed: int, count: int = 40) -> bytes:
    """Bytes that begin with nobody's signature and differ from seed to seed."""
    return bytes([0x80 + seed]) + bytes((seed * 37 + i * 11) & 0xFF for i in range(1, count))


def test_at_first_all_is_well_and_nothing_sure():
    diagnosis = new_diagnosis()
    assert (diagnosis.name, diagnosis.remedy, diagnosis.sure) == ("ok", "", "possible")


def test_every_verdict_but_ok_has_a_remedy():
    assert len(VERDICTS) == len(REMEDIES)
    for i, verdict in enumerate(VERDICTS):
        assert (verdict == "ok") == (REMEDIES[i] == "")


def test_every_verdict_fits_onto_the_small_display():
    for verdict in VERDICTS:
        assert len(verdict) <= 18, verdict


def test_silence():
    assert after(b"", b"").name == "silent"


def test_our_own_request_alone():
    assert after(REQUEST, REQUEST).name == "echo only"


def test_the_recorded_swapped_bytes():
    assert SWAPPED == b"\x55\x95\x01\xff\x01"
    assert after(SWAPPED, SWAPPED).name == "swapped"


def test_noise():
    assert after(noise(1), noise(2)).name == "noise"
    assert after(noise(1, 3), noise(2, 3)).name == "noise"


def test_the_same_unreadable_bytes_again_are_a_wrong_baud_rate():
    assert after(noise(1), noise(1), noise(1)).name == "wrong baud"


def test_so_are_those_that_begin_the_same_though_the_values_in_them_move():
    assert after(noise(1)[:2] + noise(5), noise(1)[:2] + noise(6), noise(1)[:2] + noise(7)).name == "wrong baud"


def test_a_line_that_hangs_at_one_level_is_noise():
    assert after(b"\x00" * 9, b"\x00" * 9, b"\x00" * 9).name == "noise"
    assert after(b"\xff" * 9, b"\xff" * 9, b"\xff" * 9).name == "noise"
    assert after(b"\x80", b"\x80", b"\x80").name == "noise"


def test_other_protocols_by_their_first_bytes():
    for first, word in (
        (b"\x4e\x57\x01\x13", "JK BMS"),
        (b"\x01\x03\x20", "Modbus"),
        (b"\x01\x04\x20", "Modbus"),
        (b"\x55\xaa\xeb\x90", "Bluetooth"),
        (b"\xaa\x55\x90\xeb", "Bluetooth"),
    ):
        diagnosis = after(first + noise(1), first + noise(2))
        assert diagnosis.name == "other protocol", first
        assert word in diagnosis.remedy, first


def test_whole_answers_with_wrong_checksums():
    assert after(ANSWER, ANSWER).name == "checksum errors"


def test_answers_of_another_length_are_noise():
    assert after(ANSWER[:60], ANSWER + b"\x00").name == "noise"


def test_checksum_errors_among_noise_are_noise():
    assert after(ANSWER, ANSWER, ANSWER[:70]).name == "noise"


def test_another_address():
    assert after(OTHER_ADDRESS, OTHER_ADDRESS).name == "wrong address"


def test_slow_answers():
    diagnosis = new_diagnosis()
    diagnosis.answered(299)
    assert diagnosis.name == "ok"
    for _ in range(2):
        diagnosis.answered(300)
    assert diagnosis.name == "slow answers"


def test_late_answers_are_slow_ones():
    diagnosis = new_diagnosis()
    for _ in range(2):
        hear(diagnosis, b"", was_late=True)
    assert diagnosis.name == "slow answers"


def test_answers_that_contradict_each_other_are_noise():
    diagnosis = new_diagnosis()
    for _ in range(2):
        diagnosis.contradicted()
    assert diagnosis.name == "noise"
    assert "contradict" in diagnosis.remedy


def test_what_follows_our_echo_counts():
    assert after(REQUEST + SWAPPED, REQUEST + SWAPPED).name == "swapped"
    assert after(REQUEST + ANSWER, REQUEST + ANSWER).name == "checksum errors"
    assert after(REQUEST + OTHER_ADDRESS, REQUEST + OTHER_ADDRESS).name == "wrong address"
    assert after(REQUEST + b"\x4e\x57\x01", REQUEST + b"\x4e\x57\x02").name == "other protocol"
    assert after(REQUEST + noise(1), REQUEST + noise(2)).name == "noise"


def test_what_an_earlier_exchange_left_in_the_head_does_not_count():
    """The line clears no `head`: only the first `heard_bytes` of it are of this exchange."""
    for before in (REQUEST, REQUEST + ANSWER, ANSWER, SWAPPED):
        diagnosis = new_diagnosis()
        for _ in range(2):
            hear(diagnosis, b"", before)
        assert diagnosis.name == "silent", before
    diagnosis = new_diagnosis()
    for _ in range(2):
        hear(diagnosis, REQUEST, REQUEST + SWAPPED)
    assert diagnosis.name == "echo only"


def test_one_bad_exchange_says_nothing():
    diagnosis = new_diagnosis()
    for data in (b"", REQUEST, SWAPPED, ANSWER):
        assert not hear(diagnosis, data)
        assert diagnosis.name == "ok"
        for _ in range(WINDOW):
            assert not diagnosis.answered(0)


def test_what_changes_the_verdict_says_so():
    diagnosis = new_diagnosis()
    assert [hear(diagnosis, b"") for _ in range(3)] == [False, True, False]
    assert [diagnosis.answered(0) for _ in range(WINDOW)] == [False] * (WINDOW - 1) + [True]


def test_it_recovers_within_the_window_and_not_before():
    diagnosis = after(*[SWAPPED] * WINDOW)
    for _ in range(WINDOW - 1):
        diagnosis.answered(0)
        assert diagnosis.name == "swapped"
    diagnosis.answered(0)
    assert diagnosis.name == "ok"


def test_the_most_frequent_trouble_is_told():
    assert after(b"", b"", SWAPPED, SWAPPED, SWAPPED).name == "swapped"
    assert after(b"", b"", b"", SWAPPED).name == "silent"


def test_the_latest_alone_is_kept_beside_the_verdict():
    diagnosis = after(b"", b"", b"", SWAPPED)
    assert VERDICTS[diagnosis.latest] == "swapped"


def test_how_sure_it_is():
    diagnosis = new_diagnosis()
    for _ in range(WINDOW - 1):
        hear(diagnosis, b"")
    assert (diagnosis.name, diagnosis.sure) == ("silent", "likely")
    hear(diagnosis, b"")
    assert diagnosis.sure == "certain"
    for _ in range(WINDOW - 1):
        diagnosis.answered(0)
    assert (diagnosis.name, diagnosis.sure) == ("silent", "possible")
    diagnosis.answered(0)
    assert (diagnosis.name, diagnosis.sure) == ("ok", "certain")


def test_a_refused_write_is_told_until_one_succeeds():
    diagnosis = new_diagnosis()
    assert diagnosis.wrote(CERTAIN)
    assert VERDICTS[REFUSED_WRITE] == diagnosis.name == "refused write"
    assert (diagnosis.remedy, diagnosis.sure) == (REMEDIES[REFUSED_WRITE], "certain")
    for _ in range(WINDOW):
        assert not diagnosis.answered(0)
    assert diagnosis.name == "refused write"
    assert diagnosis.wrote(0)
    assert (diagnosis.name, diagnosis.sure) == ("ok", "certain")


def test_how_sure_a_refusal_is():
    diagnosis = new_diagnosis()
    diagnosis.wrote(LIKELY)
    diagnosis.answered(0)
    assert diagnosis.sure == "likely"
    assert not diagnosis.wrote(CERTAIN)
    assert diagnosis.sure == "certain"


def test_a_write_that_succeeds_on_a_good_line_changes_nothing():
    diagnosis = new_diagnosis()
    assert not diagnosis.wrote(0)
    assert diagnosis.name == "ok"


def test_a_refused_write_is_forgotten_after_ten_minutes():
    diagnosis = new_diagnosis()
    diagnosis.wrote(CERTAIN)
    diagnosis.wrote_ticks_ms = ticks_add(ticks_ms(), -590_000)
    assert not diagnosis.answered(0)
    assert diagnosis.name == "refused write"
    diagnosis.wrote_ticks_ms = ticks_add(ticks_ms(), -600_000)
    assert diagnosis.answered(0)
    assert diagnosis.name == "ok"


def test_a_refused_write_hides_no_worse_trouble():
    for data, verdict in ((b"", "silent"), (SWAPPED, "swapped"), (ANSWER, "checksum errors")):
        diagnosis = new_diagnosis()
        diagnosis.wrote(CERTAIN)
        assert [hear(diagnosis, data) for _ in range(2)] == [False, True]
        assert (diagnosis.name, diagnosis.sure) == (verdict, "likely")
        assert not diagnosis.wrote(CERTAIN)
        assert diagnosis.name == verdict


def test_what_was_hidden_by_a_worse_trouble_is_told_after_it():
    diagnosis = after(*[SWAPPED] * WINDOW)
    diagnosis.wrote(CERTAIN)
    assert [diagnosis.answered(0) for _ in range(WINDOW)] == [False] * (WINDOW - 1) + [True]
    assert diagnosis.name == "refused write"


def test_slow_answers_do_not_hide_a_refused_write_and_are_told_after_it():
    diagnosis = new_diagnosis()
    for _ in range(WINDOW):
        diagnosis.answered(300)
    assert diagnosis.wrote(CERTAIN)
    assert not diagnosis.answered(300)
    assert diagnosis.name == "refused write"
    assert diagnosis.wrote(0)
    assert (diagnosis.name, diagnosis.sure) == ("slow answers", "certain")


def test_a_refused_write_does_not_touch_the_verdict_on_the_line():
    """Silence and slowness are equally frequent: what was told of the line stays, whatever was shown instead."""
    diagnosis = after(b"", b"")
    diagnosis.answered(300)
    diagnosis.answered(300)
    assert diagnosis.name == "slow answers"
    diagnosis.wrote(CERTAIN)
    diagnosis.answered(0)
    assert diagnosis.name == "refused write"


def test_judging_takes_no_heap():
    diagnosis = new_diagnosis()
    heads = [bytearray((data + bytes(HEAD_BYTES))[:HEAD_BYTES]) for data in (REQUEST + SWAPPED, SWAPPED, noise(1))]

    for head in heads:
        for _ in range(WINDOW):
            diagnosis.failed(HEAD_BYTES, head, False)
        before = diagnosis.verdict
        without_heap(lambda head=head: diagnosis.failed(HEAD_BYTES, head, False))
        assert diagnosis.verdict == before  # a new verdict looks its remedy up, and that takes heap
    for _ in range(WINDOW):
        diagnosis.answered(0)
    without_heap(lambda: diagnosis.answered(0))
