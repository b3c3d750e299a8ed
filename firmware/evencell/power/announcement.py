"""Home Assistant's discovery, sent with a report where it changed (a lazy module).

RTC memory keeps what was sent last: of each pack its cells and whether it has a temperature, and a CRC-32 of all that a
wake can change. A start that is no wake sends it again, since then the configuration or the firmware may be others.
"""

import json
from binascii import crc32

from evencell.compat import const
from evencell.power.due import OFFLINE_MISSES, report_interval_s
from evencell.power.session import call_async
from evencell.runtime.lazy import call
from evencell.storage.key_value import KeyValueStore

_DISCOVERY = "evencell.forward.mqtt.discovery"
_WAKE_S = const(120)  # of the longest wake
_MAX_TRIES = const(3)  # of messages that a broker may reject
_TEMPERATURE = const(32)  # beside the number of cells, which is below


async def send(session, client):
    """Send the messages of all packs, once each pack has answered or is offline; a failure is logged."""
    context, state = session.context, session.wake.state
    if not all(any(pack_state.frame) or pack_state.misses >= OFFLINE_MISSES for pack_state, _ in session.packs):
        return
    shown = [_shown(pack_state, pack.accepted) for pack_state, pack in session.packs]
    found = crc32(json.dumps([valid_s(state), shown, _settings(context, session.packs)]).encode())
    if found != state.announced:
        state.announced, state.announce_tries = found, _MAX_TRIES
    if not state.announce_tries:
        return
    state.announce_tries -= 1
    context.key_values = KeyValueStore(context.board.storage + "/learned.json", context.storage_faults)
    try:
        await call_async(_DISCOVERY, "publish", client, context, shown, valid_s(state))
        state.announce_tries = 0
    except (OSError, MemoryError) as error:
        text = "discovery was not sent: %s (mosquitto: max_packet_size?); %d more tries"
        context.log.warning(text % (call("evencell.net.errors", "reason", error), state.announce_tries))


def valid_s(state) -> int:
    """How long a report counts: a whole one may fail, with the tries of as long a time after it."""
    return 2 * report_interval_s(state) + state.max_s + _WAKE_S


def _shown(pack_state, status) -> tuple:
    """(cells, whether it has a temperature) of a pack. A temperature stays: its probe may only be loose."""
    parts = status.slots | pack_state.shown & _TEMPERATURE
    if status.temperature_dc is not None:
        parts |= _TEMPERATURE
    pack_state.shown = parts
    return parts % _TEMPERATURE, parts >= _TEMPERATURE


def _settings(context, packs) -> list:
    """What widens the range of a number, which includes the present value."""
    if not context.config["mqtt"]["commands"]:
        return []
    found = []
    for _, pack in packs:
        status = pack.accepted
        found += [status.cells_configured, status.trigger_mv, status.max_balance_ma]
    return found
