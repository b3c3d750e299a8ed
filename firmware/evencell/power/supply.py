"""Supplies the first pack's balancer through its pin W for a reading alone (a lazy module).

Where the resistor of the W switch keeps it off while the device sleeps: else it is on anyway. Switching it on in order
to read is allowed where the last reading had nothing against balancing, or the owner insisted on the page meanwhile;
`learned.json` keeps that as control/w_step.py does.
"""

from evencell.app import Context
from evencell.compat import const, sleep_ms, ticks_diff, ticks_ms
from evencell.pack.limits import switch_on_reason
from evencell.power import settings
from evencell.protocol.jk_balancer import read_request
from evencell.storage.key_value import KeyValueStore

_FIRST_ANSWER_MS = const(24_000)  # with the reading that follows it is on for 30 s
_MAX_START_MS = const(60_000)
_KEY = "w:%s"


def is_wanted(config: dict) -> bool:
    """Whether there is such a switch, and a sleeping device leaves the balancer off."""
    w = config["control"]["w"]
    return w["enabled"] and w["resistor"] == "off"


class Supply:
    """`is_on`: whether it is driven on. `is_allowed`: whether it may be."""

    def __init__(self, wake):
        context = Context(wake.board, wake.clock)
        self.is_on = False
        self._state = wake.state
        self._clock = wake.clock
        self._config = settings.load(wake.board, context.storage_faults)
        self._store = KeyValueStore(wake.board.storage + "/learned.json", context.storage_faults)
        self._key = _KEY % self._config["packs"][0]["name"]
        self._kept = self._store.get(self._key) or [0, 0, 0]
        self._output = wake.board.w_output(bool(self._config["w"]["inverted"]))

    @property
    def is_allowed(self) -> bool:
        """Whether the last reading had nothing against it."""
        return self._output is not None and self._kept[0] == 1

    async def switch_on(self, pack_state, pack) -> bool:
        """Switch on, and wait for the first valid answer; whether it came. How long that took is kept.

        It is not asked before three quarters of the time that it took before.
        """
        if self.is_on:
            return True
        if not self.is_allowed:
            return False
        self._output.drive(True)
        self.is_on = True
        started, request = ticks_ms(), read_request(pack_state.address)
        await sleep_ms(self._state.w_start_ms * 3 // 4)
        while ticks_diff(ticks_ms(), started) < _FIRST_ANSWER_MS:
            if await pack.bus.query(request, pack_state.timeout_ms) >= 0:
                self._state.w_start_ms = min(ticks_diff(ticks_ms(), started), _MAX_START_MS)
                return True
        self._state.w_start_ms = 0
        return False

    def judge(self, pack):
        """Keep what the reading of this wake says of switching on: that is written where it changes."""
        chemistry, limits = self._config["packs"][0]["chemistry"], self._config["limits"]
        is_good = not switch_on_reason(pack.accepted, pack.age_ms(self._clock), chemistry, limits)
        if is_good != (self._kept[0] == 1):
            self._kept = [int(is_good)] + self._kept[1:]
            self._store.put(self._key, self._kept)

    def release(self):
        """Let the resistor switch it off."""
        if self.is_on:
            self._output.release()
            self.is_on = False
