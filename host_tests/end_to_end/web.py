"""The device's HTTP as a client sees it: plain requests, raw bytes, event streams."""

import contextlib
import json
import socket
import threading
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPMessage

from host_tests.end_to_end.process import PATIENCE_S, Collected

LOOPBACK = "127.0.0.1"


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: HTTPMessage
    body: bytes

    def json(self):
        return json.loads(self.body)


def request(
    port: int, path: str, method: str = "GET", body: bytes | None = None, headers: dict | None = None
) -> Answer:
    """One request on a connection of its own."""
    connection = HTTPConnection(LOOPBACK, port, timeout=PATIENCE_S)
    try:
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read())
    finally:
        connection.close()


def connect(port: int, data: bytes = b"") -> socket.socket:
    """A connection with these bytes sent."""
    connection = socket.create_connection((LOOPBACK, port), timeout=PATIENCE_S)
    connection.sendall(data)
    return connection


def rest_of(connection: socket.socket) -> bytes:
    """Everything until the device closes the connection; a reset ends it as well."""
    data = b""
    try:
        while piece := connection.recv(4096):
            data += piece
    except ConnectionResetError:
        pass
    return data


def raw(port: int, data: bytes) -> bytes:
    """What the device answers to just these bytes, until it closes the connection."""
    with connect(port, data) as connection:
        return rest_of(connection)


class EventStream:
    """An open `/api/v1/events`. `events` collects (name, data); `status` is that of the answer.

    One that was refused has ended, with the refusal in `body`.
    """

    def __init__(self, port: int):
        self.events = Collected()
        self._socket = connect(port, b"GET /api/v1/events HTTP/1.1\r\nHost: device\r\n\r\n")
        self._file = self._socket.makefile("rb")
        self.status = int(self._file.readline().split()[1])
        while self._file.readline().strip():
            pass
        if self.status != 200:
            self.body = self._file.read()
            self.close()
            return
        threading.Thread(target=self._collect, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Hang up, as a closed browser does."""
        with contextlib.suppress(OSError):  # the device was faster
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def statuses(self, since: int = 0) -> list[dict]:
        """Every status that came, from event number `since` on."""
        return [data for name, data in list(self.events)[since:] if name == "status"]

    def wait_for(self, wanted: dict, since: int = 0) -> dict:
        """The first status that has these values."""
        return self.events.wait(lambda event: event[0] == "status" and has(event[1], wanted), str(wanted), since)[1]

    def _collect(self):
        name = None
        with contextlib.suppress(OSError, ValueError):  # closed by us, or by the device's death
            for line in self._file:
                key, _, value = line.decode().rstrip("\n").partition(": ")
                if key == "event":
                    name = value
                elif key == "data":
                    self.events.add((name, json.loads(value)))
        self.events.end()


def has(status: dict, wanted: dict) -> bool:
    """Whether `status` has every one of these values."""
    return all(key in status and status[key] == value for key, value in wanted.items())
