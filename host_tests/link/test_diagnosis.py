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
    return diagnosis.record_failure(len(data), head, was_late)


def after(*heard: bytes) -> Diagnosis:
    diagnosis = new_diagnosis()
    for data in heard:
        hear(diagnosis, data)
    return diagnosis


def noise(seed: int, count: int = 40) -> bytes:
    """Bytes that begin with no known signature and differ from seed to seed."""
    return bytes([0x80 + seed]) + bytes((seed * 37 + i * 11) & 0xFF for i in range(1, count))


def test_verdict_is_ok_and_unsure_before_any_exchange():
    diagnosis = new_diagnosis()
    assert (diagnosis.name, diagnosis.remedy, diagnosis.sure) == ("ok", "", "possible")


def test_every_verdict_but_ok_has_a_remedy():
    assert len(VERDICTS) == len(REMEDIES)
    for i, verdict in enumerate(VERDICTS):
        assert (verdict == "ok") == (REMEDIES[i] == "")


def test_every_verdict_fits_onto_the_small_display():
    for verdict in VERDICTS:
        assert len(verdict) <= 18, verdict


def test_silence_is_silent():
    assert after(b"", b"").name == "silent"


def test_echo_without_answer_is_echo_only():
    assert after(REQUEST, REQUEST).name == "echo only"


def test_recorded_bytes_of_swapped_wires_are_swapped():
    assert SWAPPED == b"\x55\x95\x01\xff\x01"
    assert after(SWAPPED, SWAPPED).name == "swapped"


def test_varying_unreadable_bytes_are_noise():
    assert after(noise(1), noise(2)).name == "noise"
    assert after(noise(1, 3), noise(2, 3)).name == "noise"


def test_same_unreadable_bytes_again_are_a_wrong_baud_rate():
    assert after(noise(1), noise(1), noise(1)).name == "wrong baud"


def test_bytes_with_the_same_beginning_are_a_wrong_baud_rate():
    assert after(noise(1)[:2] + noise(5), noise(1)[:2] + noise(6), noise(1)[:2] + noise(7)).name == "wrong baud"


def test_bus_stuck_at_one_level_is_noise():
    assert after(b"\x00" * 9, b"\x00" * 9, b"\x00" * 9).name == "noise"
    assert after(b"\xff" * 9, b"\xff" * 9, b"\xff" * 9).name == "noise"
    assert after(b"\x80", b"\x80", b"\x80").name == "noise"


MODBUS = b"\x01\x03\x02\x0c\xd8\xbd\x1e"
JBD_REQUEST = b"\xdd\xa5\x03\x00\xff\xfd\x77"


def hear_all(diagnosis: Diagnosis, *heard: bytes):
    """Exchanges whose bytes the line kept all."""
    for data in heard:
        diagnosis.record_failure(len(data), data, False)


def test_another_protocol_is_named_by_its_checksum():
    for frame, word in ((MODBUS, "Modbus RTU"), (JBD_REQUEST, "JBD BMS")):
        diagnosis = new_diagnosis()
        hear_all(diagnosis, REQUEST + frame, REQUEST + frame)
        assert (diagnosis.name, diagnosis.protocol, diagnosis.sure) == ("other protocol", word, "likely")
        assert word in diagnosis.remedy
        damaged = frame[:-1] + b"\x00"
        diagnosis = new_diagnosis()
        hear_all(diagnosis, damaged, damaged)
        assert diagnosis.name == "wrong baud", frame


def test_every_unreadable_exchange_counts_for_the_protocol_that_was_found():
    diagnosis = new_diagnosis()
    hear_all(diagnosis, *[MODBUS] * WINDOW)
    assert (diagnosis.name, diagnosis.sure) == ("other protocol", "certain")


def test_frame_longer_than_what_was_kept_is_named_by_header_and_length():
    """The line keeps twelve bytes of an exchange that is longer than its buffer."""
    jk_bms = b"\x4e\x57\x01\x1b\x00\x00\x00\x00\x06\x00\x01\x79"
    for received_bytes, verdict in ((285, "other protocol"), (200, "wrong baud")):
        diagnosis = new_diagnosis()
        for _ in range(2):
            diagnosis.record_failure(received_bytes, jk_bms, False)
        assert diagnosis.name == verdict


def test_change_of_the_other_protocol_changes_the_verdict():
    diagnosis = new_diagnosis()
    hear_all(diagnosis, *[MODBUS] * WINDOW)
    changes = [diagnosis.record_failure(len(JBD_REQUEST), JBD_REQUEST, False) for _ in range(2 * WINDOW)]
    assert changes.count(True) == 1
    assert "JBD" in diagnosis.remedy


def test_whole_frames_without_a_name_are_no_wrong_baud_rate():
    """A checksum of 16 bits convinces at once, one of 8 bits where two different frames have it."""
    frame = noise(3)
    total = sum(frame)
    diagnosis = new_diagnosis()
    hear_all(diagnosis, *[frame + bytes((total >> 8, total & 0xFF))] * 2)
    assert diagnosis.name == "unknown protocol"
    assert "does not know" in diagnosis.remedy

    frames = [noise(seed) + bytes((sum(noise(seed)) & 0xFF,)) for seed in (1, 1, 2, 2)]
    diagnosis = new_diagnosis()
    hear_all(diagnosis, *frames[:2])
    assert diagnosis.name != "unknown protocol"
    hear_all(diagnosis, *frames[2:])
    assert diagnosis.name == "unknown protocol"


def test_noise_is_no_protocol_of_any_kind():
    diagnosis = new_diagnosis()
    for seed in range(120):
        data = noise(seed, 30 + seed % 90)
        diagnosis.record_failure(len(data), data, False)
        assert diagnosis.name in ("ok", "noise"), seed


def test_bytes_are_noise_without_memory_to_examine_them():
    def fail(*_):
        raise MemoryError

    from evencell.link import recognition

    real = recognition.call
    recognition.call = fail
    try:
        diagnosis = new_diagnosis()
        hear_all(diagnosis, *[MODBUS] * WINDOW)
        assert diagnosis.name == "wrong baud"
    finally:
        recognition.call = real


def test_whole_answers_with_wrong_checksums_are_checksum_errors():
    assert after(ANSWER, ANSWER).name == "checksum errors"


def test_answers_of_another_length_are_noise():
    assert after(ANSWER[:60], ANSWER + b"\x00").name == "noise"


def test_checksum_errors_among_noise_are_noise():
    assert after(ANSWER, ANSWER, ANSWER[:70]).name == "noise"


def test_answer_from_another_address_is_wrong_address():
    assert after(OTHER_ADDRESS, OTHER_ADDRESS).name == "wrong address"


def test_answers_from_300_ms_on_are_slow():
    diagnosis = new_diagnosis()
    diagnosis.record_answer(299)
    assert diagnosis.name == "ok"
    for _ in range(2):
        diagnosis.record_answer(300)
    assert diagnosis.name == "slow answers"


def test_late_answers_are_slow_ones():
    diagnosis = new_diagnosis()
    for _ in range(2):
        hear(diagnosis, b"", was_late=True)
    assert diagnosis.name == "slow answers"


def test_answers_that_contradict_each_other_are_noise():
    diagnosis = new_diagnosis()
    for _ in range(2):
        diagnosis.record_implausible()
    assert diagnosis.name == "noise"
    assert "contradict" in diagnosis.remedy


def test_bytes_after_the_echo_are_recognised():
    assert after(REQUEST + SWAPPED, REQUEST + SWAPPED).name == "swapped"
    assert after(REQUEST + ANSWER, REQUEST + ANSWER).name == "checksum errors"
    assert after(REQUEST + OTHER_ADDRESS, REQUEST + OTHER_ADDRESS).name == "wrong address"
    assert after(REQUEST + noise(1), REQUEST + noise(2)).name == "noise"


def test_head_bytes_of_an_earlier_exchange_are_ignored():
    """The line clears no `head`: only the first `received_bytes` of it are of this exchange."""
    for before in (REQUEST, REQUEST + ANSWER, ANSWER, SWAPPED):
        diagnosis = new_diagnosis()
        for _ in range(2):
            hear(diagnosis, b"", before)
        assert diagnosis.name == "silent", before
    diagnosis = new_diagnosis()
    for _ in range(2):
        hear(diagnosis, REQUEST, REQUEST + SWAPPED)
    assert diagnosis.name == "echo only"


def test_one_bad_exchange_is_no_verdict():
    diagnosis = new_diagnosis()
    for data in (b"", REQUEST, SWAPPED, ANSWER):
        assert not hear(diagnosis, data)
        assert diagnosis.name == "ok"
        for _ in range(WINDOW):
            assert not diagnosis.record_answer(0)


def test_change_of_the_verdict_is_returned():
    diagnosis = new_diagnosis()
    assert [hear(diagnosis, b"") for _ in range(3)] == [False, True, False]
    assert [diagnosis.record_answer(0) for _ in range(WINDOW)] == [False] * (WINDOW - 1) + [True]


def test_verdict_ends_after_a_whole_window_of_answers():
    diagnosis = after(*[SWAPPED] * WINDOW)
    for _ in range(WINDOW - 1):
        diagnosis.record_answer(0)
        assert diagnosis.name == "swapped"
    diagnosis.record_answer(0)
    assert diagnosis.name == "ok"


def test_most_frequent_fault_is_the_verdict():
    assert after(b"", b"", SWAPPED, SWAPPED, SWAPPED).name == "swapped"
    assert after(b"", b"", b"", SWAPPED).name == "silent"


def test_latest_outcome_is_kept_beside_the_verdict():
    diagnosis = after(b"", b"", b"", SWAPPED)
    assert VERDICTS[diagnosis.latest] == "swapped"


def test_confidence_grows_with_agreeing_exchanges():
    diagnosis = new_diagnosis()
    for _ in range(WINDOW - 1):
        hear(diagnosis, b"")
    assert (diagnosis.name, diagnosis.sure) == ("silent", "likely")
    hear(diagnosis, b"")
    assert diagnosis.sure == "certain"
    for _ in range(WINDOW - 1):
        diagnosis.record_answer(0)
    assert (diagnosis.name, diagnosis.sure) == ("silent", "possible")
    diagnosis.record_answer(0)
    assert (diagnosis.name, diagnosis.sure) == ("ok", "certain")


def lossy(diagnosis: Diagnosis, percent: int, exchanges: int, heard: bytes = b"") -> set:
    """The verdicts while so many percent of the requests bring only `heard`. The first one is answered."""
    diagnosis.record_answer(0)
    number = 4711 + percent
    names = set()
    for _ in range(exchanges):
        number = (number * 1103515245 + 12345) & 0x7FFFFFFF
        if (number >> 16) % 100 < percent:
            hear(diagnosis, heard)
        else:
            diagnosis.record_answer(0)
        names.add(diagnosis.name)
    return names


def test_line_that_loses_some_answers_is_never_silent():
    for percent in (2, 5, 10, 20, 30):
        for heard in (b"", REQUEST):
            diagnosis = new_diagnosis()
            assert lossy(diagnosis, percent, 2000, heard) == {"ok", "lost answers"}, percent


def test_share_of_lost_answers_is_counted():
    for percent in (10, 30):
        diagnosis = new_diagnosis()
        lossy(diagnosis, percent, 500)
        assert diagnosis.name == "lost answers"
        assert diagnosis.sure == "certain"
        assert percent // 2 < diagnosis.lost_percent < 2 * percent
        assert diagnosis.summary == "lost answers (%d %%)" % diagnosis.lost_percent


def test_lossy_line_is_ok_after_two_blocks_without_a_loss():
    diagnosis = new_diagnosis()
    lossy(diagnosis, 10, 200)
    for _ in range(128):
        diagnosis.record_answer(0)
    assert (diagnosis.name, diagnosis.lost_percent) == ("ok", 0)


def test_balancer_that_is_switched_off_is_silent_after_the_whole_window():
    for heard, verdict in ((b"", "silent"), (REQUEST, "echo only")):
        diagnosis = new_diagnosis()
        for _ in range(20):
            diagnosis.record_answer(0)
        names = []
        for _ in range(WINDOW):
            hear(diagnosis, heard)
            names.append(diagnosis.name)
        assert names == ["ok"] + (WINDOW - 2) * ["lost answers"] + [verdict]
        assert (diagnosis.sure, diagnosis.lost_percent) == ("certain", 0)
        for _ in range(WINDOW):
            diagnosis.record_answer(0)
        assert diagnosis.name == "ok"


def test_losses_are_counted_from_the_first_answer_on():
    diagnosis = after(b"", b"")
    assert diagnosis.name == "silent"
    diagnosis.record_answer(0)
    hear(diagnosis, b"")
    assert diagnosis.name == "lost answers"


def test_neither_address_nor_baud_rate_is_wrong_while_answers_come():
    """Another balancer on the bus, asked by another master; pieces of answers that begin the same."""
    for data in (OTHER_ADDRESS, noise(1)):
        diagnosis = new_diagnosis()
        for _ in range(3 * WINDOW):
            diagnosis.record_answer(0)
            hear(diagnosis, data)
            assert diagnosis.name in ("ok", "noise"), data


def test_one_answer_makes_nothing_certain():
    diagnosis = new_diagnosis()
    sure = []
    for _ in range(WINDOW):
        diagnosis.record_answer(0)
        sure.append(diagnosis.sure)
    assert sure == ["possible"] + (WINDOW - 2) * ["likely"] + ["certain"]


def test_refused_write_lasts_until_a_write_succeeds():
    diagnosis = new_diagnosis()
    assert diagnosis.record_write(CERTAIN)
    assert VERDICTS[REFUSED_WRITE] == diagnosis.name == "refused write"
    assert (diagnosis.remedy, diagnosis.sure) == (REMEDIES[REFUSED_WRITE], "certain")
    for _ in range(WINDOW):
        assert not diagnosis.record_answer(0)
    assert diagnosis.name == "refused write"
    assert diagnosis.record_write(0)
    assert (diagnosis.name, diagnosis.sure) == ("ok", "certain")


def test_confidence_of_a_refused_write_is_that_of_the_writer():
    diagnosis = new_diagnosis()
    diagnosis.record_write(LIKELY)
    diagnosis.record_answer(0)
    assert diagnosis.sure == "likely"
    assert not diagnosis.record_write(CERTAIN)
    assert diagnosis.sure == "certain"


def test_write_that_succeeds_on_a_good_line_changes_nothing():
    diagnosis = new_diagnosis()
    assert not diagnosis.record_write(0)
    assert diagnosis.name == "ok"


def test_refused_write_ends_after_ten_minutes():
    diagnosis = new_diagnosis()
    diagnosis.record_write(CERTAIN)
    diagnosis.wrote_ticks_ms = ticks_add(ticks_ms(), -590_000)
    assert not diagnosis.record_answer(0)
    assert diagnosis.name == "refused write"
    diagnosis.wrote_ticks_ms = ticks_add(ticks_ms(), -600_000)
    assert diagnosis.record_answer(0)
    assert diagnosis.name == "ok"


def test_refused_write_does_not_hide_a_fault_of_the_line():
    for data, verdict in ((b"", "silent"), (SWAPPED, "swapped"), (ANSWER, "checksum errors")):
        diagnosis = new_diagnosis()
        diagnosis.record_write(CERTAIN)
        assert [hear(diagnosis, data) for _ in range(2)] == [False, True]
        assert (diagnosis.name, diagnosis.sure) == (verdict, "likely")
        assert not diagnosis.record_write(CERTAIN)
        assert diagnosis.name == verdict


def test_refused_write_is_the_verdict_after_a_fault_of_the_line():
    diagnosis = after(*[SWAPPED] * WINDOW)
    diagnosis.record_write(CERTAIN)
    assert [diagnosis.record_answer(0) for _ in range(WINDOW)] == [False] * (WINDOW - 1) + [True]
    assert diagnosis.name == "refused write"


def test_slow_answers_do_not_hide_a_refused_write():
    diagnosis = new_diagnosis()
    for _ in range(WINDOW):
        diagnosis.record_answer(300)
    assert diagnosis.record_write(CERTAIN)
    assert not diagnosis.record_answer(300)
    assert diagnosis.name == "refused write"
    assert diagnosis.record_write(0)
    assert (diagnosis.name, diagnosis.sure) == ("slow answers", "certain")


def test_refused_write_leaves_the_verdict_on_the_line_unchanged():
    """Silence and slowness are equally frequent: what was told of the line stays, whatever was shown instead."""
    diagnosis = after(b"", b"")
    diagnosis.record_answer(300)
    diagnosis.record_answer(300)
    assert diagnosis.name == "slow answers"
    diagnosis.record_write(CERTAIN)
    diagnosis.record_answer(0)
    assert diagnosis.name == "refused write"


def test_judging_takes_no_heap():
    diagnosis = new_diagnosis()
    heads = [bytearray((data + bytes(HEAD_BYTES))[:HEAD_BYTES]) for data in (REQUEST + SWAPPED, SWAPPED, noise(1))]

    for head in heads:
        for _ in range(WINDOW):
            diagnosis.record_failure(HEAD_BYTES, head, False)
        before = diagnosis.verdict
        without_heap(lambda head=head: diagnosis.record_failure(HEAD_BYTES, head, False))
        assert diagnosis.verdict == before  # a new verdict looks its remedy up, and that takes heap
    for _ in range(WINDOW):
        diagnosis.record_answer(0)
    without_heap(lambda: diagnosis.record_answer(0))


def test_recognition_is_unloaded_after_a_window_of_answers():
    diagnosis = new_diagnosis()
    hear_all(diagnosis, SWAPPED, SWAPPED)
    assert diagnosis.name == "swapped" and diagnosis._recognition
    for _ in range(WINDOW):
        diagnosis.record_answer(0)
    assert diagnosis.name == "ok" and diagnosis._recognition is None
    diagnosis.record_failure(0, b"", False)
    assert diagnosis._recognition is None
