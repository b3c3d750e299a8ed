import asyncio
import time

from evencell.compat import sleep_ms, ticks_diff, ticks_ms
from evencell.link.exchange import Line
from evencell.protocol.jk_balancer import read_request
from evencell.protocol.jk_settings import decode_written, write_request
from host_tests.link.ports import ScriptedPort, TurningPort
from host_tests.portable import frame_of, raises

REQUEST = read_request(1)
FRAME = frame_of("4s-idle")
OTHER = frame_of("4s-cold")


def ask(port, request=REQUEST, timeout_ms: int = 150):
    """The answer as bytes (or None), and the line."""
    line = Line(port)
    return asyncio.run(answer_on(line, request, timeout_ms)), line


async def answer_on(line, request=REQUEST, timeout_ms: int = 150):
    at = await line.ask(request, timeout_ms)
    return None if at < 0 else bytes(line.frame[at : at + 74])


def test_an_answer():
    answer, line = ask(ScriptedPort([(0, FRAME)]))
    assert answer == FRAME
    assert (line.requests, line.answers, line.timeouts) == (1, 1, 0)


def test_an_answer_in_pieces():
    pieces = [(i, FRAME[i : i + 1]) for i in range(74)]
    answer, _ = ask(ScriptedPort(pieces), timeout_ms=1000)
    assert answer == FRAME


def test_own_echo_is_stripped():
    answer, line = ask(ScriptedPort([(0, bytes(REQUEST)), (10, FRAME)]))
    assert answer == FRAME
    assert line.rubbish_bytes == 7


def test_echo_and_answer_in_one_piece():
    answer, _ = ask(ScriptedPort([(0, bytes(REQUEST) + FRAME)]))
    assert answer == FRAME


def test_a_balancer_that_answers_faster_again_is_noticed():
    """The line sleeps until an answer is due: what it learned from slow ones must not make the later ones look slow."""
    port = ScriptedPort([(400, FRAME)], *[[(0, FRAME)]] * 6)
    line = Line(port)

    async def scenario():
        latencies_ms = []
        for _ in range(7):
            assert await answer_on(line, timeout_ms=1000)
            latencies_ms.append(line.latency_ms)
        return latencies_ms

    latencies_ms = asyncio.run(scenario())
    assert latencies_ms[0] >= 300
    assert latencies_ms[-1] < latencies_ms[0] // 2  # a busy computer answers late itself


def latency_with_a_stall(before_ms: int) -> int:
    """Measured latency of an answer that is there after `before_ms`, while the event loop stands still for 500 ms.

    The stall begins 20 ms before the answer is due, or in the middle of the looks.
    """
    line = Line(ScriptedPort([(before_ms, FRAME)]))

    async def stall():
        await sleep_ms(100 if before_ms > 100 else 50)
        time.sleep(0.5)

    async def scenario():
        stalling = asyncio.create_task(stall())
        assert await answer_on(line, timeout_ms=1000)
        await stalling
        return line.latency_ms

    return asyncio.run(scenario())


def test_a_stall_of_the_event_loop_is_no_latency_of_the_balancer():
    assert latency_with_a_stall(0) == 0
    assert latency_with_a_stall(150) < 200


def test_an_answer_is_taken_after_a_stall_longer_than_its_timeout():
    line = Line(ScriptedPort([(0, FRAME)]))

    async def stall():
        time.sleep(0.5)

    async def scenario():
        stalling = asyncio.create_task(stall())
        assert await answer_on(line, timeout_ms=200)
        await stalling

    asyncio.run(scenario())
    assert (line.timeouts, line.late_answers, line.latency_ms) == (0, 0, 0)


def waited_ms(*arrivals) -> int:
    """How long an exchange without an answer takes, of 3000 ms that it may."""
    started = ticks_ms()
    answer, _ = ask(ScriptedPort(list(arrivals)), timeout_ms=3000)
    assert answer is None
    return ticks_diff(ticks_ms(), started)


def test_what_is_left_of_a_damaged_answer_is_not_waited_for():
    assert waited_ms((0, FRAME[:9])) < 3000
    assert waited_ms((0, FRAME[:2])) < 3000
    assert waited_ms((0, FRAME[30:50])) < 3000


def test_echo_and_a_glitch_are_no_answer():
    """A slow balancer may still answer."""
    late = [(0, bytes(REQUEST)), (5, b"\xff\x00"), (400, FRAME)]
    answer, _ = ask(ScriptedPort(late), timeout_ms=3000)
    assert answer == FRAME


def test_silence_is_a_timeout():
    answer, line = ask(ScriptedPort([]))
    assert answer is None
    assert (line.answers, line.timeouts) == (0, 1)


def test_half_an_answer_is_a_timeout():
    answer, line = ask(ScriptedPort([(0, FRAME[:40])]))
    assert answer is None
    assert line.timeouts == 1


def test_a_damaged_answer_is_counted():
    damaged = bytearray(FRAME)
    damaged[30] ^= 4
    answer, line = ask(ScriptedPort([(0, bytes(damaged))]))
    assert answer is None
    assert line.bad_checksums == 1


def test_the_answer_to_something_else_is_not_taken():
    answer, line = ask(ScriptedPort([(0, frame_of("set-trigger-10")), (5, FRAME)]))
    assert answer == FRAME
    assert line.foreign_frames == 1


def test_an_answer_to_a_write():
    request = write_request(1, "jk_b2a4s", "trigger_mv", 10)
    answer, _ = ask(ScriptedPort([(0, frame_of("set-trigger-10"))]), request)
    assert decode_written(answer, 0) == 10


def test_bytes_from_before_the_question_are_no_answer():
    port = ScriptedPort([(0, FRAME)])
    port.arrive(0, OTHER)
    answer, _ = ask(port)
    assert answer == FRAME


def test_a_late_answer_is_not_taken_for_the_next_one():
    """It comes while the line is drained, and each later answer belongs to its own question."""
    port = ScriptedPort([(200, OTHER)], [(0, FRAME)])
    line = Line(port)

    async def scenario():
        return [await answer_on(line), await answer_on(line)]

    assert asyncio.run(scenario()) == [None, FRAME]
    assert line.late_answers == 1


def test_draining_waits_for_silence():
    """Rubbish keeps coming for a while after the timeout; the next question waits for its end."""
    rubbish = [(150 + 40 * i, b"\xff\xff") for i in range(6)]
    port = ScriptedPort(rubbish, [(0, FRAME)])
    line = Line(port)

    async def scenario():
        return [await answer_on(line), await answer_on(line)]

    assert asyncio.run(scenario()) == [None, FRAME]
    assert line.heard_bytes == 74


def test_a_line_that_never_falls_silent_does_not_stop_us():
    class Babbler(ScriptedPort):
        def readinto(self, buffer):
            buffer[0] = 0xEB
            return 1

    answer, line = ask(Babbler([]))
    assert answer is None
    assert line.timeouts == 1


def test_two_askers_take_turns():
    port = ScriptedPort([(0, FRAME)], [(0, OTHER)])
    line = Line(port)

    async def scenario():
        return await asyncio.gather(answer_on(line), answer_on(line))

    assert asyncio.run(scenario()) == [FRAME, OTHER]


def test_the_direction_pin_is_high_just_while_sending():
    port = TurningPort([(0, FRAME)])
    answer, _ = ask(port)
    assert answer == FRAME
    assert port.turns == [(True, 0), (False, 1)]


def test_a_uart_that_is_never_done_does_not_hold_the_line():
    class Stuck(TurningPort):
        def txdone(self):
            return False

    port = Stuck([(0, FRAME)])
    answer, _ = ask(port)
    assert answer == FRAME
    assert port.turns == [(True, 0), (False, 1)]


def test_the_direction_pin_falls_even_where_sending_fails():
    class Broken(TurningPort):
        def write(self, _data):
            raise OSError(5)

    port = Broken()
    raises(OSError, lambda: ask(port))
    assert port.turns == [(True, 0), (False, 0)]
