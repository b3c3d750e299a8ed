"""A serial port behind the network: TCP on one side, a pty on the other, raw as ser2net has it or with RFC 2217."""

import os
import select
import socket
import threading
from collections.abc import Callable
from contextlib import suppress

import serial
from serial.rfc2217 import PortManager

_READ_BYTES = 4096


class Pty(serial.Serial):
    """A port without modem lines, which Linux refuses to read or to set on a pty."""

    cts = dsr = ri = cd = False

    def _update_dtr_state(self):
        """There is none."""

    def _update_rts_state(self):
        """There is none."""


class Bridge:
    """`with Bridge(board.path) as bridge:` makes `bridge.url` lead to that pty, for one connection at a time."""

    def __init__(self, path: str, rfc2217: bool = False):
        self._path, self._rfc2217 = path, rfc2217
        self._stopped, self._stop = os.pipe()

    def __enter__(self):
        self._listener = socket.create_server(("127.0.0.1", 0))
        scheme = "rfc2217" if self._rfc2217 else "socket"
        self.url = f"{scheme}://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()
        return self

    def __exit__(self, *_):
        os.write(self._stop, b"x")
        self._thread.join()
        self._listener.close()
        os.close(self._stop)
        os.close(self._stopped)

    def _serve(self):
        while self._listener in select.select([self._listener, self._stopped], [], [])[0]:
            connection, _ = self._listener.accept()
            with connection, Pty(self._path, timeout=0) as port, suppress(OSError):
                self._carry(connection, port)

    def _carry(self, connection: socket.socket, port: Pty):
        """Both ways, until one side ends."""
        outwards, inwards = self._filters(connection, port)
        while True:
            ready = select.select([connection, port.fileno(), self._stopped], [], [])[0]
            if self._stopped in ready:
                return
            if connection in ready:
                data = connection.recv(_READ_BYTES)
                if not data:
                    return
                port.write(inwards(data))
            if port.fileno() in ready:
                connection.sendall(outwards(os.read(port.fileno(), _READ_BYTES)))

    def _filters(self, connection: socket.socket, port: Pty) -> tuple[Callable, Callable]:
        """What is done to bytes on their way out and in."""
        if not self._rfc2217:
            return bytes, bytes

        class Network:
            """What the manager answers by."""

            write = staticmethod(connection.sendall)

        manager = PortManager(port, Network())
        return (lambda data: b"".join(manager.escape(data))), (lambda data: b"".join(manager.filter(data)))
