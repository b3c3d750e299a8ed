"""The beacon of a wake: its reading over Bluetooth, before any report (a lazy module)."""

from evencell.app import Context
from evencell.compat import sleep_ms
from evencell.forward.bthome import beacon
from evencell.forward.bthome.counter import RESERVED
from evencell.power.due import OFFLINE_MISSES
from evencell.runtime.lazy import call


async def send(wake, pack_state, pack):
    """Advertise what this wake read of the first pack; nothing where it read nothing, and may do so the next time."""
    is_offline = pack_state.misses >= OFFLINE_MISSES
    if pack_state.misses and not is_offline:
        return
    state = wake.state
    radio = wake.board.beacons("evencell-" + wake.board.unique_id()[-6:])
    if radio is None:
        Context(wake.board, wake.clock).log.warning("bthome: %s has no Bluetooth; no beacons" % wake.board.name)
        return
    objects = beacon.objects_of(None if is_offline else pack.accepted, is_offline or pack.accepted.alarms > 0)
    try:
        if not state.has_bindkey:
            radio.start(beacon.plain(objects, pack.sequence, True))
        elif _count(wake):
            radio.start(beacon.encrypted(objects, state.bindkey, radio.address, state.beacon_counter, True))
        else:
            return
        await sleep_ms(state.beacon_ms)
    finally:
        radio.stop()


def _count(wake) -> bool:
    """Take the next number of the counter; RTC memory has a run of them."""
    state = wake.state
    state.beacon_counter += 1
    if state.beacon_counter >= state.beacon_end:
        faults = Context(wake.board, wake.clock).storage_faults
        first = call("evencell.forward.bthome.counter", "reserve", wake.board.storage, faults)
        if first is None:
            state.beacon_counter = state.beacon_end
            return False
        state.beacon_counter, state.beacon_end = first, first + RESERVED
    wake.save()
    return True
