"""How long a session of a login lasts, and who is one."""

from evencell.forward.http.auth import refusal
from evencell.forward.http.server import Request
from evencell.forward.http.sessions import new_session, session_of
from host_tests.fakes import FakeClock

HOUR_MS = 3_600_000
IDLE_MS = HOUR_MS - 1


class Hub:
    def wake(self):
        """No event stream runs."""


class Device:
    """What the module uses of the context."""

    def __init__(self):
        self.clock = FakeClock()
        self.hub = Hub()
        self.sessions = []
        self.config = {"auth": {"password_hash": "a hash", "tokens": []}, "http": {"origins": []}}

    def has(self, token: str) -> bool:
        """Whether this session may change something."""
        headers = ["Host: 192.168.1.2", "Cookie: session=" + token]
        request = Request(["GET /api/v1/config HTTP/1.1", *headers])
        is_admitted = refusal(self, request) is None
        assert is_admitted == (session_of(self, request) is not None)
        return is_admitted


def test_session_ends_after_an_hour_without_a_request():
    device = Device()
    token, other = new_session(device), new_session(device)
    device.clock.now_ms += IDLE_MS
    assert device.has(token)
    device.clock.now_ms += 1
    assert not device.has(other)
    device.clock.now_ms += IDLE_MS - 1
    assert device.has(token)
    device.clock.now_ms += HOUR_MS
    assert not device.has(token)
    assert device.sessions == []


def test_session_ends_after_a_day_however_much_it_is_used():
    device = Device()
    token = new_session(device)
    for _ in range(47):
        device.clock.now_ms += HOUR_MS // 2
        assert device.has(token)
    device.clock.now_ms += HOUR_MS // 2 - 1
    assert device.has(token)
    device.clock.now_ms += 1
    assert not device.has(token)


def test_what_resembles_a_session_is_none():
    device = Device()
    token = new_session(device)
    for wrong in ("", token[:-1], token + "0", token.upper(), token[::-1], "0" * len(token), "é"):
        assert not device.has(wrong), wrong
    assert device.has(token)


def test_cookie_of_the_same_name_by_another_service_of_the_host_ends_no_session():
    device = Device()
    token = new_session(device)
    for other in ("", "x", "eyJ1c2VyIjoxfQ.abc", 48 * "0"):
        assert device.has("%s; session=%s" % (other, token))
        assert device.has("%s; session=%s" % (token, other))
        assert not device.has(other)
