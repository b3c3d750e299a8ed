"""DNS server of the access point: every name leads to the device, so that a phone finds the setup page.

A query for an IPv4 address (A) gets that of the device, one for anything else an empty answer. What is malformed,
truncated or no query gets none. RFC 1035.
"""

import errno
import socket

from evencell.compat import const, sleep_ms

_MAX_QUERY_BYTES = const(512)
_MAX_NAME_BYTES = const(255)
_HEADER_BYTES = const(12)
_POLL_MS = const(20)
_MAX_PER_POLL = const(8)  # queries; a flood must not keep other tasks from running
_TTL_S = const(10)  # short: the phone forgets the name once it is in another network
_A, _IN = b"\0\1", b"\0\1"
_RESPONSE = const(0x84)  # QR and AA; the bit RD is the query's
_IS_NO_QUERY = const(0xFA)  # QR, opcode and TC
_RD = const(0x01)


async def serve(address: str, port: int):
    """Answer queries that come to this address of the device; raises OSError if it can't listen there."""
    found = socket.getaddrinfo(address, port, 0, socket.SOCK_DGRAM)[0]
    own = socket.socket(found[0], found[1], found[2])
    try:
        own.setblocking(False)
        own.bind(found[-1])
        ip = bytes([int(number) for number in address.split(".")])
        while True:
            for _ in range(_MAX_PER_POLL):
                if not _answer_one(own, ip):
                    break
            await sleep_ms(_POLL_MS)
    finally:
        own.close()


def _answer_one(own, ip: bytes) -> bool:
    """Receive a datagram and answer it if it is a query; returns whether there was one."""
    try:
        query, client = own.recvfrom(_MAX_QUERY_BYTES)
    except OSError as error:
        if error.errno != errno.EAGAIN:
            raise
        return False
    answer = answer_to(query, ip)
    if answer:
        try:
            own.sendto(answer, client)
        except OSError:
            pass  # as if it were lost on its way: the client asks again
    return True


def answer_to(query: bytes, ip: bytes) -> bytes | None:
    """The response to a query, with these four bytes as the address; None where it is not one."""
    end = _end_of_question(query)
    if not end:
        return None
    is_for_address = query[end - 4 : end] == _A + _IN
    answers = b"\0\1" if is_for_address else b"\0\0"
    flags = bytes([_RESPONSE | query[2] & _RD, 0])
    header = query[:2] + flags + b"\0\1" + answers + b"\0\0\0\0"
    record = b"\xc0\x0c" + _A + _IN + _TTL_S.to_bytes(4, "big") + b"\0\4" + ip if is_for_address else b""
    return header + query[_HEADER_BYTES:end] + record


def _end_of_question(query: bytes) -> int:
    """Index behind the one question of a standard query; 0 where it is malformed, or something else."""
    if len(query) < _HEADER_BYTES or query[2] & _IS_NO_QUERY or query[4:6] != b"\0\1":
        return 0
    at = _HEADER_BYTES
    while at < len(query) and query[at]:
        if query[at] > 63:  # no label: a question has no compression
            return 0
        at += query[at] + 1
    end = at + 5  # with the empty label, type and class
    return end if end <= len(query) and at - _HEADER_BYTES < _MAX_NAME_BYTES else 0
