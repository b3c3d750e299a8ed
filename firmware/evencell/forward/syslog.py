"""The lines of the log to a syslog server, over UDP (RFC 5426) in the format of RFC 5424."""

import errno
import socket

from evencell.compat import const, sleep_ms

_LOOK_MS = const(1_000)
_MOST_LINES = const(20)  # in a second: a burst of all there is would keep the loop, and overrun the receiver
_FIRST_PAUSE_MS = const(10_000)  # finding a host may block for seconds, so it is not tried often
_LONGEST_PAUSE_MS = const(600_000)
_FACILITY = const(16)  # local0
_SEVERITIES = {"debug": 7, "info": 6, "warning": 4, "error": 3}
_BOM = b"\xef\xbb\xbf"  # the RFC wants it before text in UTF-8


def start(context):
    """Send for as long as the device runs."""
    context.supervisor.start("syslog", Sender(context).run)


class Sender:
    """Looks every second for lines that are new, from the very first one on; never blocks to send.

    What can't be sent waits in the log's ring; what that overwrites is lost, and the server is told how much. The log
    is told of a failure once: a line for each would be the next line to send.
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
        self._pause_ms = 0
        self._since_ms = 0
        self._joined = 0
        self._failing = False

    async def run(self):
        """Look every second."""
        while True:
            self.look()
            await sleep_ms(_LOOK_MS)

    def look(self):
        """Send what is new. The network's OSError ends here."""
        try:
            if self._socket is None and self._may_open():
                self._open()
            if self._socket is not None:
                self._send_new(self._socket)
        except OSError as error:
            if error.errno != errno.EAGAIN:  # that one is over in a second
                self._fail(error)

    def _may_open(self) -> bool:
        """Not while there is no network; at once when one was joined, else after the pause."""
        context = self._context
        if context.network is not None and context.network.state != "connected":
            return False
        if context.hub.joined != self._joined:
            self._joined = context.hub.joined
            self._pause_ms = 0
        return context.clock.uptime_ms() - self._since_ms >= self._pause_ms

    def _open(self):
        found = socket.getaddrinfo(self._host, self._port, 0, socket.SOCK_DGRAM)[0]
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
        for line in lines[:_MOST_LINES]:
            self._send(sender, line)
            self._read += len(line.encode()) + 1
        self._failing = False
        self._pause_ms = 0

    def _send(self, sender, line: str):
        sender.sendto(self._message(line), self._address)
        self._number += 1

    def _message(self, line: str) -> bytes:
        """The line as RFC 5424 wants it: with its time if the clock was ever set, and its uptime anyway."""
        seconds, level, text = line.split(" ", 2)
        body = text.encode()
        if len(body) > len(text):
            body = _BOM + body
        uptime_s = int(seconds)
        priority = 8 * _FACILITY + _SEVERITIES[level]
        meta = (self._number + 1, 100 * uptime_s)
        head = (priority, self._timestamp(uptime_s), self._context.hostname, 'sequenceId="%d" sysUpTime="%d"' % meta)
        return b"%s %s" % (("<%d>1 %s %s evencell - - [meta %s]" % head).encode(), body)

    def _timestamp(self, uptime_s: int) -> str:
        clock = self._context.clock
        unix_s = clock.unix_s_at(1000 * uptime_s)
        return "-" if unix_s is None else "%04d-%02d-%02dT%02d:%02d:%02dZ" % clock.utc(unix_s)

    def _fail(self, error: OSError):
        """Close, and find the host anew after a pause."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        self._since_ms = self._context.clock.uptime_ms()
        self._pause_ms = min(max(_FIRST_PAUSE_MS, 2 * self._pause_ms), _LONGEST_PAUSE_MS)
        if not self._failing:
            self._failing = True
            self._log.warning("syslog: %s:%d: %s; evencell keeps trying" % (self._host, self._port, error))
