"""MQTT subscriber of the benches: receives readings, live and from the backlog, and counts what is missing."""

import json
import threading
from collections.abc import Callable

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

_SUBACK_TIMEOUT_S = 60


class Receiver:
    """Collects states (`live`) and backlogs (`late`): of each reading its time, sequence and voltage.

    `thinned` counts records that stand for several readings: these count as missing.
    """

    def __init__(self, port: int):
        self.live: list[tuple] = []
        self.late: list[tuple] = []
        self.largest_bytes = self.thinned = 0
        self._client = subscribe(port, ["evencell/+/+/state", "evencell/+/+/backlog"], self._on_message)

    def _on_message(self, message: paho.MQTTMessage):
        content = json.loads(message.payload)
        if message.topic.endswith("/state"):
            self.live.append(reading_of(content))
        else:
            self.largest_bytes = max(self.largest_bytes, len(message.payload))
            readings = [reading_of(status) for status in content if "thinned" not in status]
            self.thinned += len(content) - len(readings)
            self.late += readings

    def stop(self):
        self._client.disconnect()
        self._client.loop_stop()


def subscribe(port: int, topics: list[str], on_message: Callable[[paho.MQTTMessage], None]) -> paho.Client:
    """Subscribe to the topics, and call `on_message` for each message, in a thread; reconnects after a failure.

    Returns after SUBACK: what is published earlier is not received. Raises TimeoutError without one.
    """

    def on_connect(client, *_):
        client.subscribe([(topic, 1) for topic in topics])

    subscribed = threading.Event()
    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.on_connect = on_connect
    client.on_subscribe = lambda *_: subscribed.set()
    client.on_message = lambda _client, _data, message: on_message(message)
    client.connect("127.0.0.1", port, keepalive=0)
    client.loop_start()
    if not subscribed.wait(_SUBACK_TIMEOUT_S):
        raise TimeoutError("no SUBACK from the broker")
    return client


def reading_of(status: dict) -> tuple:
    """Time, sequence and voltage."""
    return status["time"], status["sequence"], status["cells_mv"][0]


def account(live: list[tuple], late: list[tuple], starts_s: list[float], read: list[int]) -> dict:
    """Count readings that were received, lost, false, late (from the backlog) and received twice.

    Each run of the firmware numbers its readings from 1 on: `starts_s` are the times of its starts, `read` the highest
    number of each that was read for sure. Lost are the missing numbers up to that, or to the highest received one.
    """
    runs: list[set] = [set() for _ in starts_s]
    values: dict = {}
    false = 0
    for time_s, sequence, level_mv in live + late:
        run = sum(start_s - 1 <= time_s for start_s in starts_s) - 1
        runs[run].add(sequence)
        false += values.setdefault((run, sequence), (time_s, level_mv)) != (time_s, level_mv)
    return {
        "readings": sum(map(len, runs)),
        "lost": sum(max({*run, highest}) - len(run) for run, highest in zip(runs, read, strict=True)),
        "false": false,
        "late": len(set(late)),
        "twice": len(live) + len(late) - sum(map(len, runs)),
    }
