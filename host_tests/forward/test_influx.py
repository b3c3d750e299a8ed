"""The queue before a store, its lines and addresses, and what it makes of answers. With a real store: end_to_end."""

import asyncio
import contextlib
from types import SimpleNamespace

import pytest

from evencell.forward.influx import Keeper, Queue, Sender, split_url
from evencell.forward.influx_line import line_of
from evencell.hub import Hub
from evencell.pack.pack import Pack
from evencell.pack.temperature import TemperatureScale
from evencell.protocol.jk_balancer import decode_status
from evencell.system.log import Log
from evencell.system.watch import Progress
from host_tests.config_rules import RULES
from host_tests.portable import FakeClock, frame_of

QUEUE_BYTES = 8192
TIME_S = 1_795_403_431
SETTINGS = {"measurement": "evencell", "batch_s": 1, "token": None, "user": None, "password": None}


def pack_read(clock) -> Pack:
    pack = Pack("pack1", "jk_b2a4s", TemperatureScale("0.1"))
    decode_status(frame_of("4s-idle"), 0, pack.candidate)
    pack.believe(clock)
    return pack


def clock_at(time_s: int | None) -> FakeClock:
    clock = FakeClock()
    clock.now_s = time_s
    return clock


def context_of(packs: list, clock, url: str = "http://127.0.0.1:1"):
    settings = {**SETTINGS, "url": url}
    return SimpleNamespace(
        hub=Hub(packs, clock), clock=clock, log=Log(clock), config={"influx": settings}, device_id="aa61002f3d49"
    )


def test_a_line():
    assert line_of("evencell", "aa61002f3d49", pack_read(clock_at(TIME_S)), TIME_S) == (
        b"evencell,device=aa61002f3d49,pack=pack1 pack_mv=13250i,average_mv=3312i,delta_mv=2i,"
        b"cell_1_mv=3313i,cell_2_mv=3312i,cell_3_mv=3314i,cell_4_mv=3312i,highest_cell=3i,lowest_cell=2i,"
        b"cells_detected=4i,cells_configured=4i,balance_state=0i,balance_ma=0i,balancing_enabled=true,trigger_mv=5i,"
        b"max_balance_ma=2000i,temperature_c=23.5,temperature_raw=235i,alarm_cell_count=false,"
        b"alarm_wire_resistance=false,alarm_overvoltage=false,alarm_cell_voltage=false,alarm_temperature=false,"
        b"alarms_raw=1i 1795403431\n"
    )


def test_what_is_unknown_or_empty_is_left_out():
    pack = pack_read(clock_at(TIME_S))
    pack.accepted.cells_mv[1] = 0
    pack.accepted.temperature_dc = None
    line = line_of("evencell", "id", pack, TIME_S)
    assert b"cell_1_mv=3313i,cell_3_mv=3314i" in line and b"temperature_c" not in line


def test_nothing_is_kept_without_a_time_and_at_most_one_a_second():
    clock = clock_at(None)
    pack = pack_read(clock)
    queue = Queue()
    keeper = Keeper(context_of([pack], clock), queue, None)
    for time_s, waiting in ((None, 0), (TIME_S, 1), (TIME_S, 1), (TIME_S + 1, 2)):
        clock.now_s = time_s
        decode_status(frame_of("4s-idle"), 0, pack.candidate)
        pack.believe(clock)
        keeper.look()
        keeper.look()
        assert queue.counts()["waiting"] == waiting


def test_a_full_queue_drops_the_oldest_that_is_not_being_sent():
    queue = Queue()
    lines = [b"%0999d\n" % number for number in range(12)]
    for line in lines[:8]:
        queue.add(line)
    assert queue.take() == [lines[0], lines[1]]
    for line in lines[8:]:
        queue.add(line)
    assert queue.counts() == {"waiting": 8, "sent": 0, "dropped": 4} and queue.bytes <= QUEUE_BYTES
    queue.remove(True)
    assert queue.take() == [lines[6], lines[7]]
    for line in lines[:3]:
        queue.add(line)
    queue.keep()
    assert queue.take() == [lines[6], lines[7]]
    queue.keep()
    queue.add(lines[3])
    assert queue.take() == [lines[7], lines[9]]
    assert queue.counts() == {"waiting": 8, "sent": 2, "dropped": 6}


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("http://store", ("store", 80, "/write?precision=s")),
        ("http://store:8428/", ("store", 8428, "/write?precision=s")),
        ("http://10.0.0.2:8086/write?db=x", ("10.0.0.2", 8086, "/write?db=x&precision=s")),
        ("http://a/api/v2/write?org=o&bucket=b", ("a", 80, "/api/v2/write?org=o&bucket=b&precision=s")),
    ],
)
def test_an_address(url, parts):
    assert RULES["influx.url"].accepts(url)
    assert split_url(url) == parts


NO_ADDRESSES = (
    *("", "store:8086", "https://store/", "http://", "http:///write", "http://me:pw@store/", "http://store:0/"),
    *("http://store:70000/", "http://store:x/", "http://store/a b", "http://store/\r\nX: y", "http://store?db=x", 8086),
)


@pytest.mark.parametrize("url", NO_ADDRESSES)
def test_what_is_no_address(url):
    assert not RULES["influx.url"].accepts(url)


ANSWERS = {
    "taken": (b"HTTP/1.1 204 No Content\r\n\r\n", (204, "")),
    "refused": (b"HTTP/1.1 400 Bad Request\r\nA: b\r\n\r\nline 1:\nno such field\r\n", (400, "line 1: no such field")),
    "cut": (b"HTTP/1.0 503 Busy\r\nA", (503, "")),
    "endless": (b"HTTP/1.1 404 No\r\n\r\n" + 5000 * b"x", (404, 120 * "x")),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer(name):
    answer, expected = ANSWERS[name]
    found, request = asyncio.run(posted(answer))
    assert found == expected
    head, body = request.split(b"\r\n\r\n")
    assert body == b"lines\n" and b"POST /write?precision=s HTTP/1.1\r\n" in head and b"Content-Length: 6\r\n" in head


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 ", b"SSH-2.0-OpenSSH_9.2\r\n"])
def test_what_is_no_answer(answer):
    with pytest.raises((OSError, EOFError)):
        asyncio.run(posted(answer))


@pytest.mark.parametrize(
    ("settings", "header"),
    [
        ({"token": "t0"}, b"Token t0"),
        ({"user": "me", "password": "pw"}, b"Basic bWU6cHc="),
        ({"user": "me"}, b"Basic bWU6"),
    ],
)
def test_who_sends(settings, header):
    _, request = asyncio.run(posted(ANSWERS["taken"][0], settings))
    assert b"\r\nAuthorization: %s\r\n" % header in request


async def posted(answer: bytes, settings: dict | None = None):
    """What the sender makes of such an answer, and the request that came."""
    requests = []

    async def respond(reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        requests.append(head + await reader.readexactly(6))
        with contextlib.suppress(OSError):
            writer.write(answer)
            await writer.drain()
        writer.close()

    async with await asyncio.start_server(respond, "127.0.0.1", 0) as server:
        clock = clock_at(TIME_S)
        context = context_of([], clock, "http://127.0.0.1:%d" % server.sockets[0].getsockname()[1])
        context.config["influx"].update(settings or {})
        found = await Sender(context, Queue(), Progress(clock))._post([b"lines\n"])
    return found, requests[0]


def test_a_busy_store_gets_it_later_and_a_refusal_drops_it():
    async def scenario():
        clock = clock_at(TIME_S)
        context, queue = context_of([], clock), Queue()
        sender = Sender(context, queue, Progress(clock))
        answers = [(503, "busy"), (429, "later"), (400, "a"), (400, "b"), (204, "")]

        async def post(_body):
            return answers.pop(0)

        sender._post = post
        queue.add(b"one\n")
        for _ in range(2):
            with pytest.raises(OSError):
                await sender._send_all()
            queue.keep()
        for line in (b"one\n", b"two\n", b"three\n"):
            await sender._send_all()
            queue.add(line)
        assert queue.counts() == {"waiting": 1, "sent": 1, "dropped": 2}
        told = [line for line in context.log.lines() if "refuses" in line]
        assert len(told) == 1 and told[0].endswith("400 a")
        assert any("2 readings were dropped" in line for line in context.log.lines())

    asyncio.run(scenario())
