"""What was heard of the firmware's readings over MQTT, live and late, and what is missing."""

import json
import threading

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
        self._subscribed = threading.Event()
        self._client = paho.Client(CallbackAPIVersion.VERSION2)
        self._client.on_message = self._heard
        self._client.on_connect = self._connected
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.connect("127.0.0.1", port, keepalive=0)
        self._client.loop_start()
        if not self._subscribed.wait(_PATIENCE_S):  # what is published sooner nobody hears
            raise TimeoutError("the subscription")

    def _connected(self, client, *_):
        client.subscribe([("evencell/+/+/state", 1), ("evencell/+/+/backlog", 1)])

    def _heard(self, _client, _data, message):
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
