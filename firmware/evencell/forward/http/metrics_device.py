"""`/metrics`: the device. Loaded on demand."""

from evencell.forward.http.metrics import sample

_ENDINGS = ("seconds", "bytes", "dbm")
# Integers of the device status: section (or `device`), key, name of the metric, help text.
_FIGURES = """\
device uptime_s uptime_seconds Time since the start
device heap_free heap_free_bytes Free heap of MicroPython
device network_heap_free network_heap_free_bytes Free heap of the network
device network_heap_largest network_heap_largest_bytes Largest free block of the network's heap
device wifi_rssi wifi_rssi_dbm Signal strength
device crashes crashes Failures kept in crashes.json
mqtt sent mqtt_sent_total Messages sent to the broker
mqtt dropped mqtt_dropped_total Events that were not sent
influx waiting influx_waiting Readings waiting for the database
influx sent influx_sent_total Readings the database stored
influx dropped influx_dropped_total Readings that were dropped
journal waiting journal_waiting Readings not delivered yet
journal bytes journal_bytes Size of these readings on the flash
journal thinned journal_thinned_total Readings condensed to minutes or hours
journal dropped journal_dropped_total Readings dropped undelivered
"""


def families(text, device: dict, restarts: dict):
    """Generate the device's families. `text`: metrics.Text."""
    labels = [(label, str(device[label])) for label in ("id", "name", "board", "profile", "reset_cause")]
    labels.append(("version", device["firmware"]))
    yield text.head("device_info", "info", "Device and firmware")
    yield sample("device_info", labels, 1)
    yield from _figure(text, "config_faults", "Faults of the configuration", len(device["config_faults"]))
    yield from _figure(text, "safe_mode", "Whether safe mode is on", 0 if device["safe_mode"] is None else 1)
    mqtt = device["mqtt"]
    if mqtt:
        is_connected = 1 if mqtt["state"] == "connected" else 0
        yield from _figure(text, "mqtt_connected", "Whether the broker is connected", is_connected)
    at = 0
    while at < len(_FIGURES):  # not split at once: that would take as much memory again
        end = _FIGURES.find("\n", at)
        section, key, name, meaning = _FIGURES[at:end].split(" ", 3)
        at = end + 1
        figures = device if section == "device" else device[section]
        if figures and figures[key] is not None:
            yield from _figure(text, name, meaning, figures[key])
    yield text.head("part_restarts_total", "counter", "Restarts of a part of the firmware after a failure")
    for part in restarts:
        yield sample("part_restarts_total", (("part", part),), restarts[part])


def _figure(text, name: str, meaning: str, value: int):
    """A family of one line, whose name ends with its unit, or with `_total`."""
    ending = name.rsplit("_", 1)[-1]
    yield text.head(name, "counter" if ending == "total" else "gauge", meaning, ending if ending in _ENDINGS else "")
    yield sample(name, (), value)
