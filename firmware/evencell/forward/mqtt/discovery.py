"""Home Assistant's MQTT discovery (2025.4 or newer): one message for each pack, with all its entities.

Loaded on demand. The entities are data, in discovery.txt, which `tools/build/discovery_table.py` writes. A message is
some kilobytes, so it never exists as a whole: it is made piece by piece, once to count its bytes and once to send them.
What is filled in comes from discovery_values.py, which is not in memory while a message is sent.

A line is CONDITION, a tab and a template, in which `$X` stands for a value. Conditions: `always`, `first_pack`,
`further_pack`, `awake` (a device that never sleeps), `page` and `temperature` (where there is one), `cell` (once for
each), `missing_cell` (once for each up to 24). `commands`, `policy`, `preset`, `w`, `shown FIELD`, `set FIELD`: where
that is not so, the component is removed, for which Home Assistant wants its platform alone.

The first pack belongs to the device itself, so that a second one changes nothing of it; each further pack is a device
of its own, linked with `via_device`. Source: Home Assistant's documentation of MQTT, "Device discovery payload"; its
`components/mqtt/abbreviations.py`, and `discovery.py`, which knows no `~` but within one component.
"""

from evencell.compat import sleep_ms
from evencell.protocol.jk_balancer import CELL_SLOTS
from evencell.runtime.lazy import call, lazy

_VALUES = "evencell.forward.mqtt.discovery_values"
_UPDATE_STATE = "evencell.forward.mqtt.update_state"
_PUBLISHED_PACKS = "announced_packs"


async def publish(client, context, packs: list, valid_s: int = 0) -> list:
    """Publish the message of each pack, `packs`: (cells, whether it has a temperature); cells is 0 while not known.

    Packs that were there before a change of the configuration are removed. `valid_s`: how long a report of a device
    that sleeps counts, 0 for one that stays awake. Raises OSError. Returns for each pack the ranges of its numbers:
    (field, lowest, highest).
    """
    ranges = []
    for place in range(len(packs)):
        message, pack_ranges = call(_VALUES, "content", context, packs, place, valid_s)
        ranges.append(pack_ranges)
        length = 0
        for line in _lines(*message):
            for piece in _filled(line, message[0]):
                length += len(piece)
            await sleep_ms(0)
        await client.publish(_topic(context, place), pieces(*message), qos=1, retain=True, payload_bytes=length)
    for place in range(len(packs), context.key_values.get(_PUBLISHED_PACKS) or 0):
        await client.publish(_topic(context, place), b"", qos=1, retain=True)
    context.key_values.put(_PUBLISHED_PACKS, len(packs))
    scope = lazy()
    try:
        await scope.load(_UPDATE_STATE).publish(client, context, qos=1)
    finally:
        scope.unload()
    return ranges


def _topic(context, place: int) -> str:
    prefix = context.config["mqtt"]["discovery_prefix"]
    return "%s/device/%s%s/config" % (prefix, context.device_id, "_" + str(place) if place else "")


def pieces(values: dict, wanted: bytes, removed: bytes, cells: int):
    """A message in pieces of at most some hundred bytes, each time the same; arguments: see discovery_values.py."""
    for line in _lines(values, wanted, removed, cells):
        yield from _filled(line, values)


def _lines(values: dict, wanted: bytes, removed: bytes, cells: int):
    """The templates of the lines that are sent; `values` gets the number of a cell."""
    file = call("evencell.storage.data_files", "open_data", __file__.rsplit("/", 1)[0] + "/discovery.txt")
    try:
        while True:
            line = file.readline()
            if not line:
                break
            end = line.find(b"\t") + 1
            condition, line = b"\t" + line[:end], line[end:-1]
            numbers = (0,)
            if condition == b"\tcell\t":
                numbers = range(cells)
            elif condition == b"\tmissing_cell\t":
                numbers = range(cells or CELL_SLOTS, CELL_SLOTS)
            elif condition in removed:
                line = line[: line.find(b",", 1)] + b"}"
            elif condition not in wanted:
                continue
            for cell in numbers:
                values[99], values[67] = b"%d" % cell, b"%d" % (cell + 1)  # "c", "C"
                yield line
    finally:
        file.close()


def _filled(template: bytes, values: dict):
    """The template with its values, in pieces."""
    start, end = 0, template.find(b"$")
    while end >= 0:
        yield template[start:end]
        yield values[template[end + 1]]
        start, end = end + 2, template.find(b"$", end + 2)
    yield template[start:]
