"""Runs on the port with a chip's two heaps: claims step by step, then prints what is left. Argument: steps as JSON."""

import json
import select
import socket
import sys
import time

import _chip
import esp32
import network
import tls

JOINED_AFTER_S = 3
HANDSHAKE_S = 3
DRIVERS_BYTES = 3500

radio = network.WLAN(network.STA_IF)
sockets = []
refused = []


def open_socket():
    sockets.append(socket.socket())
    return sockets[-1]


def take(step: str):
    """One step; OSError where it finds no room."""
    kind, _, size = step.partition(" ")
    if kind == "radio":
        radio.active(True)
    elif kind == "join":
        radio.connect()
        time.sleep(JOINED_AFTER_S)
        if not radio.isconnected():
            raise OSError("not joined")
    elif kind == "socket":
        open_socket()
    elif kind == "tls":
        connection = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT).wrap_socket(open_socket())
        time.sleep(HANDSHAKE_S)
        poller = select.poll()
        poller.register(connection, select.POLLIN)
        poller.poll(1)  # the books are brought up to date
    elif _chip.claim(int(size) if size else DRIVERS_BYTES) is None:
        raise OSError("no room for " + step)


for step in json.loads(sys.argv[1]):
    try:
        take(step)
    except OSError as error:
        refused.append("%s: %s" % (step, error))
regions = esp32.idf_heap_info(esp32.HEAP_DATA)
print(json.dumps({"free": sum([r[1] for r in regions]), "largest": max([r[2] for r in regions]), "refused": refused}))
