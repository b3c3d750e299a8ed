"""What must hold again after an update: a balancer answers, the page answers on its address, the broker is connected.

Lazy. What did not hold before the update, and what is not configured any more, is not asked for.
"""

import asyncio

from evencell.compat import const, wait_for_ms

_ANSWER_TIMEOUT_MS = const(5_000)
_ANY_ADDRESS = "0.0.0.0"
_LOOPBACK = "127.0.0.1"
_REQUEST = b"GET / HTTP/1.0\r\n\r\n"
_ANSWER = b"HTTP/1.0 200 "
_NAMES = ("answer", "page", "broker")
_MISSING = ("the balancer did not answer", "the page did not answer", "the broker did not connect")


async def note(upload):
    """Keep the names of the conditions that hold now in `upload.held`."""
    upload.held = []
    for name in _NAMES:
        if await _holds(upload.context, name):
            upload.held.append(name)


async def missing(context, wanted: list[str]) -> list[str]:
    """Half a sentence for each wanted condition that does not hold now."""
    found = []
    for name in wanted:
        is_configured = name == "answer" or (context.mqtt is not None if name == "broker" else "http" in context.config)
        if is_configured and not await _holds(context, name):
            found.append(_MISSING[_NAMES.index(name)])
    return found


async def _holds(context, name: str) -> bool:
    if name == "answer":
        return any(pack.link_name == "online" for pack in context.hub.packs)
    if name == "broker" and context.profile == "awake":
        return context.key_values.get("reported") is True  # power/awake.py: a device that sleeps has MQTT in its wakes
    if name == "broker":
        return context.mqtt is not None and context.mqtt.status()["state"] == "connected"
    try:
        return await wait_for_ms(_page_answers(context), _ANSWER_TIMEOUT_MS)
    except (OSError, EOFError, asyncio.TimeoutError):
        return False


async def _page_answers(context) -> bool:
    """Whether the page comes from this device's own address; without a network of its own: from this computer's."""
    http, network = context.config.get("http"), context.network
    if not http or (network and not network.address):
        return False
    address = http["host"] if http["host"] != _ANY_ADDRESS else network.address if network else _LOOPBACK
    reader, writer = await asyncio.open_connection(address, http["port"])
    try:
        writer.write(_REQUEST)
        await writer.drain()
        return await reader.readexactly(len(_ANSWER)) == _ANSWER
    finally:
        writer.close()
        await writer.wait_closed()
