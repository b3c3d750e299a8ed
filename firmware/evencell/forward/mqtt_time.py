"""The time of day from the broker, for a device that reaches no time server."""

from evencell.compat import const
from evencell.forward.mqtt_packets import MqttError

_SOURCE = "mqtt"
_TRUST = const(2)  # system/clock.py: SNTP goes before it
_LONGEST = const(16)


class TimeOfBroker:
    """Takes UNIX seconds from `<prefix>/time`, whole or with a fraction. A retained one is old, and no time."""

    def __init__(self, context):
        self._clock = context.clock
        self._log = context.log
        self._topic = context.config["mqtt"]["prefix"] + "/time"

    async def listen(self, client):
        """Subscribe, with QoS 0: the broker must not keep a time for later."""
        try:
            await client.subscribe(self._topic, qos=0)
        except MqttError as error:
            self._log.warning("mqtt: %s: no time from there" % error)

    def hear(self, topic: str, payload: bytes, is_retained: bool):
        """A message on any topic."""
        if topic != self._topic or is_retained:
            return
        unix_ms = _unix_ms(payload)
        if unix_ms is None:
            self._log.warning("mqtt: what came on %s is no UNIX time in seconds" % topic)
            return
        before = self._clock.source
        if self._clock.suggest(unix_ms, _SOURCE, _TRUST) and before != _SOURCE:
            self._log.info("time: UTC from %s" % topic)

    async def announce(self, client):
        """Nothing: it only listens."""


def _unix_ms(payload: bytes) -> int | None:
    """Milliseconds of a text such as b"1795403431" or b"1795403431.25"; None where it isn't one."""
    whole, _, fraction = payload.partition(b".")
    digits = whole + (fraction + b"000")[:3]
    if not whole or len(payload) > _LONGEST or not digits.isdigit() or not (fraction or b"0").isdigit():
        return None
    return int(digits)
