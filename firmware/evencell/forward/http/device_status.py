"""The device's part of `/api/v1/status` (fields: docs/api.md). Lazy."""

from evencell import __version__


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
        "low_pack": context.hub.low_level,
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
