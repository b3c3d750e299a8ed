"""`evencell diagnose`: how long it observes a line, and what it says of it. Time is simulated, but for one line."""

import asyncio
from unittest import mock

import pytest

from evencell.link import bus as exchange
from evencell.protocol.framing import checksum
from evencell.protocol.jk_balancer import ANSWER_BYTES
from host_tests.end_to_end.chain import FIXED, Simulator
from host_tests.end_to_end.command import evencell
from host_tests.fuzz.machines import Ticks
from host_tests.portable import frame_of
from tools.cli import diagnose

FRAME = frame_of("4s-idle")
ANSWER_MS = 90


class Balancer(Ticks):
    """A port with a balancer behind it, and its time. `answer(ms)` is what comes back for a request at that time."""

    direction = None
    in_waiting = 0
    baudrate = exchange.BAUD_RATE

    def __init__(self, answer):
        super().__init__()
        self._answer = answer
        self._sent = (0, b"")

    def read(self, _count: int) -> bytes:
        return b""

    def write(self, _request):
        self._sent = (self.now_ms + ANSWER_MS, self._answer(self.now_ms))

    def readinto(self, buffer) -> int:
        due_ms, answer = self._sent
        if self.now_ms < due_ms:
            return 0
        self._sent = (0, b"")
        buffer[: len(answer)] = answer
        return len(answer)


def examined(answer, seconds: int = 10, quick: bool = True) -> tuple[bool, str]:
    port = Balancer(answer)
    clock = {"ticks_ms": port.ticks_ms, "sleep_ms": port.sleep_ms}
    with mock.patch.multiple(exchange, **clock), mock.patch.multiple(diagnose, **clock):
        return asyncio.run(diagnose.examine(port, 1, quick, seconds))


def flapping(period_s: int):
    """Answers for so long, is silent for so long, and so on."""
    return lambda now_ms: b"" if now_ms // (1000 * period_s) % 2 else FRAME


@pytest.mark.parametrize("period_s", [1, 2, 3, 4])
def test_line_that_comes_and_goes_is_not_ok(period_s):
    is_well, sentence = examined(flapping(period_s))
    assert not is_well
    assert sentence.startswith("lost answers (certain), ")
    assert "requests were answered in 1" in sentence  # 10 s, or 11 where the last request took one
    assert "the longest time without an answer was" in sentence


def test_ok_is_not_certain_after_a_short_observation():
    is_well, sentence = examined(flapping(30))
    assert is_well
    assert sentence.startswith("ok (likely): ")
    assert "in 10 s" in sentence
    assert "--seconds observes for longer" in sentence


def test_longer_observation_finds_a_rare_fault():
    is_well, sentence = examined(flapping(30), seconds=70)
    assert not is_well
    assert sentence.startswith("lost answers")


def test_minute_without_a_loss_is_certain():
    assert examined(lambda _: FRAME, seconds=60)[1].startswith("ok (certain): ")


def test_one_lost_answer_is_no_fault_and_two_are():
    lost = {}

    def losing(count: int):
        lost["left"] = count

        def answer(now_ms: int) -> bytes:
            if now_ms > 3000 and lost["left"]:
                lost["left"] -= 1
                return b""
            return FRAME

        return answer

    is_well, sentence = examined(losing(1))
    assert (is_well, sentence[:11]) == (True, "ok (likely)")
    is_well, sentence = examined(losing(2))
    assert (is_well, sentence[:12]) == (False, "lost answers")


def test_damaged_answers_among_good_ones_are_noise():
    is_well, sentence = examined(lambda now_ms: FRAME[:40] if now_ms // 100 % 20 == 0 else FRAME)
    assert not is_well
    assert sentence.startswith("noise (")
    assert "requests were answered" in sentence


def test_silent_line_gets_six_requests():
    is_well, sentence = examined(lambda _: b"")
    assert not is_well
    assert sentence.startswith("silent (certain): ")


def test_answer_from_another_address_is_reported_with_it():
    frame = FRAME[:2] + bytes([7]) + FRAME[3:-1]
    other = frame + bytes([checksum(frame, 0, ANSWER_BYTES - 1)])
    is_well, sentence = examined(lambda _: other)
    assert not is_well
    assert sentence.startswith("wrong address (certain): ")
    assert sentence.endswith("The answers come from address 7.")


def test_observed_time_is_reported(tmp_path):
    with Simulator(tmp_path, *FIXED) as simulator:
        result = evencell("diagnose", "--port", simulator.link, "--seconds", "1")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith("ok (likely): ")
    assert "requests were answered in 1 s" in result.stdout
