"""A TCP proxy on loopback, to cut a network without anybody being told."""

import contextlib
import socket
import threading


class Proxy:
    """`with Proxy(port) as proxy:` passes connections to `proxy.port` on to that port.

    `cut()`: from now on nothing passes, neither bytes nor the end of a connection; new ones are taken, and stay silent.
    `cut_after(count)`: each connection is so when that many bytes came back. `on_silence` is called when one is.
    `is_due`: what comes back waits each time until this function, if any, has returned.
    `mend()`: new connections pass again. What the cut caught stays dead.
    `drop()`: the connections that there are end, for both sides.
    """

    def __init__(self, to_port: int):
        self._to_port = to_port
        self._is_cut = False
        self._sockets = []
        self.is_due = None
        self.left = None  # bytes that may come back on each connection
        self.on_silence = lambda: None

    def __enter__(self):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._accept)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.drop()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        for each in (self._listener, *self._sockets):
            each.close()
        self._thread.join()

    def drop(self):
        for each in list(self._sockets):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def cut(self):
        self._is_cut = True

    def cut_after(self, count: int):
        self.left = count

    def mend(self):
        self._is_cut = False
        self.left = self.is_due = None

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                inside, _ = self._listener.accept()
                self._sockets.append(inside)
                if self._is_cut:
                    self.on_silence()
                    continue
                link = Link(self, inside, self._to_port)
                self._sockets.append(link.outside)

    @property
    def is_cut(self) -> bool:
        return self._is_cut


class Link:
    """One connection on its way through; once cut, it is dead for good."""

    def __init__(self, proxy: Proxy, inside: socket.socket, to_port: int):
        self._proxy = proxy
        self._is_dead = False
        self._left = proxy.left
        self.outside = socket.socket()
        with contextlib.suppress(OSError):
            self.outside.connect(("127.0.0.1", to_port))
        for source, target in ((inside, self.outside), (self.outside, inside)):
            threading.Thread(target=self._pump, args=(source, target), daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self._is_dead |= self._proxy.is_cut
                if source is self.outside:
                    data = self._back(data)
                if not self._is_dead:
                    target.sendall(data)
        if not (self._is_dead or self._proxy.is_cut):
            with contextlib.suppress(OSError):
                target.shutdown(socket.SHUT_RDWR)

    def _back(self, data: bytes) -> bytes:
        """What of this comes back, when it is due."""
        if self._proxy.is_due:
            self._proxy.is_due()
        if self._left is None:
            return data
        data, is_last = data[: self._left], len(data) >= self._left > 0
        self._left -= len(data)
        if is_last:
            self._proxy.on_silence()
        return data
