"""The login: who may change something over HTTP, and the status that everybody else gets."""

import json
import socket

import pytest

from host_tests.end_to_end import web
from host_tests.end_to_end.chain import FIXED, Chain
from host_tests.end_to_end.door import CONFIG, PASSWORD, Client
from host_tests.end_to_end.process import until

RESTART = ("POST", "/api/v1/restart")
CREATE = ("POST", "/api/v1/tokens", {"name": "script"})


@pytest.fixture
def firmware(tmp_path):
    """Its log never has the password."""
    with Chain(tmp_path, *FIXED, config=CONFIG, broker=False) as chain:
        yield chain.firmware
        assert PASSWORD not in chain.firmware.log()


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    with Chain(tmp_path_factory.mktemp("login"), *FIXED, config=CONFIG, broker=False) as chain:
        yield chain.firmware


@pytest.fixture
def client(shared):
    return Client.logged_in(shared.http_port)


def test_login_and_logout(shared):
    client = Client(shared.http_port)
    assert client.session() == {
        "logged_in": False, "password_set": True, "public_read": True, "setup": False, "simulated": False,
        "policy": False,
    }  # fmt: skip
    answer = client.log_in()
    assert answer.status == 204
    token, *attributes = answer.headers["Set-Cookie"].split("; ")
    assert len(token) >= len("session=") + 32
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} < set(attributes)
    assert client.session()["logged_in"]
    assert client.send("GET", "/api/v1/tokens").json() == {"tokens": []}
    answer = client.send("POST", "/api/v1/logout")
    assert answer.status == 204
    assert "session=;" in answer.headers["Set-Cookie"]
    refused = client.send("GET", "/api/v1/tokens")
    assert refused.status == 401
    assert "session has expired" in refused.json()["error"]


def test_no_two_sessions_have_one_token_and_of_five_the_oldest_ends(shared):
    clients = [Client(shared.http_port) for _ in range(5)]
    for client in clients:
        client.log_in()
    assert len({client.cookie for client in clients}) == 5
    assert [client.session()["logged_in"] for client in clients] == [False, True, True, True, True]


def test_wrong_passwords_are_delayed_after_the_fifth(firmware):
    client = Client(firmware.http_port)
    for _ in range(5):
        answer = client.log_in("wrong")
        assert answer.status == 401
        assert "button" in answer.json()["error"]
        assert "Bluetooth" in answer.json()["error"]
    answer = client.log_in()
    assert answer.status == 429
    assert answer.headers["Retry-After"] == "1"
    assert until(lambda: client.log_in("wrong").status == 401, "the end of the pause")
    assert client.log_in().headers["Retry-After"] == "2"
    assert until(lambda: client.log_in().headers["Retry-After"] == "1", "half of the pause")
    assert until(lambda: client.log_in().status == 204, "the end of the pause")
    assert Client(firmware.http_port).log_in("wrong").status == 401


def test_wrong_old_password_counts_like_a_wrong_login(firmware):
    client = Client.logged_in(firmware.http_port)
    for _ in range(4):
        assert client.send("POST", "/api/v1/password", {"old": "wrong", "new": "another password"}).status == 403
    assert Client(firmware.http_port).log_in("wrong").status == 401
    for answer in (
        client.send("POST", "/api/v1/password", {"old": PASSWORD, "new": "another password"}),
        client.log_in(),
    ):
        assert answer.status == 429
        assert "try again in 1 s" in answer.json()["error"]


def test_without_a_password_nothing_can_be_changed(device):
    client = Client(device.http_port, token="made up")
    for method, path, *body in (("POST", "/api/v1/login", {"password": ""}), RESTART, CREATE):
        assert Client(device.http_port).send(method, path, *body).status == 409
    assert "evencell password" in Client(device.http_port).log_in("any").json()["error"]
    assert client.send(*RESTART).status == 401
    assert not client.session()["password_set"]


def test_a_token_is_shown_once_stored_hashed_and_deleted(shared, client):
    answer = client.send(*CREATE)
    assert answer.status == 201
    token = answer.json()["token"]
    assert token not in (shared.data / "config.json").read_text()
    assert client.send("GET", "/api/v1/tokens").json() == {"tokens": [{"name": "script"}]}
    assert client.send(*CREATE).status == 409
    script = Client(shared.http_port, token=token)
    assert script.send("GET", "/api/v1/tokens").status == 200
    assert script.send("DELETE", "/api/v1/tokens", {"name": "script"}).status == 200
    assert script.send("GET", "/api/v1/tokens").status == 401
    assert client.send("DELETE", "/api/v1/tokens", {"name": "script"}).status == 404


@pytest.mark.parametrize("name", ["\ud800", "\x7f", "\x85", "\ufffd"])
def test_no_name_of_a_token_damages_the_configuration(client, name):
    assert client.send("POST", "/api/v1/tokens", {"name": name}).status == 400
    assert client.send("GET", "/api/v1/config").json()["faults"] == []
    assert client.send("PATCH", "/api/v1/config", {"name": "evencell"}).status == 200


def test_another_password_ends_all_sessions(firmware):
    client, other = Client(firmware.http_port), Client(firmware.http_port)
    client.log_in()
    other.log_in()
    assert client.send("POST", "/api/v1/password", {"old": "wrong", "new": "another password"}).status == 403
    assert client.send("POST", "/api/v1/password", {"old": PASSWORD, "new": "short"}).status == 400
    assert client.send("POST", "/api/v1/password", {"old": PASSWORD, "new": "another password"}).status == 204
    assert not client.session()["logged_in"]
    assert not other.session()["logged_in"]
    assert client.log_in().status == 401
    assert client.log_in("another password").status == 204
    stored = json.loads((firmware.data / "config.json").read_text())
    assert json.loads((firmware.data / "config.json.old").read_text())["auth"] == stored["auth"]
    assert "another password" not in json.dumps(stored)


def test_a_restart_over_http_is_clean_and_no_failure(firmware):
    client = Client(firmware.http_port)
    client.log_in()
    assert client.send(*RESTART).status == 202
    assert firmware.wait() == 75
    firmware.start()
    assert firmware.status()["device"]["crashes"] == 0
    assert not client.session()["logged_in"]


def test_readings_need_a_login_where_public_read_is_off(tmp_path):
    config = {**CONFIG, "http": {"public_read": False}}
    with Chain(tmp_path, *FIXED, config=config, broker=False) as chain:
        client = Client(chain.firmware.http_port)
        closed = ("/api/v1/status", "/api/v1/events", "/metrics", "/api/v1/history", "/api/v1/log", "/api/v1/crashes")
        for path in closed:
            assert client.send("GET", path).status == 401, path
            assert client.send("HEAD", path).status == 401, path
        for path in ("/", "/healthz", "/api/v1/session"):
            assert client.send("GET", path).status == 200, path
        assert client.log_in().status == 204
        for path in closed:
            if not path.endswith("events"):
                assert client.send("GET", path).status == 200, path
        token = client.send(*CREATE).json()["token"]
        assert Client(chain.firmware.http_port, token=token).send("GET", "/metrics").status == 200
        stream_of(chain.firmware, f"Cookie: {client.cookie}").close()


def stream_of(firmware, header: str) -> socket.socket:
    """An event stream that was admitted, and has sent a status."""
    stream = web.connect(firmware.http_port, f"GET /api/v1/events HTTP/1.1\r\nHost: a\r\n{header}\r\n\r\n".encode())
    assert stream.recv(13) == b"HTTP/1.0 200 "
    wait_for_status(stream)
    return stream


def wait_for_status(stream: socket.socket):
    data = b""
    while b"event: status" not in data:
        piece = stream.recv(4096)
        assert piece, "the stream has ended"
        data += piece


def wait_for_end(stream: socket.socket):
    until(lambda: stream.recv(4096) == b"", "the end of a stream")
    stream.close()


def test_event_streams_end_with_what_admitted_them(tmp_path):
    config = {**CONFIG, "http": {"public_read": False}}
    with Chain(tmp_path, *FIXED, config=config, broker=False) as chain:
        firmware = chain.firmware
        client, other = (Client.logged_in(firmware.http_port) for _ in range(2))
        token = client.send(*CREATE).json()["token"]
        of_client, of_other = (stream_of(firmware, f"Cookie: {each.cookie}") for each in (client, other))
        of_token = stream_of(firmware, f"Authorization: Bearer {token}")
        assert client.send("POST", "/api/v1/logout").status == 204
        wait_for_end(of_client)
        wait_for_status(of_other)
        assert other.send("DELETE", "/api/v1/tokens", {"name": "script"}).status == 200
        wait_for_end(of_token)
        assert other.send("PATCH", "/api/v1/config", {"http": {"public_read": True}}).status == 200
        public = stream_of(firmware, "X-Unused: 1")
        assert other.send("PATCH", "/api/v1/config", {"http": {"public_read": False}}).status == 200
        wait_for_end(public)
        wait_for_status(of_other)
        assert other.send("POST", "/api/v1/password", {"old": PASSWORD, "new": "another password"}).status == 204
        wait_for_end(of_other)


# Requests with a session that another page, another name or another kind of body gives away: headers, and the status.
FORGERIES = {
    "from a page elsewhere": ({"Origin": "http://evil.example"}, 403),
    "from a page without an origin": ({"Origin": "null"}, 403),
    "from another port of this host": ({"Origin": "http://127.0.0.1:1"}, 403),
    "a name that leads here (DNS rebinding)": ({"Host": "evil.example"}, 403),
    "such a name, and its page": ({"Host": "evil.example", "Origin": "http://evil.example"}, 403),
    "a name that looks like an address": ({"Host": "127.0.0.1.evil.example"}, 403),
    "a name that looks local": ({"Host": "local.evil.example"}, 403),
    "no name": ({"Host": ""}, 400),
    "a form": ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
    "a form with a file": ({"Content-Type": "multipart/form-data; boundary=x"}, 415),
    "text": ({"Content-Type": "text/plain"}, 415),
    "no kind of body": ({"Content-Type": None}, 415),
    "no cookie": ({"Cookie": None}, 401),
    "a cookie that is made up": ({"Cookie": "session=" + 48 * "0"}, 401),
    "an empty cookie": ({"Cookie": "session="}, 401),
    "a cookie of another name": ({"Cookie": "sessions=1; xsession=2"}, 401),
    "a token that is made up": ({"Authorization": "Bearer 0"}, 401),
    "an empty token": ({"Authorization": "Bearer"}, 401),
}
HONEST = {
    "a page of the device": {"Origin": "http://192.168.1.5", "Host": "192.168.1.5"},
    "at another port": {"Origin": "http://192.168.1.5:8080", "Host": "192.168.1.5:8080"},
    "by its name": {"Host": "evencell-123456"},
    "by mDNS": {"Host": "evencell-123456.local"},
    "by IPv6": {"Host": "[fe80::1]:80"},
    "a charset": {"Content-Type": "application/json; charset=utf-8"},
    "other cookies too": {"Cookie": "a=b; session={session}; c=d"},
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_change_is_refused(client, name):
    headers, status = FORGERIES[name]
    answer = client.send(*CREATE, **{key.replace("-", "_"): value for key, value in headers.items()})
    assert answer.status == status, answer.body
    assert answer.json()["error"]
    assert client.send("GET", "/api/v1/tokens").json() == {"tokens": []}


@pytest.mark.parametrize("name", HONEST)
def test_an_honest_change_is_admitted(client, name):
    session = client.cookie.partition("=")[2]
    headers = {key.replace("-", "_"): value.format(session=session) for key, value in HONEST[name].items()}
    assert client.send("DELETE", "/api/v1/tokens", {"name": "none"}, **headers).status == 404


def test_a_login_is_refused_like_a_change(shared):
    for headers in ({"Origin": "http://evil.example"}, {"Host": "evil.example"}):
        assert Client(shared.http_port).log_in(**headers).status == 403


def test_bodies_that_are_none(client):
    for path in ("/api/v1/tokens", "/api/v1/password", "/api/v1/login"):
        for body in (
            b"", b"[]", b"{", b"null", b'{"name": 1, "password": 1}', b"\xff", 2049 * b" ", b'{"old": NaN, "new": 1}',
            b'{"name": "a", "password": "a", "old": "a", "new": Infinity}', b'{"name": "a" "password": "a"}',
            b'{"name": "a", "name": "a"}', b'{"password": "a", "password": "a"}', b'{"password": "\\ud800"}',
            b"{\"password\": 'a'}", b'{"password": 1e999}', 100 * b'{"name":' + b"1" + 100 * b"}",
        ):  # fmt: skip
            answer = client.send("POST", path, body)
            assert answer.status in (400, 413), (path, body)


def test_a_listed_origin_may_read_and_change_with_a_token_and_no_other_may(tmp_path):
    listed = "http://home.example:8123"
    config = {**CONFIG, "http": {"origins": [listed]}}
    with Chain(tmp_path, *FIXED, config=config, broker=False) as chain:
        client = Client(chain.firmware.http_port)
        client.log_in()
        script = Client(chain.firmware.http_port, token=client.send(*CREATE).json()["token"])
        for origin, allowed in ((listed, listed), ("http://evil.example", None), (listed + ".evil.example", None)):
            for path in ("/api/v1/status", "/api/v1/log", "/metrics"):
                answer = script.send("GET", path, Origin=origin)
                assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (200, allowed)
            answer = script.send("OPTIONS", "/api/v1/tokens", Origin=origin, Host="evencell.local")
            assert answer.status == (204 if allowed else 405)
            assert (answer.headers["Access-Control-Allow-Headers"] is not None) == bool(allowed)
            answer = script.send("DELETE", "/api/v1/tokens", {"name": "none"}, Origin=origin)
            assert answer.status == (404 if allowed else 403)
        assert script.send("GET", "/api/v1/status").headers["Access-Control-Allow-Origin"] is None
        assert script.send("GET", "/", Origin=listed).status == 200
        named = {"Host": "home.example:8123", "Origin": listed}
        assert client.send("DELETE", "/api/v1/tokens", {"name": "none"}, **named).status == 404
