"""What was heard of the firmware's readings over MQTT, live and late, and what is missing."""

import json
import threading
from collections.abc import Callable

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

_PATIENCE_S = 60


class Witness:
    """Hears states (`live`) and backlogs (`late`): of each reading its time, sequence and voltage.

    `thinned` counts what stood for several readings: these are missing.
    """

    def __init__(self, port: int):
        self.live: list[tuple] = []
        self.late: list[tuple] = []
        self.largest_bytes = self.thinned = 0
        self._client = listener(port, ["evencell/+/+/state", "evencell/+/+/backlog"], self._heard)

    def _heard(self, message: paho.MQTTMessage):
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


def listener(port: int, topics: list[str], heard: Callable[[paho.MQTTMessage], None]) -> paho.Client:
    """Hands every message to `heard`, in a thread of its own; connects again by itself.

    Subscribed when this returns: what is published sooner nobody hears. TimeoutError if that takes for ever.
    """

    def subscribe(client, *_):
        client.subscribe([(topic, 1) for topic in topics])

    subscribed = threading.Event()
    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.on_connect = subscribe
    client.on_subscribe = lambda *_: subscribed.set()
    client.on_message = lambda _client, _data, message: heard(message)
    client.connect("127.0.0.1", port, keepalive=0)
    client.loop_start()
    if not subscribed.wait(_PATIENCE_S):
        raise TimeoutError("the subscription")
    return client


def reading_of(status: dict) -> tuple:
    """Time, sequence and voltage."""
    return status["time"], status["sequence"], status["cells_mv"][0]


def account(live: list[tuple], late: list[tuple], starts_s: list[float], read: list[int]) -> dict:
    """How many readings were heard, and how many are missing, false, late, and more than once there.

    Each run of the firmware numbers its readings from 1 on: `starts_s` are the times at which they began, `read` the
    highest number of each that was read for sure. Missing are the numbers up to that, or to the highest that was heard.
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
