import asyncio
import time

from evencell.compat import sleep_ms, ticks_diff, ticks_ms
from evencell.link.bus import Rs485Bus
from evencell.protocol.jk_balancer import read_request
from evencell.protocol.jk_settings import decode_written, write_request
from host_tests.link.ports import ScriptedPort, TurningPort
from host_tests.portable import frame_of, raises

REQUEST = read_request(1)
FRAME = frame_of("4s-idle")
OTHER = frame_of("4s-cold")


def exchange(port, request=REQUEST, timeout_ms: int = 150):
    """The answer as bytes (or None), and the bus."""
    bus = Rs485Bus(port)
    return asyncio.run(answer_on(bus, request, timeout_ms)), bus


async def answer_on(bus, request=REQUEST, timeout_ms: int = 150):
    at = await bus.query(request, timeout_ms)
    return None if at < 0 else bytes(bus.frame[at : at + 74])


def test_answer_is_returned_and_counted():
    answer, bus = exchange(ScriptedPort([(0, FRAME)]))
    assert answer == FRAME
    assert (bus.requests, bus.answers, bus.timeouts) == (1, 1, 0)


def test_answer_in_pieces_is_put_together():
    pieces = [(i, FRAME[i : i + 1]) for i in range(74)]
    answer, _ = exchange(ScriptedPort(pieces), timeout_ms=1000)
    assert answer == FRAME


def test_own_echo_is_stripped():
    answer, bus = exchange(ScriptedPort([(0, bytes(REQUEST)), (10, FRAME)]))
    assert answer == FRAME
    assert bus.rubbish_bytes == 7


def test_echo_and_answer_in_one_piece_are_distinguished():
    answer, _ = exchange(ScriptedPort([(0, bytes(REQUEST) + FRAME)]))
    assert answer == FRAME


def test_learned_latency_falls_when_answers_come_faster():
    """The bus sleeps until an answer is due: the latency of slow answers must not make later ones look slow."""
    port = ScriptedPort([(400, FRAME)], *[[(0, FRAME)]] * 6)
    bus = Rs485Bus(port)

    async def scenario():
        latencies_ms = []
        for _ in range(7):
            assert await answer_on(bus, timeout_ms=1000)
            latencies_ms.append(bus.latency_ms)
        return latencies_ms

    latencies_ms = asyncio.run(scenario())
    assert latencies_ms[0] >= 300
    assert latencies_ms[-1] < latencies_ms[0] // 2  # a busy computer answers late itself


def latency_with_a_stall(before_ms: int) -> int:
    """Measured latency of an answer that is there after `before_ms`, while the event loop stands still for 500 ms.

    The stall begins 20 ms before the answer is due, or while the port is polled.
    """
    bus = Rs485Bus(ScriptedPort([(before_ms, FRAME)]))

    async def stall():
        await sleep_ms(100 if before_ms > 100 else 50)
        time.sleep(0.5)

    async def scenario():
        stalling = asyncio.create_task(stall())
        assert await answer_on(bus, timeout_ms=1000)
        await stalling
        return bus.latency_ms

    return asyncio.run(scenario())


def test_stall_of_the_event_loop_is_no_latency_of_the_balancer():
    assert latency_with_a_stall(0) == 0
    assert latency_with_a_stall(150) < 200


def test_answer_is_taken_after_a_stall_longer_than_its_timeout():
    bus = Rs485Bus(ScriptedPort([(0, FRAME)]))

    async def stall():
        time.sleep(0.5)

    async def scenario():
        stalling = asyncio.create_task(stall())
        assert await answer_on(bus, timeout_ms=200)
        await stalling

    asyncio.run(scenario())
    assert (bus.timeouts, bus.late_answers, bus.latency_ms) == (0, 0, 0)


def waited_ms(*arrivals) -> int:
    """How long an exchange without an answer takes, of 3000 ms that it may."""
    started = ticks_ms()
    answer, _ = exchange(ScriptedPort(list(arrivals)), timeout_ms=3000)
    assert answer is None
    return ticks_diff(ticks_ms(), started)


def test_rest_of_a_damaged_answer_is_not_waited_for():
    assert waited_ms((0, FRAME[:9])) < 3000
    assert waited_ms((0, FRAME[:2])) < 3000
    assert waited_ms((0, FRAME[30:50])) < 3000


def test_echo_and_glitch_are_no_damaged_answer():
    """A slow balancer may still answer."""
    late = [(0, bytes(REQUEST)), (5, b"\xff\x00"), (400, FRAME)]
    answer, _ = exchange(ScriptedPort(late), timeout_ms=3000)
    assert answer == FRAME


def test_silence_is_a_timeout():
    answer, bus = exchange(ScriptedPort([]))
    assert answer is None
    assert (bus.answers, bus.timeouts) == (0, 1)


def test_half_an_answer_is_a_timeout():
    answer, bus = exchange(ScriptedPort([(0, FRAME[:40])]))
    assert answer is None
    assert bus.timeouts == 1


def test_wrong_checksum_is_counted():
    damaged = bytearray(FRAME)
    damaged[30] ^= 4
    answer, bus = exchange(ScriptedPort([(0, bytes(damaged))]))
    assert answer is None
    assert bus.bad_checksums == 1


def test_answer_to_another_command_is_skipped_and_counted():
    answer, bus = exchange(ScriptedPort([(0, frame_of("set-trigger-10")), (5, FRAME)]))
    assert answer == FRAME
    assert bus.foreign_frames == 1


def test_answer_to_a_write_is_returned():
    request = write_request(1, "trigger_mv", 10)
    answer, _ = exchange(ScriptedPort([(0, frame_of("set-trigger-10"))]), request)
    assert decode_written(answer, 0) == 10


def test_bytes_received_before_the_request_are_no_answer():
    port = ScriptedPort([(0, FRAME)])
    port.arrive(0, OTHER)
    answer, _ = exchange(port)
    assert answer == FRAME


def test_full_receive_buffer_is_discarded_before_the_request():
    """Another master's answers have filled it since the last request."""
    port = ScriptedPort([(0, FRAME)])
    for _ in range(60):
        port.arrive(0, OTHER)
    answer, bus = exchange(port)
    assert answer == FRAME
    assert (bus.foreign_frames, bus.late_answers, bus.received_bytes) == (0, 0, 74)


def test_late_answer_is_not_taken_for_the_next():
    """It comes while the bus is drained; the next answer belongs to the next request."""
    port = ScriptedPort([(200, OTHER)], [(0, FRAME)])
    bus = Rs485Bus(port)

    async def scenario():
        return [await answer_on(bus), await answer_on(bus)]

    assert asyncio.run(scenario()) == [None, FRAME]
    assert bus.late_answers == 1


def test_draining_waits_for_silence():
    """Noise goes on for a while after the timeout; the next request waits for its end."""
    noise = [(150 + 40 * i, b"\xff\xff") for i in range(6)]
    port = ScriptedPort(noise, [(0, FRAME)])
    bus = Rs485Bus(port)

    async def scenario():
        return [await answer_on(bus), await answer_on(bus)]

    assert asyncio.run(scenario()) == [None, FRAME]
    assert bus.received_bytes == 74


def test_bus_that_is_never_quiet_ends_in_a_timeout():
    class Babbler(ScriptedPort):
        def readinto(self, buffer):
            buffer[0] = 0xEB
            return 1

    answer, bus = exchange(Babbler([]))
    assert answer is None
    assert bus.timeouts == 1


def test_concurrent_exchanges_take_turns():
    port = ScriptedPort([(0, FRAME)], [(0, OTHER)])
    bus = Rs485Bus(port)

    async def scenario():
        return await asyncio.gather(answer_on(bus), answer_on(bus))

    assert asyncio.run(scenario()) == [FRAME, OTHER]


def test_direction_pin_is_high_only_while_sending():
    port = TurningPort([(0, FRAME)])
    answer, _ = exchange(port)
    assert answer == FRAME
    assert port.turns == [(True, 0), (False, 1)]


def test_uart_that_is_never_done_does_not_hold_the_bus():
    class Stuck(TurningPort):
        def txdone(self):
            return False

    port = Stuck([(0, FRAME)])
    answer, _ = exchange(port)
    assert answer == FRAME
    assert port.turns == [(True, 0), (False, 1)]


def test_direction_pin_is_released_even_if_sending_fails():
    class Broken(TurningPort):
        def write(self, _data):
            raise OSError(5)

    port = Broken()
    raises(OSError, lambda: exchange(port))
    assert port.turns == [(True, 0), (False, 0)]
