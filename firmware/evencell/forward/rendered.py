"""The statuses as JSON, made once for all who ask before something changes: a copy for each would scatter the heap."""

import json

from evencell.forward.status_json import status_with_diagnosis

_AGE = '"age_ms": '


class Rendered:
    """Every pack's status with its diagnosis, for the page's streams and for whoever asks once."""

    def __init__(self, hub):
        self._hub = hub
        self._changes = self._started_s = -1  # what it was made of: a clock that is set dates readings anew
        self._halves = []  # of each pack's text, before and behind its age, which alone grows while nothing changes

    def texts(self):
        """A JSON object for each pack, as bytes, as of now."""
        hub = self._hub
        started_s = hub.clock.unix_s_at(0)
        if self._changes != hub.changes or self._started_s != started_s:
            self._halves = [_halves(json.dumps(status_with_diagnosis(pack, hub.clock))) for pack in hub.packs]
            self._changes, self._started_s = hub.changes, started_s
        for pack, (before, behind) in zip(hub.packs, self._halves):
            yield before + json.dumps(pack.age_ms(hub.clock)).encode() + behind


def _halves(text: str) -> tuple[bytes, bytes]:
    start = text.find(_AGE) + len(_AGE)
    return text[:start].encode(), text[text.find(",", start) :].encode()
