"""The statuses as JSON, made once for all who ask at about the same time: a copy for each would scatter the heap."""

import json

from evencell.compat import const
from evencell.forward.status_json import status_with_diagnosis

_FRESH_MS = const(100)  # for so long the ages in it are good enough


class Rendered:
    """Every pack's status with its diagnosis, for the page's streams and for whoever asks once."""

    def __init__(self, hub):
        self._hub = hub
        self._texts = []
        self._made_of = -1

    def texts(self) -> list[bytes]:
        """A JSON object for each pack, as of now; nobody may change the list."""
        hub = self._hub
        now = hub.changes + hub.clock.uptime_ms() // _FRESH_MS  # both only grow
        if now != self._made_of:
            self._texts = [json.dumps(status_with_diagnosis(pack, hub.clock)).encode() for pack in hub.packs]
            self._made_of = now
        return self._texts
