"""Server-sent events: what the page lives on."""

import json

from evencell.compat import const, wait_for_ms
from evencell.forward.event_json import event_of
from evencell.forward.server import Response, error

_MOST_STREAMS = const(4)
_SEND_MS = const(5_000)
_LOG_PIECE_BYTES = const(1024)  # of the log that are sent at a time: as events they take three times as much


class EventStreams:
    """Sends every reading as `status`, every event as `alarm`, every line of the log as `log`."""

    def __init__(self, context, rendered):
        self._rendered = rendered
        self._hub = context.hub
        self._log = context.log
        self._open = 0

    def handle(self, _request) -> Response:
        """The answer to one request: a stream, which the server sends for as long as the browser listens."""
        if self._open >= _MOST_STREAMS:
            return error(503, "all %d event streams are taken" % _MOST_STREAMS)
        return Response((b"retry: 3000\n\n",), "text/event-stream", send=self.send)

    async def send(self, writer):
        """Send until the browser is gone, or has stopped reading; raises its OSError or asyncio.TimeoutError."""
        self._open += 1
        consumer = self._hub.subscribe()
        try:
            await self._send_for_ever(writer, consumer)
        finally:
            consumer.close()
            self._open -= 1

    async def _send_for_ever(self, writer, consumer):
        log_read = 0
        while True:
            log_read = await self._send_log(writer, log_read)
            self._write_events(writer, consumer)
            for text in self._rendered.texts():
                writer.write(b"event: status\ndata: %s\n\n" % text)
            await wait_for_ms(writer.drain(), _SEND_MS)
            await consumer.changed()

    def _write_events(self, writer, consumer):
        event = consumer.next_event()
        while event:
            writer.write(_event("alarm", event_of(event)))
            event = consumer.next_event()

    async def _send_log(self, writer, since: int) -> int:
        """Send the lines since then; returns how far the log goes now."""
        while since < self._log.written:
            lines, since = self._log.read(since, _LOG_PIECE_BYTES)
            for line in lines:
                seconds, level, text = line.split(" ", 2)
                writer.write(_event("log", {"uptime_s": int(seconds), "level": level, "text": text}))
            await wait_for_ms(writer.drain(), _SEND_MS)
        return since


def _event(name: str, data: dict) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (name.encode(), json.dumps(data).encode())
