"""Protects a low pack where the device stays awake: fewer polls, then balancing off, then the radio off. Lazy.

app.py calls `tick` while a pack is low, then `end`. The levels are those of pack/low_level.py. They are kept across
restarts: a supply that breaks down under the radio's current must not do so at each start. What is kept between two
steps are lists, because each name takes room in MicroPython's table of names (docs/memory.md), and a class its module.
"""

import asyncio

from evencell.compat import const
from evencell.pack.alarms import CELL_COUNT, CELL_VOLTAGE, WIRE_RESISTANCE
from evencell.pack.low_level import BALANCER_OFF, RADIO_OFF, level_of
from evencell.pack.pack import ONLINE
from evencell.runtime.lazy import call

_READINGS = const(3)  # that agree, over so long, change the level by one
_HOLD_MS = const(60_000)
_CHARGING_MV = const(5)  # of the cells' average since the first of them: it is no reason for the next level then
_POLL_MS = const(30_000)
_RADIO_MS = const(300_000)  # on: from the last level on, after a press of the button, and for a report
_REPORT_MS = const(21_600_000)
_FIRST_REPORT_MS = const(60_000)  # after a start
_RETRY_MS = const(600_000)  # to switch balancing off: as control/write_limit.py has it
_DOUBTFUL = CELL_COUNT | CELL_VOLTAGE | WIRE_RESISTANCE  # a loose wire looks like a low cell
_KEY = "low_pack_levels"  # not short, so that it takes no name
_BALANCING_OFF = "evencell.control.balancing_off"
# Indices of `hub.low`: whether the radio is off, the uptime until which it is on, when it is on for a report, and
# the level that the broker has; then a list for each pack.
_IS_OFF = const(0)
_ON_UNTIL_MS = const(1)
_REPORT_AT_MS = const(2)
_PUBLISHED = const(3)
_SENDING = const(-1)  # in place of a level
_WATCHES = const(4)
# Indices of such a list. The step is 1 or -1 while readings ask for the next or the previous level, else 0; since when,
# how many, and the average of the cells then; the sequence of the last one that was judged; the uptime of the next try
# to switch balancing off.
_PACK = const(0)
_STEP = const(1)
_SINCE_MS = const(2)
_COUNT = const(3)
_AVERAGE_MV = const(4)
_SEQUENCE = const(5)
_WRITE_AT_MS = const(6)
_TEXTS = (
    "low pack: no pack is low any more",
    "low pack: level 1; polls every 30 s, and the display goes dark after 30 s: charge it",
    "low pack: level 2; balancing is switched off, where the device may do that: charge it",
    "low pack: level 3; the radio goes off in 5 minutes; it is on for 5 minutes every 6 hours, and after the button "
    "was held for 2 s: charge it",
)


def begin(context):
    """Take the levels from before the restart."""
    hub, kept = context.hub, context.key_values.get(_KEY)
    for pack in hub.packs:
        level = kept.get(pack.name) if isinstance(kept, dict) else 0
        if type(level) is int and 0 < level <= RADIO_OFF and any(pack.limits):
            pack.low_level = level
            hub.low_level = max(hub.low_level, level)
    hub.low = _new_state(hub)
    if hub.low_level:
        hub.low[_REPORT_AT_MS] = context.clock.uptime_ms() + _FIRST_REPORT_MS
        context.log.warning(_TEXTS[hub.low_level])


def tick(context, is_pressed: bool):
    """Judge the readings since the last call, and do what the levels ask for. `is_pressed`: the button is down."""
    hub, now_ms = context.hub, context.clock.uptime_ms()
    state = hub.low = hub.low or _new_state(hub)
    for watch in state[_WATCHES]:
        if watch[_PACK].sequence != watch[_SEQUENCE]:
            _judge(watch)
    level = max([pack.low_level for pack in hub.packs])
    is_new = level != hub.low_level
    if is_new:
        _enter(context, level)
    if is_pressed or (is_new and level >= RADIO_OFF):
        state[_ON_UNTIL_MS] = now_ms + _RADIO_MS
    _publish(context, state)
    _set_radio(context, state, now_ms)
    has_w = context.control and context.control.w  # which needs fresh readings while the balancer is on
    hub.interval_ms = 0 if not level or has_w or now_ms < state[_ON_UNTIL_MS] else _POLL_MS
    for watch in state[_WATCHES]:
        if watch[_PACK].low_level >= BALANCER_OFF and now_ms >= watch[_WRITE_AT_MS]:
            _switch_balancing_off(context, watch, now_ms)


def end(context):
    """Forget what is kept of packs that are low no more, once the broker knows that."""
    hub = context.hub
    _publish(context, hub.low)
    if context.mqtt is None or hub.low[_PUBLISHED] == hub.low_level:
        hub.low = None
        context.key_values.put(_KEY, None)


def is_recovering(state: list) -> bool:
    """Whether readings of the first pack ask for a lower level. `state`: `hub.low`."""
    return state[_WATCHES][0][_STEP] < 0


def _new_state(hub) -> list:
    return [False, 0, 0, None, [[pack, 0, 0, 0, 0, 0, 0] for pack in hub.packs]]


def _judge(watch: list):
    """Change the pack's level by one if readings have asked for that for long enough."""
    pack, status = watch[_PACK], watch[_PACK].accepted
    watch[_SEQUENCE] = pack.sequence
    level = level_of(status, pack.limits[0], pack.limits[1], pack.limits[2], pack.low_level)
    if status.alarms & _DOUBTFUL:
        level = min(level, BALANCER_OFF)
    step = (level > pack.low_level) - (level < pack.low_level)
    if step != watch[_STEP] or (step > 0 and status.average_mv > watch[_AVERAGE_MV] + _CHARGING_MV):
        watch[_STEP], watch[_COUNT] = step, 0
        watch[_SINCE_MS], watch[_AVERAGE_MV] = pack.read_ms, status.average_mv
    watch[_COUNT] += 1
    if step and watch[_COUNT] >= _READINGS and pack.read_ms - watch[_SINCE_MS] >= _HOLD_MS:
        pack.low_level += step
        watch[_STEP] = 0


def _enter(context, level: int):
    """Announce the level, and keep it."""
    hub = context.hub
    hub.low_level = level
    levels = {pack.name: pack.low_level for pack in hub.packs if pack.low_level}
    context.key_values.put(_KEY, levels)
    context.log.warning(_TEXTS[level])
    hub.post("power", None, "low_pack", level)


def _set_radio(context, state: list, now_ms: int):
    """Switch the radio: at the last level it is on for a while now and then, and as long as an update takes."""
    network, is_off = context.network, False
    if context.hub.low_level >= RADIO_OFF:
        if now_ms >= state[_REPORT_AT_MS] > 0:
            state[_ON_UNTIL_MS] = now_ms + _RADIO_MS
        is_off = now_ms >= state[_ON_UNTIL_MS] and not context.update
        if not is_off or not state[_REPORT_AT_MS]:
            state[_REPORT_AT_MS] = now_ms + _REPORT_MS
    if is_off == state[_IS_OFF]:
        return
    state[_IS_OFF] = is_off
    if network and not network.station.wired:
        context.log.info("low pack: the radio is %s" % ("off" if is_off else "on"))
        if is_off:
            _switch_radio_off(network)
        else:
            network.state = "waiting"


def _switch_radio_off(network):
    """Leave the network; it does nothing until its state is "waiting" again."""
    network.reset()  # so that it begins anew then, wherever it was
    network.state, network.is_started = "off", False
    network.station.stop()


def _publish(context, state: list):
    """Publish the level, retained, once it is another one and there is a connection."""
    client, level = context.mqtt and context.mqtt.client, context.hub.low_level
    if client and client.connected and state[_PUBLISHED] not in (level, _SENDING):
        state[_PUBLISHED] = _SENDING
        topic = "%s/%s/low_pack" % (context.config["mqtt"]["prefix"], context.device_id)
        _start(context, _send(client, topic, level, state))


async def _send(client, topic: str, level: int, state: list):
    published = None  # again with the next connection
    try:
        await client.publish(topic, b"%d" % level, 1, True)
        published = level
    except OSError:
        pass
    finally:
        state[_PUBLISHED] = published


def _start(context, coroutine):
    asyncio.create_task(context.supervisor.contain("low pack", coroutine))  # noqa: RUF006 - the event loop keeps it


def _switch_balancing_off(context, watch: list, now_ms: int):
    """Write that where the balancer balances on; the next try comes after a while."""
    pack = watch[_PACK]
    if pack.writer and pack.link == ONLINE and pack.accepted.balancing_enabled:
        watch[_WRITE_AT_MS] = now_ms + _RETRY_MS
        _start(context, call(_BALANCING_OFF, "switch_off", context, pack))
