"""Sends beacons from a device that is awake and has no Wi-Fi: one on the air all the time, each with a new reading."""

from binascii import unhexlify

from evencell.compat import const, sleep_ms
from evencell.forward.bthome.counter import following
from evencell.pack.pack import OFFLINE
from evencell.runtime.lazy import lazy

_BEACON = "evencell.forward.bthome.beacon"
_NO_BLUETOOTH = "bthome: %s has no Bluetooth; no beacons"
_EVERY_MS = const(10_000)


def start(context):
    """Send for as long as the device runs."""
    radio = context.board.beacons(context.hostname)
    if radio is None:
        context.log.warning(_NO_BLUETOOTH % context.board.name)
    else:
        context.supervisor.start("bthome", Beacons(context, radio).run)


class Beacons:
    """Of the first pack."""

    def __init__(self, context, radio):
        self._context = context
        self._radio = radio
        bindkey = context.config["bthome"]["bindkey"]
        self._key = unhexlify(bindkey) if bindkey else None
        self._counter = self._end = 0
        self._is_sending = False

    async def run(self):
        """Renew the beacon every 10 s, from the first reading on; none while a low pack has the radio off."""
        while True:
            pack = self._context.hub.packs[0]
            low = self._context.hub.low
            if low and low[0]:
                self._stop()
            elif pack.sequence:
                self._send(pack)
            await sleep_ms(_EVERY_MS)

    def _stop(self):
        if self._is_sending:
            self._is_sending = False
            self._radio.stop()

    def _send(self, pack):
        self._is_sending = True
        is_offline = pack.link == OFFLINE
        with lazy(_BEACON) as beacon:
            objects = beacon.objects_of(None if is_offline else pack.accepted, is_offline or pack.accepted.alarms > 0)
            if self._key is None:
                self._radio.start(beacon.plain(objects, pack.sequence, False))
            elif self._count():
                self._radio.start(beacon.encrypted(objects, self._key, self._radio.address, self._counter, False))

    def _count(self) -> bool:
        """Take the next number of the counter; False where there is none, and the last beacon stays on the air."""
        context = self._context
        taken = following(self._counter, self._end, context.board.storage, lambda: context.storage_faults)
        if taken:
            self._counter, self._end = taken
        return taken is not None
