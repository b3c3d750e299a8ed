"""What is wrong with the line to a balancer that does not answer, for a report (a lazy module)."""

from evencell.compat import const
from evencell.link.diagnosis import Diagnosis
from evencell.protocol.jk_balancer import read_request

_REQUESTS = const(2)  # as many as a verdict takes


async def verdict(pack_state, pack) -> str:
    """The verdict of link/diagnosis.py, from two requests. Their answers are not taken as readings."""
    bus, request = pack.bus, read_request(pack_state.address)
    diagnosis = Diagnosis(request)
    for _ in range(_REQUESTS):
        late_answers = bus.late_answers
        if await bus.query(request, pack_state.timeout_ms) >= 0:
            diagnosis.record_answer(bus.latency_ms)
        else:
            diagnosis.record_failure(bus.received_bytes, bus.received, bus.late_answers > late_answers)
    return diagnosis.name
