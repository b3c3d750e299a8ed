"""A non-blocking TCP or TLS connection, on either interpreter: what asyncio's own streams get wrong on MicroPython."""

import asyncio
import sys

from evencell.compat import const, sleep_ms

_POLL_MS = const(10)

if sys.implementation.name == "micropython":
    import errno
    import select
    import socket

    class Wire:  # pyright: ignore[reportRedeclaration]
        """A non-blocking TCP or TLS connection.

        Only the reader waits in asyncio's poller: cancelling one of two tasks that wait for the same socket makes
        MicroPython drop the other. And the socket is ours, because `open_connection` leaks it when it fails.
        """

        async def open(self, host, port, tls):
            try:
                address = socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM)[0]
            except OSError:  # whose number says nothing, and is another on each port
                raise OSError("host not found: " + host)
            self._socket = socket.socket(address[0], address[1], address[2])
            self._socket.setblocking(False)
            try:
                self._socket.connect(address[-1])
            except OSError as error:
                if error.errno != errno.EINPROGRESS:
                    raise
            poller = select.poll()
            poller.register(self._socket, select.POLLOUT)
            while not poller.poll(0):
                await sleep_ms(_POLL_MS)
            if tls:
                self._socket = tls.wrap_socket(self._socket, server_hostname=host, do_handshake_on_connect=False)
            self.read_exactly = asyncio.StreamReader(self._socket).readexactly

        def write(self, data) -> int:
            """Number of bytes taken, 0 while the network is congested."""
            return self._socket.write(data) or 0

        def close(self):
            if hasattr(self, "_socket"):
                self._socket.close()

else:

    class Wire:
        """The same on CPython's transports."""

        _handed_over = False

        async def open(self, host, port, tls):
            # The writer is kept, because a collected writer closes its transport.
            reader, self._writer = await asyncio.open_connection(host, port, ssl=tls)
            self.read_exactly = reader.readexactly

        def write(self, data) -> int:
            # A transport takes everything and may keep it: it is taken when it has left, for which callers ask again.
            if not self._handed_over:
                self._writer.write(bytes(data))  # it may keep it, and the buffer is for others, too
            self._handed_over = self._writer.transport.get_write_buffer_size() > 0
            return 0 if self._handed_over else len(data)

        def close(self):
            if hasattr(self, "_writer"):
                self._writer.transport.abort()
