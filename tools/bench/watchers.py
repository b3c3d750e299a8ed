"""Browsers that watch, without the browser: event streams that are read as they come."""

import contextlib
import socket
import threading
import time

_PATIENCE_S = 10


class Stream:
    """One event stream. `opened`: whether the device has served it; `is_open`: whether it still does."""

    def __init__(self, http_port: int, running: contextlib.ExitStack):
        self.opened = self.is_open = False
        self.received_bytes = 0
        deadline = time.monotonic() + _PATIENCE_S
        while not self.opened and time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                self._connect(http_port, running)
            time.sleep(0.05)

    def _connect(self, http_port: int, running: contextlib.ExitStack):
        stream = running.enter_context(socket.create_connection(("127.0.0.1", http_port), _PATIENCE_S))
        stream.sendall(b"GET /api/v1/events HTTP/1.0\r\n\r\n")
        self.opened = self.is_open = b" 200 " in stream.recv(64)
        stream.settimeout(None)
        threading.Thread(target=self._read, args=[stream], daemon=True).start()

    def _read(self, stream: socket.socket):
        with contextlib.suppress(OSError):
            while piece := stream.recv(4096):
                self.received_bytes += len(piece)
        self.is_open = False
