"""Recognition of received bytes that are no answer (docs/line.md): echo, swapped wires, baud rate, other protocols."""

from evencell.compat import const
from evencell.link.diagnosis import (
    ADDRESS,
    BAUD,
    CHECKSUM,
    ECHO,
    FOREIGN,
    NOISE,
    SILENT,
    SWAPPED,
    UNKNOWN,
)
from evencell.protocol.jk_balancer import ANSWER_BYTES, ANSWER_HEADER
from evencell.runtime.lazy import call

_COMPARED_BYTES = const(2)  # of each exchange, to detect a repetition: the answer's header at another rate
_EXAMINE_EVERY = const(6)  # unreadable exchanges
# Recorded by an owner with swapped wires (captures, "a-b-swapped").
_SWAPPED = b"\x55\x95\x01\xff"


class Recognition:
    """Recognises what comes instead of one pack's answers. `protocol` names the other protocol found last."""

    def __init__(self, request):
        self.protocol = ""
        self._request = request
        self._last_head = bytearray(_COMPARED_BYTES)
        self._evidence = -1  # that the last examined bytes are well-formed: foreign.examine
        self._unexamined = 1  # unreadable exchanges until the next one is examined
        self._found = 0  # FOREIGN or UNKNOWN, if the last examination found that

    def restart(self):
        """Start anew after an answer."""
        self._found = 0
        self._unexamined = 1

    def outcome(self, received_bytes: int, head, outcomes, has_answers: bool) -> int:
        """Outcome of an exchange, a number of diagnosis.py. Only the first `received_bytes` of `head` belong to it.

        `has_answers`: whether the balancer answered recently. Unreadable exchanges in `outcomes` are replaced once
        their protocol is found.
        """
        outcome = self._recognise(received_bytes, head, has_answers)
        return self._or_protocol(outcome, received_bytes, head, outcomes) if outcome in (NOISE, BAUD) else outcome

    def _recognise(self, received_bytes: int, head, has_answers: bool) -> int:
        """Outcome without a search for other protocols; the echo of the request is skipped."""
        start = self._echo_bytes(received_bytes, head)
        if received_bytes == start:
            return ECHO if start else SILENT
        if _begins(head, start, received_bytes, _SWAPPED):
            return SWAPPED
        if _begins(head, start, received_bytes, ANSWER_HEADER):
            if received_bytes != start + ANSWER_BYTES:
                return NOISE
            if head[start + 2] == self._request[2]:
                return CHECKSUM
            return NOISE if has_answers else ADDRESS
        return BAUD if self._is_repeated(head, start, received_bytes) and not has_answers else NOISE

    def _echo_bytes(self, received_bytes: int, head) -> int:
        return len(self._request) if _begins(head, 0, received_bytes, self._request) else 0

    def _or_protocol(self, outcome: int, received_bytes: int, head, outcomes) -> int:
        """FOREIGN or UNKNOWN, or else `outcome`, for an unreadable exchange.

        Examined at the second one in a row and at each sixth after it, since that takes heap; the result holds in
        between.
        """
        if self._unexamined:
            self._unexamined -= 1
        else:
            self._unexamined = _EXAMINE_EVERY - 1
            self._found = self._examine(received_bytes, head)
            for i in range(len(outcomes)):
                if self._found and outcomes[i] in (NOISE, BAUD):
                    outcomes[i] = self._found
        return self._found or outcome

    def _examine(self, received_bytes: int, head) -> int:
        """FOREIGN or UNKNOWN; 0 if it is neither, or without the memory to examine the bytes."""
        start = self._echo_bytes(received_bytes, head)
        try:
            protocol, evidence = call("evencell.link.foreign", "examine", head, start, received_bytes)
        except MemoryError:
            return 0
        if protocol:
            self.protocol = protocol
            return FOREIGN
        last_evidence = self._evidence
        self._evidence = evidence
        if evidence >= 0 and last_evidence < 0:
            self._unexamined = 0  # the next frame confirms it
        return UNKNOWN if evidence > 255 or -1 < last_evidence != evidence > -1 else 0

    def _is_repeated(self, head, start: int, received_bytes: int) -> bool:
        """Whether the same bytes came twice, as at another baud rate; not from a bus stuck at one level."""
        if received_bytes < start + _COMPARED_BYTES:
            return False
        is_stuck = head[start] == head[start + 1] and head[start] in (0x00, 0xFF)
        is_repeated = not is_stuck and _begins(head, start, received_bytes, self._last_head)
        for i in range(_COMPARED_BYTES):
            self._last_head[i] = head[start + i]
        return is_repeated


def _begins(data, start: int, end: int, signature) -> bool:
    """Whether `signature` is at `data[start]` and ends before `end`. Takes no heap."""
    if start + len(signature) > min(end, len(data)):
        return False
    for i in range(len(signature)):
        if data[start + i] != signature[i]:
            return False
    return True
