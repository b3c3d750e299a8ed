"""Attacks a device's web server until it is ended: `python -m tools.bench.attackers PORT`.

Forty clients send headers byte by byte, four ask for metrics and four try passwords as fast as they are answered. Each
kind has an address of its own. A process of its own, since its threads would delay what measures.
"""

import contextlib
import socket
import sys
import threading
import time

_LOOPBACK = "127.0.0.1"
_TIMEOUT_S = 2
_BYTE_S = 0.1
_SLOW = (40, "127.0.0.2", b"GET / HTTP/1.1\r\nX-A: ")
_METRICS = (4, "127.0.0.3", b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n")
_LOGINS = (
    4,
    "127.0.0.4",
    b"POST /api/v1/login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 21\r\n\r\n"
    b'{"password": "wrong"}',
)


def main(port: int):
    """Attack with all of them."""
    for (count, address, request), act in ((_SLOW, _send_slowly), (_METRICS, _read), (_LOGINS, _read)):
        for _ in range(count):
            threading.Thread(target=_attack, args=(port, address, request, act), daemon=True).start()
    threading.Event().wait()


def _attack(port: int, address: str, request: bytes, act):
    while True:
        began_s = time.monotonic()
        with (
            contextlib.suppress(OSError),
            socket.create_connection((_LOOPBACK, port), _TIMEOUT_S, source_address=(address, 0)) as connection,
        ):
            connection.sendall(request)
            act(connection)
        time.sleep(max(0, 0.01 - (time.monotonic() - began_s)))  # where connections are refused at once


def _send_slowly(connection: socket.socket):
    while True:
        connection.send(b"a")
        time.sleep(_BYTE_S)


def _read(connection: socket.socket):
    while connection.recv(65_536):
        pass


if __name__ == "__main__":
    main(int(sys.argv[1]))
