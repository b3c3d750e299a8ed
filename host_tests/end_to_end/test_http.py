"""The page's server: what it serves, its limits, and what it says beyond them."""

import contextlib
import gzip
import json
import re
import select
import time

import pytest

from host_tests.end_to_end import web
from host_tests.end_to_end.chain import FIXED, FIXED_MV, Chain, Firmware
from host_tests.end_to_end.process import PATIENCE_S, until

MOST_STREAMS = 4
MOST_CONNECTIONS = 6
HEAD_BYTES = 32_768
LINE_BYTES = 1024

GET = b"GET /healthz HTTP/1.1\r\n"
POST = b"POST /api/v1/status HTTP/1.1\r\n"
LOGIN = b"POST /api/v1/login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
END = b"Connection: close\r\n\r\n"

# What a client may send, and the status of the error it gets.
BAD_REQUESTS = {
    "no text": (bytes(range(128, 256)) + b"\r\n\r\n", 400),
    "null bytes": (bytes(64) + b"\r\n\r\n", 400),
    "a TLS handshake": (b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03\r\n\r\n", 400),
    "one word": (b"hello\r\n\r\n", 400),
    "no version": (b"GET /\r\n\r\n", 400),
    "a version that is none": (b"GET / 1.1\r\n\r\n", 400),
    "only blank lines": (b"\r\n\r\n", 400),
    "a header without a colon": (GET + b"what\r\n\r\n", 400),
    "a length that is no number": (GET + b"Content-Length: many\r\n\r\n", 400),
    "a negative length": (POST + b"Content-Length: -1\r\n" + END, 400),
    "a huge length": (LOGIN + b"Content-Length: 99999999999999999999\r\n" + END, 413),
    "a body that is too long": (LOGIN + b"Content-Length: 2049\r\n" + END, 413),
    "a method that is not allowed": (POST + END, 405),
    "a method that is none": (b"BREW / HTTP/1.1\r\n" + END, 405),
    "a path that is not there": (b"GET /nowhere HTTP/1.1\r\n" + END, 404),
    "a path that climbs": (b"GET /../../../etc/passwd HTTP/1.1\r\n" + END, 404),
    "a path with malformed escapes": (b"GET /%zz%80?%ff=%&&= HTTP/1.1\r\n" + END, 404),
    "a query with malformed escapes": (b"GET /api/v1/history?pack=%zz HTTP/1.1\r\n" + END, 400),
    "headers of 32 KB": (GET + b"X-Long: " + HEAD_BYTES * b"x" + b"\r\n\r\n", 431),
    "many headers": (GET + HEAD_BYTES // 8 * b"X-A: 1\r\n" + b"\r\n", 431),
    "an endless line": (2 * LINE_BYTES * b"a", 431),
    "a long header that is used": (GET + b"Accept: " + LINE_BYTES * b"x" + b"\r\n\r\n", 431),
}


@pytest.mark.parametrize("name", BAD_REQUESTS)
def test_a_bad_request_gets_an_error_and_changes_nothing(device, name):
    data, status = BAD_REQUESTS[name]
    assert_error(web.raw(device.http_port, data), status)
    assert device.get("/healthz").status == 200


def test_bad_requests_cost_a_line_of_the_log_each_at_most(tmp_path):
    """Counted where the log says most; the firmware itself looks for tracebacks at its end."""
    with Chain(tmp_path, *FIXED, config={"log": {"level": "debug"}}, broker=False) as chain:
        firmware = chain.firmware
        before = len(firmware.log().splitlines())
        for data, _ in BAD_REQUESTS.values():
            web.raw(firmware.http_port, data)
        web.connect(firmware.http_port).close()
        web.connect(firmware.http_port, GET).close()
        assert firmware.pack()["link"] == "online"
        lines = [line for line in firmware.stop().splitlines()[before:] if "pack1: " not in line]
    assert len(lines) <= len(BAD_REQUESTS) + 2, lines


def test_a_request_with_many_cookies_is_answered(device):
    cookies = "; ".join(f"session{number}={400 * 'a'}" for number in range(10))
    assert web.request(device.http_port, "/healthz", headers={"Cookie": cookies}).status == 200


def test_get_and_head(device):
    for path in ("/", "/healthz", "/api/v1/status", "/api/v1/display"):
        answer = device.get(path)
        head = web.request(device.http_port, path, "HEAD")
        assert (answer.status, head.status) == (200, 200)
        assert answer.body
        assert not head.body
        assert head.headers["Content-Type"] == answer.headers["Content-Type"]
    assert web.request(device.http_port, "/api/v1/events", "HEAD").status == 200
    assert device.get("/healthz").json()["ok"] is True


def test_the_page_is_compressed_and_its_files_are_cached_by_their_hash(device):
    answer = device.get("/")
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["Content-Type"].startswith("text/html")
    assert answer.headers["Cache-Control"] == "no-cache"
    page = gzip.decompress(answer.body).decode()
    addresses = re.findall(r'(?:src|href)="(/page/[^"]+)"', page)
    assert len(addresses) >= 4
    for address in addresses:
        file = device.get(address)
        assert file.status == 200, address
        assert file.headers["Cache-Control"] == "max-age=31536000, immutable"
        kind = {"js": "text/javascript", "css": "text/css", "png": "image/png", "json": "text/json"}
        assert file.headers["Content-Type"].startswith(kind[address.partition("?")[0].rpartition(".")[2]])
    assert device.get("/page/app.js?00000000").status == 404  # of another version
    for address in ("/page/app.js", "/?from=elsewhere"):
        assert device.get(address).headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    "path", ["/page/", "/page/nothing.js", "/page/..", "/page/../routes.py", "/page/%2e%2e/routes.mpy"]
)
def test_only_files_of_the_page_are_served(device, path):
    answer = device.get(path)
    if path == "/page/":
        assert answer.headers["Content-Type"].startswith("text/html")
    else:
        assert answer.status == 404


def test_the_log_comes_with_the_events_that_are_kept(device):
    answer = device.get("/api/v1/log").json()
    assert {"uptime_s", "level", "text"} == set(answer["lines"][0])
    assert any("link online" in line["text"] for line in answer["lines"])
    assert {"type": "link", "pack": "pack1", "name": "link", "value": "online"}.items() <= answer["events"][0].items()
    assert answer["events"][0]["time"] > 1_700_000_000


def test_an_answer_is_complete_and_not_kept(device):
    answer = device.get("/api/v1/status")
    assert answer.headers["Content-Type"].startswith("application/json")
    assert int(answer.headers["Content-Length"]) == len(answer.body)
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_request_in_pieces_is_put_together(device):
    with web.connect(device.http_port) as connection:
        for byte in GET + END:
            connection.send(bytes([byte]))
        assert b" 200 " in web.rest_of(connection).split(b"\r\n")[0]


def test_the_fifth_event_stream_is_refused_and_a_closed_one_frees_its_place(device):
    with contextlib.ExitStack() as streams:
        opened = [streams.enter_context(open_stream(device)) for _ in range(MOST_STREAMS)]
        fifth = device.events()
        assert fifth.status == 503
        assert "error" in json.loads(fifth.body)
        assert device.get("/healthz").status == 200
        opened[0].close()
        streams.enter_context(open_stream(device))
        for stream in opened[1:]:
            stream.wait_for({"cells_mv": FIXED_MV}, len(stream.events))


def open_stream(device: Firmware) -> web.EventStream:
    """A stream that was let in, as soon as there is a place."""

    def attempt():
        stream = device.events()
        return stream if stream.status == 200 else None

    return until(attempt, "a place for an event stream")


def test_four_streams_and_two_slow_senders_leave_room_for_others(device):
    with contextlib.ExitStack() as held:
        streams = [held.enter_context(open_stream(device)) for _ in range(MOST_STREAMS)]
        slow = [held.enter_context(web.connect(device.http_port, GET)) for _ in range(MOST_CONNECTIONS - MOST_STREAMS)]
        assert device.get("/healthz").status == 200
        assert web.rest_of(slow[0]) == b""
        for stream in streams:
            stream.wait_for({"cells_mv": FIXED_MV}, len(stream.events))


def test_a_crowd_of_connections_is_survived(device):
    with contextlib.ExitStack() as crowd:
        for _ in range(5 * MOST_CONNECTIONS):
            crowd.enter_context(web.connect(device.http_port, GET))
    until(lambda: device.get("/api/v1/status").status == 200, "a place again")


def test_requests_that_never_end_are_ended_and_others_are_served_meanwhile(device):
    unfinished = (b"", b"GET /api/v1/status HT", GET, POST + b"Content-Length: 5\r\n\r\nabc")
    served = 0
    with contextlib.ExitStack() as held:
        connections = [held.enter_context(web.connect(device.http_port, data)) for data in unfinished]
        started = time.monotonic()
        while len(ended(connections)) < len(connections) and time.monotonic() < started + PATIENCE_S:
            served += device.get("/healthz").status == 200
        for connection in connections:
            assert_error(web.rest_of(connection), 408)
    assert served


def ended(connections: list) -> list:
    """Those the device has something to say to; waits a moment for it."""
    time.sleep(0.1)
    return select.select(connections, [], [], 0)[0]


def assert_error(answer: bytes, status: int):
    """The answer is this error, as JSON with a sentence."""
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.split(b"\r\n")[0].split(b" ")[1] == str(status).encode(), answer
    assert b"content-type: application/json" in head.lower()
    assert json.loads(body)["error"]
