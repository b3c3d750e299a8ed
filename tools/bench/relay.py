"""A way to the broker that can be cut: at once, or silently."""

import contextlib
import socket
import threading

_CHUNK = 4096


class Relay:
    """Hands bytes from its own port to another one and back, in threads of their own.

    `cut()` ends every connection and refuses new ones; `swallow()` takes bytes, but hands on none in either direction,
    as a radio that has gone out of reach; `mend()` ends what is left of such connections and lets new ones through.
    """

    def __init__(self, target_port: int):
        self._target = ("127.0.0.1", target_port)
        self._state = "open"
        self._sockets: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self):
        self._state = "cut"
        self._end_all()

    def swallow(self):
        self._state = "swallowing"

    def mend(self):
        if self._state == "swallowing":
            self._end_all()
        self._state = "open"

    def close(self):
        self.cut()
        self._listener.close()

    def _end_all(self):
        for end in self._sockets:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self._sockets = []

    def _accept(self):
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            try:
                if self._state != "open":
                    raise ConnectionRefusedError
                far = socket.create_connection(self._target)
            except OSError:
                near.close()
                continue
            self._sockets += [near, far]
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._hand_on, args=(source, sink), daemon=True).start()

    def _hand_on(self, source: socket.socket, sink: socket.socket):
        with contextlib.suppress(OSError):
            while data := source.recv(_CHUNK):
                if self._state == "open":
                    sink.sendall(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
