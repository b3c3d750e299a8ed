"""The statuses as JSON, made once for all who ask before something changes: a copy for each would scatter the heap."""

import json

from evencell.forward.status_json import status_with_diagnosis


class Rendered:
    """Every pack's status with its diagnosis, for the page's streams and for whoever asks once."""

    def __init__(self, hub):
        self._hub = hub
        self._changes = self._started_s = -1  # what it was made of: a clock that is set dates readings anew
        self._texts = []  # of each pack, but for its age, which alone grows while nothing changes

    def pieces(self):
        """A JSON object for each pack as of now, in pieces: a scattered heap may have no room for the whole."""
        hub = self._hub
        started_s = hub.clock.unix_s_at(0)
        if self._changes != hub.changes or self._started_s != started_s:
            self._texts = [_ageless(pack, hub.clock) for pack in hub.packs]
            self._changes, self._started_s = hub.changes, started_s
        for pack, texts in zip(hub.packs, self._texts):
            yield texts + (b', "age_ms": %s}' % json.dumps(pack.age_ms(hub.clock)).encode(),)


def _ageless(pack, clock) -> tuple[bytes, bytes]:
    """Its JSON without its age and without its end."""
    status = status_with_diagnosis(pack, clock)
    del status["age_ms"]
    diagnosis = json.dumps(status.pop("diagnosis"))
    return json.dumps(status)[:-1].encode(), b', "diagnosis": %s' % diagnosis.encode()
