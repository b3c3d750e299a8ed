"""Sends the lines of the log to a syslog server, over UDP (RFC 5426) in the format of RFC 5424."""

import errno
import socket

from evencell.compat import const, sleep_ms
from evencell.net.network_backoff import NetworkBackoff
from evencell.runtime.lazy import call

_POLL_MS = const(1_000)
_MAX_LINES = const(20)  # in a second: a burst of all there is would keep the loop, and overrun the receiver
_DNS_FIRST_MS = const(10_000)  # a DNS query may block the event loop for seconds
_DNS_MAX_MS = const(600_000)
_FACILITY = const(16)  # local0
_SEVERITIES = {"debug": 7, "info": 6, "warning": 4, "error": 3}
_BOM = b"\xef\xbb\xbf"  # the RFC wants it before text in UTF-8


def start(context):
    """Send for as long as the device runs."""
    context.supervisor.start("syslog", Sender(context).run)


class Sender:
    """Polls the log every second for new lines, from the first one on; never blocks to send.

    Lines that can't be sent wait in the log's ring buffer. A line to the server counts the bytes that were overwritten
    there. A failure is logged once: a line for each would be the next line to send.
    """

    def __init__(self, context):
        self._context = context
        self._log = context.log
        settings = context.config["log"]
        self._host = settings["syslog"]
        self._port = settings["syslog_port"]
        self._socket = None
        self._address = None
        self._read = 0  # how far the log was sent
        self._number = 0
        self._backoff = NetworkBackoff(context)
        self._has_failed = False

    async def run(self):
        """Poll every second."""
        while True:
            self.poll()
            await sleep_ms(_POLL_MS)

    def poll(self):
        """Send new lines. The network's OSError ends here, and MemoryError, by which nothing is lost."""
        try:
            if self._socket is None and self._backoff.is_due():
                self._open()
            if self._socket is not None:
                self._send_new(self._socket)
        except OSError as error:
            if error.errno != errno.EAGAIN:  # that one is over in a second
                self._fail(error)
        except MemoryError as error:
            self._fail(error)

    def _open(self):
        try:
            found = socket.getaddrinfo(self._host, self._port, 0, socket.SOCK_DGRAM)[0]
        except OSError:  # whose number says nothing, and is another on each port
            raise OSError("host not found")
        self._address = found[-1]
        self._socket = socket.socket(found[0], found[1], found[2])
        self._socket.setblocking(False)

    def _send_new(self, sender):
        end = self._log.written
        if end == self._read:
            return
        lines = self._log.lines(self._read)
        left_bytes = sum([len(line.encode()) + 1 for line in lines])
        lost_bytes = end - self._read - left_bytes
        if lost_bytes > 0:
            text = "syslog: %d bytes of the log were overwritten before they could be sent" % lost_bytes
            self._send(sender, "%d warning %s" % (self._context.clock.uptime_ms() // 1000, text))
        self._read = end - left_bytes
        for line in lines[:_MAX_LINES]:
            self._send(sender, line)
            self._read += len(line.encode()) + 1
        self._has_failed = False
        self._backoff.reset()

    def _send(self, sender, line: str):
        sender.sendto(self._message(line), self._address)
        self._number += 1

    def _message(self, line: str) -> bytes:
        """Encode a line by RFC 5424, with its time if the clock was set since, and its uptime."""
        seconds, level, text = line.split(" ", 2)
        body = text.encode()
        if len(body) > len(text):
            body = _BOM + body
        uptime_s = int(seconds)
        priority = 8 * _FACILITY + _SEVERITIES[level]
        meta = (self._number + 1, 100 * uptime_s)
        unix_s = self._context.clock.unix_s_at(1000 * uptime_s)
        timestamp = "-" if unix_s is None else self._context.clock.iso(unix_s)
        head = (priority, timestamp, self._context.hostname, 'sequenceId="%d" sysUpTime="%d"' % meta)
        return b"%s %s" % (("<%d>1 %s %s evencell - - [meta %s]" % head).encode(), body)

    def _fail(self, error: Exception):
        """Close the socket; the host is looked up again after the backoff."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        self._backoff.fail(self._context.clock.uptime_ms(), _DNS_FIRST_MS, _DNS_MAX_MS)
        if not self._has_failed:
            self._has_failed = True
            what = self._context.heap.shortage() or call("evencell.net.errors", "reason", error)
            self._log.warning("syslog: %s:%d: %s; evencell keeps trying" % (self._host, self._port, what))
