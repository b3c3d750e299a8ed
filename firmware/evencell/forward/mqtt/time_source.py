"""Time of day from the broker, for a device that reaches no time server."""

from evencell.compat import const
from evencell.forward.mqtt.packets import MqttError

_SOURCE = "mqtt"
_TRUST = const(2)  # clock/clock.py: SNTP goes before it
_MAX_BYTES = const(16)


class BrokerTime:
    """Handler of `<prefix>/time`: UNIX seconds, whole or with a fraction. A retained message is old and ignored."""

    def __init__(self, context):
        self._clock = context.clock
        self._log = context.log
        self._topic = context.config["mqtt"]["prefix"] + "/time"

    async def on_connect(self, client):
        """Subscribe with QoS 0: the broker must not queue a time."""
        try:
            await client.subscribe(self._topic, qos=0)
        except MqttError as error:
            self._log.warning("mqtt: %s: no time from the broker" % error)

    def on_message(self, topic: str, payload: bytes, age: int):
        """Set the clock."""
        if topic != self._topic or age:
            return
        unix_ms = _unix_ms(payload)
        if unix_ms is None:
            self._log.warning("mqtt: the payload of %s is no UNIX time in seconds" % topic)
            return
        before = self._clock.source
        if self._clock.suggest(unix_ms, _SOURCE, _TRUST) and before != _SOURCE:
            self._log.info("time: UTC from %s" % topic)

    async def on_update(self, client):
        """Nothing to publish."""


def _unix_ms(payload: bytes) -> int | None:
    """Milliseconds of a text such as b"1795403431" or b"1795403431.25"; None where it is none."""
    whole, _, fraction = payload.partition(b".")
    digits = whole + (fraction + b"000")[:3]
    if not whole or len(payload) > _MAX_BYTES or not digits.isdigit() or not (fraction or b"0").isdigit():
        return None
    return int(digits)
