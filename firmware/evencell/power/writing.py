"""Lets commands set the balancers during a wake (a lazy module)."""

from evencell.link.diagnosis import Diagnosis
from evencell.link.poller import Poll, Poller
from evencell.link.writable import enable_writing
from evencell.protocol.jk_balancer import read_request
from evencell.storage.key_value import KeyValueStore


def enable(session):
    """Give each writable pack its `writer` (link/writable.py), and the context what the limit of writes is kept in."""
    context, buses = session.context, {}
    context.key_values = KeyValueStore(context.board.storage + "/learned.json", context.storage_faults)
    for pack_state, pack in session.packs:
        request = read_request(pack_state.address)
        pack.diagnosis = Diagnosis(request)
        poll = Poll(pack, pack.diagnosis, request, 0, pack_state.timeout_ms)
        buses.setdefault(pack.bus, []).append(poll)
    for bus, polls in buses.items():
        enable_writing(context, Poller(bus, polls, context.hub, context.log), polls)
