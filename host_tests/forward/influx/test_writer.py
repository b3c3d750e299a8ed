"""Lines, addresses, and what the sender makes of answers. With a real store: end_to_end."""

import asyncio
import contextlib
import html
import json
from types import SimpleNamespace
from urllib.parse import quote

import pytest

from evencell.forward.influx.errors import sentence
from evencell.forward.influx.http import status_of
from evencell.forward.influx.line_protocol import line_of
from evencell.forward.influx.url import split_url
from evencell.forward.influx.writer import Sender
from evencell.forward.outbox.outbox import INFLUX, Outbox
from evencell.hub import Hub
from evencell.net.tcp import SendBuffer
from evencell.pack.pack import Pack
from evencell.pack.temperature import TemperatureScale
from evencell.protocol.jk_balancer import decode_status
from evencell.runtime.log import Log
from evencell.runtime.watchdog import Heartbeat
from evencell.storage.faults import StorageFaults
from host_tests.config_rules import RULES
from host_tests.fakes import FakeClock
from host_tests.portable import frame_of

HELD = 28  # readings of four cells
TIME_S = 1_795_403_431
SETTINGS = {"measurement": "evencell", "batch_s": 1, "token": None, "user": None, "password": None}


def pack_read(clock) -> Pack:
    pack = Pack("pack1", "jk_b2a4s", TemperatureScale("0.1"))
    decode_status(frame_of("4s-idle"), 0, pack.candidate)
    pack.accept_unchecked(clock)
    return pack


def clock_at(time_s: int | None) -> FakeClock:
    clock = FakeClock()
    clock.now_s = time_s
    return clock


def context_of(packs: list, clock, url: str = "http://127.0.0.1:1"):
    settings = {**SETTINGS, "url": url}
    return SimpleNamespace(
        board=SimpleNamespace(storage="nowhere", rtc_memory=lambda: None),
        hub=Hub(packs, clock),
        clock=clock,
        log=Log(clock),
        config={"influx": settings, "mqtt": {"enabled": False, "publish_s": 10}, "packs": [{"model": "jk_b2a4s"}]},
        device_id="aa61002f3d49",
        send_buffer=SendBuffer(),
        storage_faults=StorageFaults(clock, Log(clock)),
    )


def read_again(outbox: Outbox, pack: Pack, clock, seconds: int = 1):
    """Another reading, so much later: the same values."""
    if clock.now_s is not None:
        clock.now_s += seconds
    clock.now_ms += 1000 * seconds
    decode_status(frame_of("4s-idle"), 0, pack.candidate)
    pack.accept_unchecked(clock)
    outbox.update()


def test_line_has_every_field():
    assert line_of("evencell", "aa61002f3d49", pack_read(clock_at(TIME_S)), TIME_S) == (
        b"evencell,device=aa61002f3d49,pack=pack1 pack_mv=13250i,average_mv=3312i,delta_mv=2i,"
        b"cell_1_mv=3313i,cell_2_mv=3312i,cell_3_mv=3314i,cell_4_mv=3312i,highest_cell=3i,lowest_cell=2i,"
        b"cells_detected=4i,cells_configured=4i,balance_state=0i,balance_ma=0i,balancing_enabled=true,trigger_mv=5i,"
        b"max_balance_ma=2000i,temperature_c=23.5,temperature_raw=235i,alarm_overvoltage=false,"
        b"alarm_cell_voltage=false,alarm_temperature=false,alarm_wire_resistance=false,alarm_cell_count=false,"
        b"alarms_raw=1i 1795403431\n"
    )


def test_unknown_values_and_empty_slots_are_left_out():
    pack = pack_read(clock_at(TIME_S))
    pack.accepted.cells_mv[1] = 0
    pack.accepted.temperature_dc = None
    line = line_of("evencell", "id", pack, TIME_S)
    assert b"cell_1_mv=3313i,cell_3_mv=3314i" in line and b"temperature_c" not in line


def test_answer_that_repeats_a_login_is_not_quoted():
    head = b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\n\r\n"
    token = {**SETTINGS, "token": "hunter2"}
    basic = {**SETTINGS, "user": "me", "password": "hunter2"}
    for settings, repeated in ((token, b"hunter2"), (basic, b"hunter2"), (basic, b"bWU6aHVudGVyMg==")):
        status, text = status_of(head + b"you sent Authorization: " + repeated, settings)
        assert (status, text) == (400, "(not shown: it repeats the password or token)")
        assert status_of(head + b"no such database", settings) == (400, "no such database")
    assert status_of(head + b"1 of 2", {**SETTINGS, "token": "1"}) == (400, "1 of 2")


TOKEN = "T0k3n-SECRET-abcdefghijklmnopqrstuvwxyz0123456789-ABCDEFGHIJKLMNOPQRSTUVWXYZ=="
PASSWORD = 'pa"ss/w\u00f6rd+1'


@pytest.mark.parametrize(
    "body",
    [
        "token " + TOKEN[:9],  # as the limit of what is read cuts it
        "..." + TOKEN[30:40],
        TOKEN.lower(),
        PASSWORD,
        PASSWORD.upper(),
        json.dumps({"error": PASSWORD}),
        quote(PASSWORD, safe=""),
        html.escape(PASSWORD),
        "bob:" + PASSWORD,
    ],
)
def test_no_piece_of_a_secret_is_quoted_however_it_is_written(body):
    settings = {**SETTINGS, "token": TOKEN, "user": "bob", "password": PASSWORD}
    answer = b"HTTP/1.1 400 Bad Request\r\n\r\n" + body.encode()
    assert status_of(answer, settings) == (400, "(not shown: it repeats the password or token)")


@pytest.mark.parametrize("status", [401, 403])
def test_nothing_of_a_refused_login_is_quoted(status):
    assert status_of(b"HTTP/1.1 %d No\r\n\r\nT0k3n" % status, {**SETTINGS, "token": TOKEN}) == (status, "")


def test_every_reading_with_a_time_is_kept_but_at_most_one_a_second():
    clock = clock_at(None)
    pack = pack_read(clock)
    outbox = Outbox(context_of([pack], clock), None, has_flash=False)
    outbox.update()
    assert outbox.waiting(INFLUX) == 1  # due, and dated later
    read_again(outbox, pack, clock)
    assert outbox.waiting(INFLUX) == 1
    clock.now_s = TIME_S
    for seconds, waiting in ((1, 2), (0, 2), (1, 3)):
        read_again(outbox, pack, clock, seconds)
        outbox.update()
        assert outbox.waiting(INFLUX) == waiting


def test_store_that_is_away_costs_readings_that_are_not_due_then_the_oldest():
    sender = ScriptedSender()
    outbox, pack, clock = sender.outbox, sender.pack, sender.context.clock
    for _ in range(HELD + 1):
        read_again(outbox, pack, clock)
    counts = sender.counts()
    assert (counts["waiting"], counts["dropped"]) == (2, HELD - 1)  # the first reading is due, the newest is new
    for _ in range(HELD):
        frame = bytearray(frame_of("4s-idle"))
        frame[23] += 1 + pack.sequence % 2  # another cell voltage: due
        decode_status(bytes(frame), 0, pack.candidate)
        clock.now_s += 1
        pack.accept_unchecked(clock)
        outbox.update()
    assert outbox.waiting(INFLUX) <= HELD and outbox.dropped == HELD // 2
    counts = sender.counts()
    assert (counts["refused"], counts["dropped"]) == (0, outbox.not_due.skipped + outbox.dropped)
    assert any("influx.dropped in the status" in line for line in sender.context.log.lines())


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("http://store", ("store", 80, "/write?precision=s")),
        ("http://store:8428/", ("store", 8428, "/write?precision=s")),
        ("http://10.0.0.2:8086/write?db=x", ("10.0.0.2", 8086, "/write?db=x&precision=s")),
        ("http://a/api/v2/write?org=o&bucket=b", ("a", 80, "/api/v2/write?org=o&bucket=b&precision=s")),
        ("http://a/write?db=x&precision=ms", ("a", 80, "/write?db=x&precision=s")),
        ("http://a/write?precision=n&db=x&precision", ("a", 80, "/write?db=x&precision=s")),
        ("http://a/write?", ("a", 80, "/write?precision=s")),
    ],
)
def test_url_is_split_and_gets_its_precision(url, parts):
    assert RULES["influx.url"].accepts(url)
    assert split_url(url) == parts


NO_ADDRESSES = (
    *("", "store:8086", "https://store/", "http://", "http:///write", "http://me:pw@store/", "http://store:0/"),
    *("http://store:70000/", "http://store:x/", "http://store/a b", "http://store/\r\nX: y", "http://store?db=x", 8086),
)


@pytest.mark.parametrize("url", NO_ADDRESSES)
def test_other_urls_are_refused(url):
    assert not RULES["influx.url"].accepts(url)


ANSWERS = {
    "taken": (b"HTTP/1.1 204 No Content\r\n\r\n", (204, "")),
    "taken after interim answers": (
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
        (204, ""),
    ),
    "refused after an interim answer": (b"HTTP/1.1 100 \r\n\r\nHTTP/1.1 404 No\r\n\r\nno", (404, "no")),
    "refused": (b"HTTP/1.1 400 Bad Request\r\nA: b\r\n\r\nline 1:\nno such field\r\n", (400, "line 1: no such field")),
    "cut": (b"HTTP/1.0 503 Busy\r\nA", (503, "")),
    "endless": (b"HTTP/1.1 404 No\r\n\r\n" + 5000 * b"x", (404, 120 * "x")),
    "cut within a character": (b"HTTP/1.1 404 No\r\n\r\n" + 119 * b"x" + "é".encode(), (404, 119 * "x")),
    "no text": (b"HTTP/1.1 404 No\r\n\r\n\x1b[2Jn\xe9ant", (404, "\\x1b[2Jn\\xe9ant")),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_answer_is_read_to_its_status_and_text(name):
    answer, expected = ANSWERS[name]
    found, request = asyncio.run(posted(answer))
    assert found == expected
    head, body = request.split(b"\r\n\r\n")
    assert body == b"lines\n" and b"POST /write?precision=s HTTP/1.1\r\n" in head and b"Content-Length: 6\r\n" in head


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 ", b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"])
def test_answer_that_is_no_http_raises(answer):
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
def test_login_is_sent_as_a_header(settings, header):
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
        context = context_of([pack_read(clock)], clock, "http://127.0.0.1:%d" % server.sockets[0].getsockname()[1])
        context.config["influx"].update(settings or {})
        outbox = Outbox(context, None, has_flash=False)
        found = await Sender(context, outbox, Heartbeat(clock))._post([b"lines\n"])
    return found, requests[0]


class ScriptedSender(Sender):
    """Posts nothing: each answer is the next of `answers`. `posted` has the lines."""

    def __init__(self, *answers):
        clock = clock_at(TIME_S)
        self.pack, self.answers, self.posted = pack_read(clock), list(answers), []
        self.context = context_of([self.pack], clock)
        self.outbox = Outbox(self.context, None, has_flash=False)
        super().__init__(self.context, self.outbox, Heartbeat(clock))

    async def _post(self, lines):
        self.posted.append(lines)
        return self.answers.pop(0)

    def keep_another(self):
        read_again(self.outbox, self.pack, self.context.clock)


@pytest.mark.parametrize(
    "status", [100, 301, 302, 307, 308, 401, 402, 403, 404, 405, 408, 410, 411, 425, 429, 500, 503]
)
def test_answer_that_is_not_about_the_lines_keeps_them(status):
    """Whether the store is busy or an owner has to repair something: all arrives once that is over."""
    sender = ScriptedSender((status, "words"), (204, ""))
    sender.keep_another()
    with pytest.raises(OSError, match="the store answers %d.*words" % status):
        asyncio.run(sender._send_all())
    asyncio.run(sender._send_all())
    assert sender.counts() == {"waiting": 0, "sent": 1, "refused": 0, "dropped": 0, "problem": None}
    assert sender.posted[0] == sender.posted[1]


@pytest.mark.parametrize("status", [400, 413, 422])
def test_lines_that_are_bad_in_themselves_are_dropped_and_counted(status):
    sender = ScriptedSender((status, "words"))
    sender.keep_another()
    asyncio.run(sender._send_all())
    assert sender.counts() == {"waiting": 0, "sent": 0, "refused": 1, "dropped": 1, "problem": None}
    assert any("refuses" in line and "%d words" % status in line for line in sender.context.log.lines())


def test_line_of_a_record_is_that_of_the_reading():
    sender = ScriptedSender((204, ""))
    sender.keep_another()
    asyncio.run(sender._send_all())
    assert sender.posted == [[line_of("evencell", "aa61002f3d49", sender.pack, TIME_S + 1)]]


def test_batch_is_due_after_its_time_or_when_memory_is_half_full():
    sender = ScriptedSender()
    clock = sender.context.clock
    sender._settings["batch_s"] = 3600
    assert not sender._is_due()
    for _ in range(HELD // 2):
        assert not sender._is_due()
        sender.keep_another()
    assert sender._is_due()
    clock.now_s = None
    assert not sender._is_due()  # nothing has a time
    sender = ScriptedSender()
    sender.keep_another()  # a second later: `batch_s`
    assert sender._is_due()


@pytest.mark.parametrize(
    ("status", "remedy"), [(401, "influx.token"), (404, "influx.url"), (301, "influx.url"), (500, "500 (it says: x)")]
)
def test_a_refusal_names_its_remedy(status, remedy):
    assert remedy in sentence(status, "x")


def test_busy_store_gets_readings_later_and_a_refusal_drops_them():
    async def scenario():
        sender = ScriptedSender((503, "busy"), (429, "later"), (400, "a"), (400, "b"), (204, ""))
        sender.keep_another()
        for _ in range(2):
            with pytest.raises(OSError):
                await sender._send_all()
        for _ in range(3):
            await sender._send_all()
            sender.keep_another()
        assert sender.counts() == {"waiting": 1, "sent": 1, "refused": 2, "dropped": 2, "problem": None}
        log = sender.context.log.lines()
        refusals = [line for line in log if "refuses" in line]
        assert len(refusals) == 1 and refusals[0].endswith("400 a")
        assert any("2 readings were dropped since the start; the store refused 2" in line for line in log)

    asyncio.run(scenario())
