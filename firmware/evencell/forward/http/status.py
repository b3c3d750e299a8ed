"""`/api/v1/status` as JSON: the device, and each pack with its diagnosis (fields: docs/api.md)."""

import json

from evencell import __version__
from evencell.forward.status_json import status_with_diagnosis


def device_status(context) -> dict:
    """The device's part."""
    network, mqtt, influx, outbox = context.network, context.mqtt, context.influx, context.outbox
    network_heap = context.board.network_heap() or (None, None)
    return {
        "id": context.device_id,
        "name": context.config["name"],
        "firmware": __version__,
        "board": context.board.name,
        "profile": context.config["profile"],
        "uptime_s": context.clock.uptime_ms() // 1000,
        "time_source": context.clock.source,
        "time_age_s": context.clock.age_s,
        "heap_free": context.board.gc_heap()[1],
        "network_heap_free": network_heap[0],
        "network_heap_largest": network_heap[1],
        "wifi_rssi": network.rssi if network else None,
        "network": {"state": network.state, "ssid": network.ssid, "address": network.address} if network else None,
        "config_faults": context.config_faults,
        "crashes": context.crashes.count,
        "reset_cause": context.crashes.reset_cause,
        "safe_mode": context.safe_mode,
        "mqtt": mqtt.status() if mqtt else None,
        "influx": influx.counts() if influx else None,
        "journal": outbox.counts() if outbox else None,
        "storage": context.storage_faults.status(),
        "display": context.display.summary() if context.display else None,
    }


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
