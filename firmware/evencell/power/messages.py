"""What a report says of the packs: readings, link, events (a lazy module)."""

import json

from evencell.forward.event_json import event_of
from evencell.forward.outbox.mqtt_replay import Replay
from evencell.forward.outbox.outbox import MQTT
from evencell.forward.status_json import status_of
from evencell.pack.alarms import cells_of, names_of
from evencell.pack.pack import ASLEEP, OFFLINE, STALE
from evencell.power.due import OFFLINE_MISSES
from evencell.power.session import call_async

_NETWORK = "network"


async def publish(report):
    """Publish all that happened since the last report; raises OSError."""
    session = report.session
    await _publish_readings(report)
    for pack_state, pack in session.packs:
        await _publish_link(report, pack_state, pack)
    _post_events(session)
    await _publish_events(report)


async def publish_commanded(report):
    """Publish what commands brought; raises OSError."""
    await _publish_readings(report)
    await _publish_events(report)


async def _publish_readings(report):
    """The backlog, oldest first, then the readings of this wake as states."""
    session = report.session
    outbox, packs = session.outbox, session.packs
    for place, (pack_state, _) in enumerate(packs):
        outbox.filters[place].set_pending(pack_state.misses == 0)
    replay = Replay(outbox, report.topic)
    while outbox.has_backlog():
        await replay.publish(report.client)
    for pack_state, pack in packs:
        if pack_state.misses == 0:
            pack.link = ASLEEP  # as of the end of this wake
            state = json.dumps(status_of(pack, session.context.clock)).encode()
            await report.publish(pack.name + "/state", state)
    outbox.acknowledge(MQTT, outbox.end)


async def _publish_link(report, pack_state, pack):
    """The balancer's link, the verdict on its line, and when its last reading was taken."""
    clock, verdict = report.session.context.clock, "ok"
    pack.link = STALE if pack_state.misses else ASLEEP
    if pack_state.misses >= OFFLINE_MISSES:
        pack.link = OFFLINE
        verdict = await call_async("evencell.power.verdict", "verdict", pack_state, pack)
    if pack.link == OFFLINE or (pack.link == ASLEEP and pack.sequence):
        await report.publish(pack.name + "/verdict", verdict.encode())
    read_s = clock.unix_s_at(pack.read_ms) if pack.sequence else None
    if read_s is not None:
        await report.publish(pack.name + "/last_reading", clock.iso(read_s).encode())
    if pack.link != STALE or pack.sequence:
        await report.publish(pack.name + "/link", pack.link_name.encode())


def _post_events(session):
    """What changed since the last report."""
    hub, state = session.context.hub, session.wake.state
    for fault in session.config["faults"] if state.has_faults else ():
        hub.post("config", None, fault.split(":")[0], fault)
    if state.level != state.reported_level:
        hub.post("power", None, "low_pack", state.level)
    for pack_state, pack in session.packs:
        if state.has_gap:
            hub.post("power", pack.name, "gap", state.spill_every)
        alarms = names_of(pack_state.alarms)
        for name in names_of(pack_state.alarms ^ pack_state.reported_alarms):
            is_active = name in alarms
            hub.post("alarm", pack.name, name, is_active, cells_of(pack.accepted, name) if is_active else [])


async def _publish_events(report):
    """All events that wait, but for those of the network: each report joins one."""
    events = report.session.events
    event = events.next_event()
    while event:
        if event[1] != _NETWORK:
            topic = "%s/event" % event[2] if event[2] else "event"
            await report.publish(topic, json.dumps(event_of(event)).encode(), retain=False)
        event = events.next_event()
