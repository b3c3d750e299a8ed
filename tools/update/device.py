"""A device's HTTP interface as the commands use it: one request per connection, with a login or a token."""

import json
import select
import socket
from collections.abc import Callable
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse

import click

from evencell.config.hosts import is_host, is_port

_TIMEOUT_S = 10
_LOGIN_TIMEOUT_S = 60  # a device takes seconds to verify a password, and one at a time
_POST_TIMEOUT_S = 120  # a device takes seconds to derive a key, and answers others before
_UPLOAD_TIMEOUT_S = 120  # without any progress: the device erases flash, and verifies all files at the end
_PIECE_BYTES = 4096
_SEND_BUFFER_BYTES = 8192  # small, so that the progress is the device's and not that of a buffer here
_UNAUTHORIZED = 401
_MAX_ANSWER_BYTES = 65_536


class DeviceError(click.ClickException):
    """What went wrong, in one sentence that names the device."""


class LoginNeededError(Exception):
    """The device wants a login; `args` has its sentence."""


class UnreachableError(Exception):
    """No answer came; `args` has the reason."""


class Device:
    """The device at `address`, a host with or without a port."""

    def __init__(self, address: str, token: str | None = None):
        self.name = address
        self._host, self._port = host_and_port(address)
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def log_in(self, password: str):
        """Use a session from now on; raises DeviceError where the password is wrong, or logins pause."""
        content = json.dumps({"password": password}).encode()
        status, body, headers = self._request("POST", "/api/v1/login", content, "application/json", _LOGIN_TIMEOUT_S)
        if status >= 400:
            raise DeviceError(f"{self.name}: {refusal(body)}")
        self._headers = {"Cookie": (headers["Set-Cookie"] or "").partition(";")[0]}

    def log_out(self):
        """End the session, if the device can be reached."""
        with suppress(UnreachableError):
            self._request("POST", "/api/v1/logout")

    def get(self, path: str) -> dict | None:
        """The JSON at this path, None where there is nothing.

        Raises LoginNeededError, UnreachableError, and DeviceError for any other refusal.
        """
        status, body, _ = self._request("GET", path)
        if status == 404:
            return None
        return self._accepted(status, body)

    def post(self, path: str, content: dict) -> dict:
        """Send JSON; returns the answer. Raises as `get` does."""
        body = json.dumps(content).encode()
        status, answer, _ = self._request("POST", path, body, "application/json", _POST_TIMEOUT_S)
        return self._accepted(status, answer)

    def upload(self, path: str, content: bytes, report: Callable[[int], object]) -> dict:
        """Send an image; `report` gets the number of bytes of each piece. Raises as `get` does.

        A device that refuses answers before it has read everything.
        """
        connection = self._connection(_UPLOAD_TIMEOUT_S)
        try:
            connection.connect()
            connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER_BYTES)
            headers = {"Content-Type": "application/octet-stream", "Content-Length": str(len(content))}
            connection.request("POST", path, headers=headers | self._headers)
            self._send(connection.sock, content, report)
            status, body, _ = _answer(connection.getresponse())
        except (OSError, HTTPException) as error:
            raise UnreachableError(reason(error)) from None
        finally:
            connection.close()
        return self._accepted(status, body)

    def _send(self, sock: socket.socket, content: bytes, report: Callable[[int], object]):
        """Send until an answer comes. A connection that is reset may still have one to read."""
        view = memoryview(content)
        try:
            while view and not select.select([sock], [], [], 0)[0]:
                count = sock.send(view[:_PIECE_BYTES])
                view = view[count:]
                report(count)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def _request(self, method: str, path: str, content=None, kind: str = "", timeout_s: float = _TIMEOUT_S) -> tuple:
        connection = self._connection(timeout_s)
        try:
            connection.request(method, path, content, ({"Content-Type": kind} if kind else {}) | self._headers)
            return _answer(connection.getresponse())
        except (OSError, HTTPException) as error:
            raise UnreachableError(reason(error)) from None
        finally:
            connection.close()

    def _connection(self, timeout_s: float) -> HTTPConnection:
        return HTTPConnection(self._host, self._port, timeout=timeout_s)

    def _accepted(self, status: int, body: dict) -> dict:
        if status == _UNAUTHORIZED:
            raise LoginNeededError(refusal(body))
        if status >= 400:
            raise DeviceError(f"{self.name}: {refusal(body)}")
        return body


def host_and_port(address: str) -> tuple[str, int]:
    """Host and port of `host`, `host:port` or `http://host/`; raises ValueError with a sentence."""
    place = address.removeprefix("http://").removesuffix("/")
    host, colon, port = place.rpartition(":") if not place.endswith("]") and place.count(":") else (place, "", "")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not is_host(host) or (colon and not is_port(port)):
        raise ValueError(f"{address!r} is no device's address, such as evencell-a1b2c3.local or 192.168.1.20:80")
    return host, int(port or 80)


def refusal(body: dict) -> str:
    """What an answer says is wrong."""
    return sentence(body.get("error") or "it refused without a reason")


def sentence(text: str) -> str:
    """The device's words with a full stop."""
    return text if text.endswith(".") else f"{text}."


def reason(error: Exception) -> str:
    """Why no answer came, in words."""
    if isinstance(error, socket.gaierror):
        return "host not found"
    if isinstance(error, TimeoutError):
        return "timed out"
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return "the answer is no HTTP" if isinstance(error, HTTPException) else str(error)


def _answer(response: HTTPResponse) -> tuple:
    """Status, JSON object and headers of a response."""
    try:
        body = json.loads(response.read(_MAX_ANSWER_BYTES) or b"{}")
    except (ValueError, RecursionError):
        body = None
    return response.status, body if isinstance(body, dict) else {}, response.headers
