"""The access point's DNS server: its answers, and real queries over loopback."""

import asyncio
import socket

from evencell.net.captive_dns import answer_to, serve
from host_tests.portable import raises

IP = b"\xc0\xa8\x04\x01"
A, AAAA, HTTPS = b"\0\1", b"\0\x1c", b"\0\x41"
NAME = b"\7connect\5phone\7example\0"
LOOPBACK = "127.0.0.1"


def query(name=NAME, kind=A, flags=b"\1\0", counts=b"\0\1\0\0\0\0\0\0", rest=b"") -> bytes:
    """A query with the identity 0xBEEF."""
    return b"\xbe\xef" + flags + counts + name + kind + b"\0\1" + rest


def test_query_for_an_address_gets_that_of_the_device():
    answer = answer_to(query(), IP)
    header, question, record = answer[:12], answer[12 : 12 + len(NAME) + 4], answer[12 + len(NAME) + 4 :]
    assert header == b"\xbe\xef\x85\0\0\1\0\1\0\0\0\0"  # a response, authoritative, recursion desired; one answer
    assert question == NAME + A + b"\0\1"
    assert record == b"\xc0\x0c\0\1\0\1\0\0\0\x0a\0\4" + IP


def test_query_for_anything_else_gets_an_empty_answer():
    """None at all would make a phone wait for it."""
    for kind in (AAAA, HTTPS, b"\0\x0c"):
        answer = answer_to(query(kind=kind), IP)
        assert answer == b"\xbe\xef\x85\0\0\1\0\0\0\0\0\0" + NAME + kind + b"\0\1"


def test_bit_of_recursion_is_that_of_the_query_and_what_follows_the_question_is_left_out():
    assert answer_to(query(flags=b"\0\0"), IP)[2] == 0x84
    edns = b"\0\0\x29\x04\xd0\0\0\0\0\0\0"
    assert answer_to(query(counts=b"\0\1\0\0\0\0\0\1", rest=edns), IP) == answer_to(query(), IP)


def test_root_and_the_longest_name_are_answered():
    assert answer_to(query(name=b"\0"), IP)
    longest = 3 * (b"\x3f" + 63 * b"x") + b"\x3d" + 61 * b"x" + b"\0"
    assert len(longest) == 255 and answer_to(query(name=longest), IP)
    assert answer_to(query(name=b"\1y" + longest), IP) is None


def test_every_beginning_of_a_query_is_ignored():
    whole = query()
    assert [length for length in range(len(whole)) if answer_to(whole[:length], IP)] == []


def test_what_is_no_query_is_ignored():
    malformed = [
        query(flags=b"\x81\0"),  # a response
        query(flags=b"\x29\0"),  # another opcode
        query(flags=b"\3\0"),  # truncated
        query(counts=b"\0\0\0\0\0\0\0\0"),
        query(counts=b"\0\2\0\0\0\0\0\0"),
        query(name=b"\xc0\x0c"),  # compressed: leads to itself
        query(name=b"\x40" + 64 * b"x" + b"\0"),
        query(name=b"\xff\xff"),
        b"",
        512 * b"\0",
        512 * b"\xff",
    ]
    assert [data for data in malformed if answer_to(data, IP)] == []


def received(client) -> bytes:
    try:
        return client.recv(512)
    except OSError:
        return b""


def udp_socket():
    client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    client.setblocking(False)
    return client


def free_port() -> int:
    """A UDP port that is free. MicroPython has no getsockname: one of those that are for private use."""
    for port in range(50_000, 60_000):
        probe = udp_socket()
        try:
            probe.bind(socket.getaddrinfo(LOOPBACK, port, 0, socket.SOCK_DGRAM)[0][-1])
            return port
        except OSError:
            pass
        finally:
            probe.close()
    raise OSError


def test_flood_of_malformed_packets_keeps_neither_a_query_nor_other_tasks_waiting():
    async def run():
        port = free_port()
        server = asyncio.create_task(serve(LOOPBACK, port))
        await asyncio.sleep(0)
        place = socket.getaddrinfo(LOOPBACK, port, 0, socket.SOCK_DGRAM)[0][-1]
        flood, client = udp_socket(), udp_socket()
        answer, turns = b"", 0
        while not answer and turns < 2_000:
            for _ in range(8):
                flood.sendto(b"\xff" * 40, place)
            if turns % 20 == 0:
                client.sendto(query(), place)  # a flooded buffer may have lost the one before
            await asyncio.sleep(0.01)
            turns += 1
            answer = received(client)
        assert answer[:2] == b"\xbe\xef" and answer[-4:] == bytes([127, 0, 0, 1])
        assert received(flood) == b""
        server.cancel()
        flood.close()
        client.close()

    asyncio.run(run())


def test_a_port_that_is_taken_is_an_error_of_the_part():
    port = free_port()
    other = udp_socket()
    other.bind(socket.getaddrinfo(LOOPBACK, port, 0, socket.SOCK_DGRAM)[0][-1])
    raises(OSError, lambda: asyncio.run(serve(LOOPBACK, port)))
    other.close()
