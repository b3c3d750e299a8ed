import asyncio

from evencell.link.exchange import Line
from evencell.link.poller import Poll, make_poll
from evencell.link.write import LOST, REFUSED, TAKEN, UNHEARD, UNKNOWN, Written, write
from evencell.pack.temperature import TemperatureScale
from evencell.protocol.framing import checksum
from evencell.protocol.jk_balancer import answers, decode_status, read_request
from evencell.protocol.jk_settings import SET_TRIGGER, write_request
from host_tests.link.ports import ScriptedPort
from host_tests.portable import FakeClock, frame_of, raises

OLD_MV = 5
NEW_MV = 10
READ = bytes(read_request(1))
WRITE = bytes(write_request(1, "jk_b2a4s", "trigger_mv", NEW_MV))
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
    poll = make_poll(settings, TemperatureScale("0.1"), Line(port))
    decode_status(reading(OLD_MV)[0][1], 0, poll.pack.candidate)
    poll.pack.believe(FakeClock())
    return poll


def set_trigger(*script, value: int = NEW_MV) -> tuple[Written, list, Poll]:
    """What became of it, the requests that were sent, and the poll."""
    port = ScriptedPort(*script)
    poll = poll_at(port)
    outcome = asyncio.run(write(poll, "trigger_mv", value))
    return outcome, port.written, poll


def test_the_captured_reading_has_the_old_trigger():
    assert reading(OLD_MV)[0][1] == frame_of("4s-idle")
    assert written(NEW_MV)[0][1] == frame_of("set-trigger-10")


def test_a_write_is_answered_and_read_back():
    result, requests, poll = set_trigger(written(NEW_MV), reading(NEW_MV))
    assert (result.outcome, result.old, result.requested, result.active) == (TAKEN, 5, 10, 10)
    assert result.error is None
    assert requests == [WRITE, READ]
    assert poll.diagnosis.name == "ok"


def test_what_is_set_already_is_not_written():
    result, requests, _ = set_trigger(value=OLD_MV)
    assert (result.outcome, result.old, result.active, result.error) == (TAKEN, 5, 5, None)
    assert requests == []


def test_what_the_model_would_not_take_is_not_sent():
    port = ScriptedPort()
    text = raises(ValueError, lambda: asyncio.run(write(poll_at(port), "trigger_mv", 1001)))
    assert "takes 2 to 1000" in text
    assert port.written == []


def test_a_refused_write_is_no_second_time_sent():
    result, requests, poll = set_trigger(written(OLD_MV), reading(OLD_MV))
    assert (result.outcome, result.active) == (REFUSED, 5)
    assert result.error == "The balancer refused trigger_mv 10 and keeps 5."
    assert requests == [WRITE, READ]
    assert result.verdict_changed
    assert (poll.diagnosis.name, poll.diagnosis.sure) == ("refused write", "certain")


def test_a_lost_answer_is_read_back_and_not_written_again():
    """Two readings must agree, for nothing else bears the first one out."""
    for lost in (SILENCE, damaged(written(NEW_MV))):
        result, requests, _ = set_trigger(lost, reading(NEW_MV), reading(NEW_MV))
        assert (result.outcome, result.active) == (TAKEN, 10)
        assert requests == [WRITE, READ, READ]


def test_a_write_that_was_not_taken_is_repeated_once():
    script = [SILENCE, reading(OLD_MV), reading(OLD_MV), written(NEW_MV), reading(NEW_MV)]
    result, requests, poll = set_trigger(*script)
    assert (result.outcome, result.active) == (TAKEN, 10)
    assert requests == [WRITE, READ, READ, WRITE, READ]
    assert poll.diagnosis.name == "ok"


def test_a_write_that_is_never_answered_is_given_up():
    result, requests, poll = set_trigger(*[SILENCE, reading(OLD_MV), reading(OLD_MV)] * 2)
    assert (result.outcome, result.active) == (UNHEARD, 5)
    assert result.error == "The balancer gave no whole answer to the write of trigger_mv 10 and keeps 5."
    assert requests.count(WRITE) == 2
    assert (poll.diagnosis.name, poll.diagnosis.sure) == ("refused write", "likely")


def test_a_damaged_answer_with_a_good_checksum_is_no_refusal():
    """Readings bear out neither 77 nor that the write was refused."""
    script = [written(77), reading(OLD_MV), reading(OLD_MV), written(NEW_MV), reading(NEW_MV)]
    assert set_trigger(*script)[0].outcome == TAKEN
    assert set_trigger(written(77), reading(NEW_MV), reading(NEW_MV))[0].outcome == TAKEN


def test_what_was_said_to_be_taken_and_is_not_there():
    result, requests, poll = set_trigger(written(NEW_MV), reading(OLD_MV), reading(OLD_MV))
    assert (result.outcome, result.active) == (LOST, 5)
    assert "but then it said 5" in result.error
    assert requests.count(WRITE) == 1
    assert (poll.diagnosis.name, poll.diagnosis.sure) == ("refused write", "likely")


def test_silence_after_the_write_says_nothing_and_repeats_nothing():
    result, requests, poll = set_trigger(written(NEW_MV))
    assert (result.outcome, result.active) == (UNKNOWN, None)
    assert "is not known" in result.error
    assert requests == [WRITE] + [READ] * 4
    assert poll.diagnosis.name == "ok"


def test_damaged_readings_are_asked_again():
    noise = damaged(reading(OLD_MV))
    result, requests, _ = set_trigger(written(NEW_MV), noise, noise, noise, reading(NEW_MV))
    assert (result.outcome, result.active) == (TAKEN, 10)
    assert requests == [WRITE] + [READ] * 4


def test_a_reading_out_of_range_bears_nothing_out():
    frame = bytearray(reading(NEW_MV)[0][1])
    frame[8] = 77
    nonsense = [(0, summed(frame))]
    result, _, _ = set_trigger(SILENCE, nonsense, nonsense, nonsense, nonsense)
    assert result.outcome == UNKNOWN


def test_the_echo_of_the_write_is_no_answer():
    echo = [(0, WRITE), (5, written(NEW_MV)[0][1])]
    assert set_trigger(echo, reading(NEW_MV))[0].outcome == TAKEN


def test_switches_are_told_in_words():
    result = Written("balancing_enabled", 1, 0)
    result.active, result.outcome = 1, REFUSED
    assert result.error == "The balancer refused balancing_enabled off and keeps on."


def test_polls_come_between_and_take_nothing_from_it():
    """The bus is locked for each exchange; a poll that waits for it gets its own answer."""
    port = ScriptedPort(written(NEW_MV), reading(NEW_MV), reading(NEW_MV))
    poll = poll_at(port)

    async def poll_once():
        return await poll.pack.line.ask(poll.request, poll.timeout_ms)

    async def scenario():
        return await asyncio.gather(write(poll, "trigger_mv", NEW_MV), poll_once())

    result, at = asyncio.run(scenario())
    assert result.outcome == TAKEN
    assert answers(poll.pack.line.frame, at, READ)
    assert port.written == [WRITE, READ, READ]
