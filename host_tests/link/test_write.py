import asyncio

from evencell.link.bus import Rs485Bus
from evencell.link.poller import Poll, make_poll
from evencell.link.writer import CHANGED, CONFIRMED, LOST, REFUSED, TAKEN, UNANSWERED, UNKNOWN, Written, write_verified
from evencell.pack.temperature import TemperatureScale
from evencell.protocol.framing import checksum
from evencell.protocol.jk_balancer import decode_status, is_answer, read_request
from evencell.protocol.jk_settings import SET_SWITCH, SET_TRIGGER, write_request
from host_tests.fakes import FakeClock
from host_tests.link.ports import ScriptedPort
from host_tests.portable import frame_of

OLD_MV = 5
NEW_MV = 10
READ = bytes(read_request(1))
WRITE = bytes(write_request(1, "trigger_mv", NEW_MV))
SILENCE = []


def summed(frame: bytearray) -> bytes:
    frame[73] = checksum(frame, 0, 73)
    return bytes(frame)


def reading(trigger_mv: int) -> list:
    """The answer to a read, with this trigger."""
    frame = bytearray(frame_of("4s-idle"))
    frame[17], frame[18] = trigger_mv >> 8, trigger_mv & 0xFF
    return [(0, summed(frame))]


def written(active_mv: int) -> list:
    """The answer to a write of the trigger."""
    frame = bytearray(74)
    frame[0:4] = b"\xeb\x90\x01" + bytes([SET_TRIGGER])
    frame[4], frame[5] = active_mv >> 8, active_mv & 0xFF
    return [(0, summed(frame))]


def damaged(answer: list) -> list:
    frame = bytearray(answer[0][1])
    frame[30] ^= 4
    return [(0, bytes(frame))]


def poll_at(port) -> Poll:
    """A poll whose pack was just read: trigger 5 mV, all well."""
    settings = {"name": "pack1", "model": "jk_b2a4s", "address": 1, "interval_ms": 0, "timeout_ms": 100}
    poll = make_poll(settings, TemperatureScale("0.1"), Rs485Bus(port))
    decode_status(reading(OLD_MV)[0][1], 0, poll.pack.candidate)
    poll.pack.accept_unchecked(FakeClock())
    return poll


def set_trigger(*script, value: int = NEW_MV) -> tuple[Written, list, Poll]:
    """Result of the write, the requests that were sent, and the poll."""
    port = ScriptedPort(*script)
    poll = poll_at(port)
    outcome = asyncio.run(write_verified(poll, "trigger_mv", value))
    return outcome, port.written, poll


def test_frames_of_these_tests_are_captured_ones():
    assert reading(OLD_MV)[0][1] == frame_of("4s-idle")
    assert written(NEW_MV)[0][1] == frame_of("set-trigger-10")


def test_write_is_answered_and_read_back():
    result, requests, poll = set_trigger(written(NEW_MV), reading(NEW_MV))
    assert (result.outcome, result.old, result.requested, result.active) == (TAKEN, 5, 10, 10)
    assert result.error is None
    assert requests == [WRITE, READ]
    assert poll.diagnosis.name == "ok"


def test_value_that_is_set_already_is_not_written():
    result, requests, _ = set_trigger(value=OLD_MV)
    assert (result.outcome, result.old, result.active, result.error) == (TAKEN, 5, 5, None)
    assert requests == []


def test_refused_write_is_not_repeated():
    result, requests, poll = set_trigger(written(OLD_MV), reading(OLD_MV))
    assert (result.outcome, result.active) == (REFUSED, 5)
    assert result.error == "The balancer refused trigger_mv 10 and keeps 5."
    assert requests == [WRITE, READ]
    assert result.is_verdict_changed
    assert (poll.diagnosis.name, poll.diagnosis.sure) == ("refused write", "certain")


def test_lost_answer_to_write_is_read_back_and_not_written_again():
    """Two readings must agree, since nothing else confirms the first one."""
    for lost in (SILENCE, damaged(written(NEW_MV))):
        result, requests, _ = set_trigger(lost, reading(NEW_MV), reading(NEW_MV))
        assert (result.outcome, result.active, result.error) == (CONFIRMED, 10, None)
        assert requests == [WRITE, READ, READ]


def test_write_that_was_not_taken_is_repeated_once():
    script = [SILENCE, reading(OLD_MV), reading(OLD_MV), written(NEW_MV), reading(NEW_MV)]
    result, requests, poll = set_trigger(*script)
    assert (result.outcome, result.active) == (TAKEN, 10)
    assert requests == [WRITE, READ, READ, WRITE, READ]
    assert poll.diagnosis.name == "ok"


def test_write_without_answer_is_sent_twice_at_most():
    result, requests, poll = set_trigger(*[SILENCE, reading(OLD_MV), reading(OLD_MV)] * 2)
    assert (result.outcome, result.active) == (UNANSWERED, 5)
    assert result.error == "The balancer gave no whole answer to the write of trigger_mv 10 and keeps 5."
    assert requests.count(WRITE) == 2
    assert (poll.diagnosis.name, poll.diagnosis.sure) == ("refused write", "likely")


def test_damaged_answer_with_good_checksum_is_no_refusal():
    """Readings confirm neither 77 nor a refusal."""
    script = [written(77), reading(OLD_MV), reading(OLD_MV), written(NEW_MV), reading(NEW_MV)]
    assert set_trigger(*script)[0].outcome == TAKEN
    assert set_trigger(written(77), reading(NEW_MV), reading(NEW_MV))[0].outcome == CONFIRMED


def test_value_that_was_answered_but_not_read_back_is_lost():
    result, requests, poll = set_trigger(written(NEW_MV), reading(OLD_MV), reading(OLD_MV))
    assert (result.outcome, result.active) == (LOST, 5)
    assert "later readings contain 5" in result.error
    assert requests.count(WRITE) == 1
    assert (poll.diagnosis.name, poll.diagnosis.sure) == ("refused write", "likely")


def test_value_that_something_else_set_meanwhile_is_no_refusal():
    """Neither the old nor the requested one; it is not overwritten."""
    for answer in (written(NEW_MV), SILENCE):
        result, requests, poll = set_trigger(answer, reading(7), reading(7))
        assert (result.outcome, result.active) == (CHANGED, 7)
        assert result.error.startswith("trigger_mv 10 was written, but it is 7 now: something else set it")
        assert requests.count(WRITE) == 1
        assert poll.diagnosis.name == "ok"


def test_silence_after_write_is_unknown_and_repeats_no_write():
    result, requests, poll = set_trigger(written(NEW_MV))
    assert (result.outcome, result.active) == (UNKNOWN, None)
    assert "is not known" in result.error
    assert requests == [WRITE] + [READ] * 4
    assert poll.diagnosis.name == "ok"


def test_damaged_reading_after_write_is_requested_again():
    noise = damaged(reading(OLD_MV))
    result, requests, _ = set_trigger(written(NEW_MV), noise, noise, noise, reading(NEW_MV))
    assert (result.outcome, result.active) == (TAKEN, 10)
    assert requests == [WRITE] + [READ] * 4


def test_reading_outside_known_ranges_confirms_write():
    frame = bytearray(reading(NEW_MV)[0][1])
    frame[8] = 77
    strange = [(0, summed(frame))]
    assert set_trigger(written(NEW_MV), strange)[0].outcome == TAKEN
    assert set_trigger(SILENCE, strange, strange)[0].outcome == CONFIRMED


def test_any_number_but_0_means_switched_on():
    frame = bytearray(frame_of("4s-idle"))
    answer = bytearray(written(0xFF)[0][1])
    answer[3] = SET_SWITCH
    frame[21] = 0xFF
    port = ScriptedPort([(0, summed(answer))], [(0, summed(frame))])
    poll = poll_at(port)
    poll.pack.accepted.balancing_raw = 0
    result = asyncio.run(write_verified(poll, "balancing_enabled", 1))
    assert (result.outcome, result.active) == (TAKEN, 1)


def test_echo_of_write_is_no_answer():
    echo = [(0, WRITE), (5, written(NEW_MV)[0][1])]
    assert set_trigger(echo, reading(NEW_MV))[0].outcome == TAKEN


def test_error_shows_switch_as_on_and_off():
    result = Written("balancing_enabled", 1, 0)
    result.active, result.outcome = 1, REFUSED
    assert result.error == "The balancer refused balancing_enabled off and keeps on."


def test_poll_between_exchanges_of_write_gets_its_own_answer():
    """The bus is locked for each exchange."""
    port = ScriptedPort(written(NEW_MV), reading(NEW_MV), reading(NEW_MV))
    poll = poll_at(port)

    async def poll_once():
        return await poll.pack.bus.query(poll.request, poll.timeout_ms)

    async def scenario():
        return await asyncio.gather(write_verified(poll, "trigger_mv", NEW_MV), poll_once())

    result, at = asyncio.run(scenario())
    assert result.outcome == TAKEN
    assert is_answer(poll.pack.bus.frame, at, READ)
    assert port.written == [WRITE, READ, READ]
