"""Runs on the port with a chip's two heaps: what sending takes of the second one, and when something is received."""

import json
import select
import socket
import time

import _chip
import esp32
import network

TCP_NODELAY = 1
MESSAGE_BYTES = 7000
SMALL_BYTES = 160
result = {}


def free_bytes() -> int:
    return sum([region[1] for region in esp32.idf_heap_info(esp32.HEAP_DATA)])


def largest_bytes() -> int:
    return max([region[2] for region in esp32.idf_heap_info(esp32.HEAP_DATA)])


def pair():
    """Both ends of a connection, neither of which waits."""
    listener = socket.socket()
    address = socket.getaddrinfo("127.0.0.1", 0)[0][-1]
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    for port in range(20_000, 60_000):
        address = socket.getaddrinfo("127.0.0.1", port)[0][-1]
        try:
            listener.bind(address)
            break
        except OSError:
            pass
    listener.listen(1)
    client = socket.socket()
    client.connect(address)
    server = listener.accept()[0]
    listener.close()
    client.setblocking(False)
    server.setblocking(False)
    return client, server


def taken(piece_bytes: int, no_delay: bool) -> int:
    """Most that a message takes while it is sent in pieces of this size."""
    client, server = pair()
    if no_delay:
        client.setsockopt(6, TCP_NODELAY, 1)
    before = least = free_bytes()
    left = MESSAGE_BYTES
    while left > 0:
        count = client.write(bytes(min(left, piece_bytes)))
        least = min(least, free_bytes())
        if not count:
            break  # the send buffer is full
        left -= count
    client.close()
    server.close()
    return before - least


def receives(server) -> bool:
    poller = select.poll()
    poller.register(server, select.POLLIN)
    return bool(poller.poll(100))


radio = network.WLAN(network.STA_IF)
radio.active(True)
listener = socket.socket()
result["received before joining"] = receives(listener)
listener.close()
radio.connect()
while not radio.isconnected():
    time.sleep_ms(100)
result["small pieces, no delay"] = taken(SMALL_BYTES, True)
result["small pieces"] = taken(SMALL_BYTES, False)
result["one call"] = taken(MESSAGE_BYTES, False)
client, server = pair()
client.write(b"x")
result["received"] = receives(server)
claims = []
while largest_bytes() >= 1_000:
    claims.append(_chip.claim(largest_bytes() - 100))
result["received while starving"] = receives(server)
for claim in claims:
    _chip.release(claim)
result["received with room again"] = receives(server)
print(json.dumps(result))
