"""The beacon of a wake: its reading over Bluetooth, before any report (a lazy module)."""

from evencell.app import Context
from evencell.compat import sleep_ms
from evencell.forward.bthome import beacon
from evencell.forward.bthome.counter import following
from evencell.power.due import OFFLINE_MISSES


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

    def faults_of():
        return Context(wake.board, wake.clock).storage_faults

    taken = following(state.beacon_counter, state.beacon_end, wake.board.storage, faults_of)
    if taken:
        state.beacon_counter, state.beacon_end = taken
        wake.save()
    return taken is not None
