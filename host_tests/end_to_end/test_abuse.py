"""Attacks on the web server over real sockets: the status or the silence each gets, and what others notice of it."""

import contextlib
import itertools
import json
import resource
import socket
import threading
import time
from pathlib import Path

import pytest

from host_tests.end_to_end import web
from host_tests.end_to_end.chain import FIXED, Chain, Firmware, Simulator
from host_tests.end_to_end.door import CONFIG, SMALL_HEAP_KIB, Client
from host_tests.end_to_end.process import until

SOCKETS = 10  # of an ESP32
POLL_MS = 200
HOST = b"Host: 127.0.0.1\r\n"
JSON = b"Content-Type: application/json\r\n"
END = b"\r\n"
LOGIN = b"POST /api/v1/login HTTP/1.1\r\n" + HOST + JSON

# What is sent, and the status of the answer.
ATTACKS = {
    "10,000 headers": (b"GET / HTTP/1.1\r\n" + 10_000 * b"X-A: 1\r\n" + END, 431),
    "10,000 times a header that is used": (b"GET / HTTP/1.1\r\n" + 10_000 * b"Host: a\r\n" + END, 431),
    "an endless header": (b"GET / HTTP/1.1\r\nHost: " + 40_000 * b"a", 431),
    "an endless cookie": (b"GET / HTTP/1.1\r\nCookie: " + 40_000 * b"a", 431),
    "an endless request line": (b"GET /" + 40_000 * b"a", 431),
    "headers that fill the memory": (
        b"GET / HTTP/1.1\r\n"
        + b"".join(name + b": " + 1000 * b"a" + END for name in (b"Accept", b"Host", b"Cookie", b"Origin"))
        + END,
        431,
    ),
    "line feeds alone": (b"GET / HTTP/1.1\nHost: a\n\n" + END + END, 400),
    "a folded header": (b"GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n", 400),
    "null bytes in the path": (b"GET /\0 HTTP/1.1\r\n\r\n", 400),
    "HTTP/0.9": (b"GET /\r\n\r\n", 400),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    "a proxy's request": (b"GET http://evil.example/ HTTP/1.1\r\n\r\n", 404),
    "a tunnel": (b"CONNECT evil.example:443 HTTP/1.1\r\n\r\n", 404),
    "TRACE": (b"TRACE / HTTP/1.1\r\n\r\n", 405),
    "OPTIONS": (b"OPTIONS /api/v1/config HTTP/1.1\r\nOrigin: http://evil.example\r\n\r\n", 405),
    "a path that climbs": (b"GET /../config.json HTTP/1.1\r\n\r\n", 404),
    "a path that climbs, escaped": (b"GET /%2e%2e/config.json HTTP/1.1\r\n\r\n", 404),
    "a path that climbs, escaped twice": (b"GET /%252e%252e%252fconfig.json HTTP/1.1\r\n\r\n", 404),
    "a path that climbs, with backslashes": (b"GET /..\\config.json HTTP/1.1\r\n\r\n", 404),
    "a path that climbs out of the page's folder": (b"GET /page/../app.mpy HTTP/1.1\r\n\r\n", 404),
    "a path that climbs behind two slashes": (b"GET /page//../routes.mpy HTTP/1.1\r\n\r\n", 404),
    "a path of the page that climbs, compressed": (b"GET /page/../page/app.js HTTP/1.1\r\n\r\n", 404),
    "a file of the page without a kind": (b"GET /page/app HTTP/1.1\r\n\r\n", 404),
    "the folder of the page": (b"GET /page HTTP/1.1\r\n\r\n", 404),
    "the folder of the page, as a file": (b"GET /page/. HTTP/1.1\r\n\r\n", 404),
    "a file of the page that is a null byte": (b"GET /page/\0 HTTP/1.1\r\n\r\n", 400),
    "a file of the page that is a null byte, escaped": (b"GET /page/%00 HTTP/1.1\r\n\r\n", 404),
    "a file of the page behind a null byte": (b"GET /page/app.js\0.png HTTP/1.1\r\n\r\n", 400),
    "a file of the page, compressed, behind a null byte": (b"GET /page/app.js.gz\0 HTTP/1.1\r\n\r\n", 400),
    "a file of the page with a name of 900 bytes": (b"GET /page/" + 900 * b"a" + b" HTTP/1.1\r\n\r\n", 404),
    "a file of the page that is no UTF-8": (b"GET /page/\xff HTTP/1.1\r\n\r\n", 400),
    "a file of the page with an escaped slash": (b"GET /page/..%2fapp.mpy HTTP/1.1\r\n\r\n", 404),
    "a file of the page with backslashes": (b"GET /page/..\\app.mpy HTTP/1.1\r\n\r\n", 404),
    "a path of two slashes": (b"GET //api/v1/status HTTP/1.1\r\n\r\n", 404),
    "a path with a dot": (b"GET /api/v1/./config HTTP/1.1\r\n\r\n", 404),
    "a path in capitals": (b"GET /API/V1/CONFIG HTTP/1.1\r\n\r\n", 404),
    "a path with a line of the route table": (b"GET /metrics\nGET HTTP/1.1\r\n\r\n", 400),
    "the pattern of a path": (b"PATCH /api/v1/packs/*/settings HTTP/1.1\r\n\r\n", 404),
    "the configuration": (b"GET /api/v1/config HTTP/1.1\r\n" + HOST + END, 401),
    "the configuration by HEAD": (b"HEAD /api/v1/config HTTP/1.1\r\n" + HOST + END, 401),
    "the configuration's file": (b"GET /config.json HTTP/1.1\r\n\r\n", 404),
    "the backup": (b"GET /api/v1/backup HTTP/1.1\r\n" + HOST + END, 401),
    "another method by a header": (
        b"GET /api/v1/config HTTP/1.1\r\nX-HTTP-Method-Override: PATCH\r\n" + HOST + END, 401,
    ),
    "a malformed escape": (b"GET /%zz HTTP/1.1\r\n\r\n", 404),
    "a malformed escape in a query": (b"GET /api/v1/history?pack=%zz HTTP/1.1\r\n" + HOST + END, 400),
    "an escape that is no UTF-8": (b"GET /api/v1/history?pack=%ff HTTP/1.1\r\n" + HOST + END, 400),
    "a chunked body": (LOGIN + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", 411),
    "a malformed chunk": (LOGIN + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", 411),
    "a chunk of 2^64 bytes": (LOGIN + b"Transfer-Encoding: chunked\r\n\r\n10000000000000000\r\n", 411),
    "both kinds of length": (LOGIN + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411),
    "two lengths": (LOGIN + b"Content-Length: 2\r\nContent-Length: 99999\r\n\r\n{}", 400),
    "a length with a sign": (LOGIN + b"Content-Length: +2\r\n\r\n{}", 400),
    "a length of 2^64": (LOGIN + b"Content-Length: 18446744073709551616\r\n\r\n", 413),
    "a login of 100 MB": (LOGIN + b"Content-Length: 104857600\r\n\r\n", 413),
    "an image of 100 MB without a login": (
        b"PATCH /api/v1/config HTTP/1.1\r\n" + HOST + JSON + b"Content-Length: 104857600\r\n\r\n", 401,
    ),
    "JSON nested 1,000 deep": (LOGIN + b"Content-Length: 2000\r\n\r\n" + 1000 * b"[" + 1000 * b"]", 400),
    "JSON that is endless": (LOGIN + b"Content-Length: 2000\r\n\r\n" + b'{"password": "' + 1986 * b"a", 400),
    "a password of 2,000 characters": (
        LOGIN + b"Content-Length: 2000\r\n\r\n" + b'{"password": "' + 1984 * b"a" + b'"}', 400,
    ),
    "a password that is a number": (LOGIN + b'Content-Length: 15\r\n\r\n{"password": 1}', 400),
    "a TLS handshake": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + 64 * b"a" + b"\r\n\r\n", 400),
}  # fmt: skip


@pytest.fixture(scope="module")
def firmware(tmp_path_factory):
    config = {**CONFIG, "packs": [{"interval_ms": POLL_MS}]}
    with Chain(tmp_path_factory.mktemp("abuse"), *FIXED, config=config, broker=False) as chain:
        yield chain.firmware


@pytest.fixture
def client(firmware):
    return Client.logged_in(firmware.http_port)


@pytest.fixture
def few_sockets(firmware):
    """The firmware can open no more sockets than on a chip."""
    with limited_sockets(firmware):
        yield


@contextlib.contextmanager
def limited_sockets(firmware, files: int = 0):
    """`files`: how many it may have open beside them."""
    allowed = len(list(Path(f"/proc/{firmware.pid}/fd").iterdir())) + SOCKETS - 1 + files  # one listens already
    before = resource.prlimit(firmware.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(firmware.pid, resource.RLIMIT_NOFILE, (allowed, before[1]))
    yield
    resource.prlimit(firmware.pid, resource.RLIMIT_NOFILE, before)


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_gets_its_status_and_the_server_goes_on(firmware, name):
    data, status = ATTACKS[name]
    answer = web.raw(firmware.http_port, data)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert int(head.split(b" ")[1]) == status, answer
    assert data.startswith(b"HEAD ") or json.loads(body)["error"]
    assert b"pbkdf2" not in answer
    assert firmware.get("/healthz").json()["ok"]


def test_of_pipelined_requests_the_first_alone_is_answered(firmware):
    answer = web.raw(firmware.http_port, 5 * (b"GET /healthz HTTP/1.1\r\n" + HOST + END))
    assert answer.count(b"HTTP/1.0 ") == 1
    assert answer.split(b" ")[1] == b"200"


def test_a_body_of_100_mb_that_is_really_sent_is_not_taken(firmware):
    heap = firmware.status()["device"]["heap_free"]
    with web.connect(firmware.http_port, ATTACKS["a login of 100 MB"][0]) as connection:
        sent = 0
        with contextlib.suppress(ConnectionError, TimeoutError):
            while sent < 104_857_600:
                sent += connection.send(65_536 * b"x")
    assert sent < 104_857_600
    assert firmware.get("/healthz").json()["ok"]
    assert firmware.status()["device"]["heap_free"] > heap // 2


class Attackers:
    """Clients in threads, each with a connection on which it sends `head`, then a byte of `data` now and then, or reads
    the response where there is none; closed, it opens another. `host`: their address.
    """

    def __init__(self, port: int, count: int, head: bytes, data: bytes, host: str = web.LOOPBACK):
        self.connections = itertools.count()
        self._host = host
        self._port = port
        self._head = head
        self._data = data
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._attack, daemon=True) for _ in range(count)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def _attack(self):
        while not self._ended.is_set():
            next(self.connections)
            address = (web.LOOPBACK, self._port)
            with (
                contextlib.suppress(OSError),
                socket.create_connection(address, 2, source_address=(self._host, 0)) as connection,
            ):
                connection.sendall(self._head)
                for byte in self._data:
                    connection.send(bytes([byte]))
                    if self._ended.wait(0.1):
                        return
                while not self._data and connection.recv(65_536) and not self._ended.is_set():
                    pass


SLOW = {
    "request lines": (b"", b"GET /" + 1000 * b"a"),
    "headers": (b"", b"GET / HTTP/1.1\r\nX-A: " + 1000 * b"a"),
    "logins": (LOGIN + b"Content-Length: 2000\r\n\r\n", 2000 * b"a"),
    "bodies that are refused": (
        b"PATCH /api/v1/config HTTP/1.1\r\n" + HOST + JSON + b"Content-Length: 8000\r\n\r\n",
        2000 * b"a",
    ),
}


@pytest.mark.parametrize("name", SLOW)
@pytest.mark.usefixtures("few_sockets")
def test_a_session_gets_through_forty_slow_clients(firmware, client, name):
    """Some tries fail, as an attacker's connection may come in the moment between; without eviction nearly all do."""
    with Attackers(firmware.http_port, 40, *SLOW[name]) as attackers:
        until(lambda: next(attackers.connections) > 60, "many attacks")
        tries, successes, polls, expected = use_for_3_s(client)
    assert successes >= 0.3 * tries  # no limit of speed: the attackers' threads share the processors
    assert polls >= 0.3 * expected - 1
    assert firmware.get("/healthz").json()["ok"]


# Whole requests of one client, sent as fast as they are answered, 8 at a time.
FLOODS = {
    "metrics": b"GET /metrics HTTP/1.1\r\n\r\n",
    "wrong passwords": LOGIN + b'Content-Length: 21\r\n\r\n{"password": "wrong"}',
}


@pytest.fixture(scope="module")
def small_firmware(tmp_path_factory):
    """Answers one request at a time, because it has as little memory as a chip."""
    folder = tmp_path_factory.mktemp("small")
    config = {**CONFIG, "packs": [{"interval_ms": POLL_MS}]}
    with (
        Simulator(folder, *FIXED) as simulator,
        Firmware(folder, simulator.link, config=config, heap_kib=SMALL_HEAP_KIB) as firmware,
    ):
        firmware.wait_for_line("link online")
        yield firmware


@pytest.mark.parametrize("name", FLOODS)
def test_a_login_and_its_session_get_through_a_flood_and_forty_slow_clients(small_firmware, name):
    client = Client(small_firmware.http_port)
    port = small_firmware.http_port
    with (
        limited_sockets(small_firmware, files=4),
        Attackers(port, 8, FLOODS[name], b"", "127.0.0.2") as flood,
        Attackers(port, 40, *SLOW["headers"], "127.0.0.3"),
    ):
        until(lambda: next(flood.connections) > 20, "a flood")
        until(lambda: client.log_in().status == 204, "a login")
        tries, successes, polls, expected = use_for_3_s(client)
    assert successes >= 0.3 * tries
    assert polls >= 0.3 * expected - 1
    assert until(lambda: small_firmware.get("/healthz").json()["ok"], "health")


def test_rules_and_policy_go_on_during_a_flood(tmp_path):
    """Requests wait for code from the flash all the time, and the policy may have to switch off a low pack."""
    control = {"rules": [{"name": "mine", "above": 1, "delay_s": 0}], "policy": {"preset": "always"}}
    config = {**CONFIG, "packs": [{"interval_ms": POLL_MS}], "control": control}
    with (
        Simulator(tmp_path, *FIXED) as simulator,
        Firmware(tmp_path, simulator.link, config=config, heap_kib=SMALL_HEAP_KIB) as firmware,
        Attackers(firmware.http_port, 4, FLOODS["metrics"], b"", "127.0.0.2") as flood,
    ):
        until(lambda: "rule:mine" in (firmware.pack()["alarms"] or ()), "a raised rule")
        assert next(flood.connections) > 20
        firmware.wait_for_line("balancing on: always")


def use_for_3_s(client) -> tuple[int, int, int, float]:
    """Send requests that need a login: how many, how many were answered, and polls meanwhile, made and expected."""
    tries = successes = 0
    before, since = sequence_of(client), time.monotonic()
    while time.monotonic() - since < 3:
        tries += 1
        with contextlib.suppress(OSError):
            successes += client.send("DELETE", "/api/v1/tokens", {"name": "none"}).status == 404
    polls = sequence_of(client) - before
    return tries, successes, polls, (time.monotonic() - since) * 1000 / POLL_MS


def sequence_of(client) -> int:
    """How many readings there were."""

    def attempt():
        answer = client.send("GET", "/api/v1/status")
        return answer.json()["packs"][0]["sequence"] if answer.status == 200 else None

    return until(attempt, "a status")


@pytest.mark.usefixtures("few_sockets")
def test_300_connections_are_survived_and_the_heap_returns(firmware, client):
    heap = firmware.status()["device"]["heap_free"]
    with contextlib.ExitStack() as crowd:
        for _ in range(300):
            connection = crowd.enter_context(socket.socket())
            connection.setblocking(False)
            connection.connect_ex((web.LOOPBACK, firmware.http_port))
        before = sequence_of(client)
        assert until(lambda: client.send("GET", "/api/v1/tokens").status == 200, "an answer")
        until(lambda: sequence_of(client) > before + 5, "five more readings")
    until(lambda: firmware.status()["device"]["heap_free"] > heap // 2, "the heap")
