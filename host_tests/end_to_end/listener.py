"""An MQTT client that hears everything of one broker."""

import json
import queue
from dataclasses import dataclass

import paho.mqtt.client as paho

from host_tests.end_to_end.process import PATIENCE_S, Collected


@dataclass
class Message:
    """One that came; `retained` says that it came from the broker's store."""

    topic: str
    payload: str
    retained: bool

    def json(self):
        return json.loads(self.payload)


class Listener:
    """`with Listener(port) as listener:` is subscribed to `topics` and collects `messages`.

    `login` is (user, password).
    """

    def __init__(self, port: int, topics: str = "evencell/#", login: tuple[str, str] | None = None):
        self.messages = Collected()
        self._subscribed = queue.SimpleQueue()
        self._client = paho.Client(paho.CallbackAPIVersion.VERSION2)
        self._client.on_connect = lambda client, *_: client.subscribe(topics, 1)
        self._client.on_subscribe = lambda *_: self._subscribed.put(True)
        self._client.on_message = self._take
        if login:
            self._client.username_pw_set(*login)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        self._subscribed.get(timeout=PATIENCE_S)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._client.disconnect()
        self._client.loop_stop()

    def wait_until_back(self):
        """Wait for the subscription after the broker was away."""
        self._subscribed.get(timeout=PATIENCE_S)

    def say(self, topic: str, payload: str, retain: bool = False):
        """Publish something."""
        self._client.publish(topic, payload, 1, retain).wait_for_publish(PATIENCE_S)

    def say_soon(self, topic: str, payload: str):
        """The same without waiting until the broker has it."""
        self._client.publish(topic, payload, 1)

    def wait(self, topic: str, payload: str | None = None, since: int = 0) -> Message:
        """The first message on a topic with this end, with this payload if one is given."""
        return self.messages.wait(
            lambda message: message.topic.endswith(topic) and payload in (None, message.payload),
            f"{payload or 'a message'} on …{topic}",
            since,
        )

    def payloads(self, topic: str, since: int = 0) -> list[str]:
        """What came on a topic with this end, in its order."""
        return [message.payload for message in list(self.messages)[since:] if message.topic.endswith(topic)]

    def _take(self, _client, _userdata, message: paho.MQTTMessage):
        self.messages.add(Message(message.topic, message.payload.decode(), message.retain))
