"""The packs of `/api/v1/status` as JSON, each with its diagnosis (fields: docs/api.md)."""

import json

from evencell.forward.status_json import status_with_diagnosis


class StatusCache:
    """Each pack's status as JSON, encoded once per change for all clients: a copy for each would fragment the heap."""

    def __init__(self, hub):
        self._hub = hub
        self._changes = self._started_s = -1  # state that it was encoded from; setting the clock dates readings anew
        self._texts = []  # of each pack, without its age: that grows while nothing else changes

    def pieces(self):
        """Generate a JSON object for each pack, in pieces: a fragmented heap may have no room for a whole one."""
        hub = self._hub
        started_s = hub.clock.unix_s_at(0)
        if self._changes != hub.changes or self._started_s != started_s:
            self._texts = []  # there may be no room for old and new ones together
            self._texts = [_encode_without_age(pack, hub.clock) for pack in hub.packs]
            self._changes, self._started_s = hub.changes, started_s
        for pack, texts in zip(hub.packs, self._texts):
            yield texts + (b', "age_ms": %s}' % json.dumps(pack.age_ms(hub.clock)).encode(),)


def _encode_without_age(pack, clock) -> tuple:
    """The status without its age and without its end; not as a slice of the text, which would take as much again."""
    status = status_with_diagnosis(pack, clock)
    del status["age_ms"]
    diagnosis = json.dumps(status.pop("diagnosis"))
    return memoryview(json.dumps(status).encode())[:-1], b', "diagnosis": %s' % diagnosis.encode()
