"""`/metrics`: the device. Loaded on demand."""

from evencell.forward.http.metrics_text import sample
from evencell.storage.data_files import open_data

_ENDINGS = ("seconds", "bytes", "dbm")
# Integers of the device status, a line each: section (or `device`), key, name of the metric, help text.
_FIGURES = __file__.rsplit("/", 1)[0] + "/metrics_device.txt"


def families(text, device: dict, restarts: dict):
    """Generate the device's families. `text`: metrics_text.Text."""
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
    with open_data(_FIGURES) as file:
        for line in file:
            section, key, name, meaning = str(line, "utf-8").strip().split(" ", 3)
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
