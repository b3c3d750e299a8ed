"""Counts the settings that an owner has written: on the page, over MQTT or in the display's menu. Lazy.

The event log has each of them. The key-value store has only those of records that the event log will overwrite, so that
a write of a setting costs no second write to the flash: `{"until": 75, "packs": {"pack1": [41, 20723, 3]}}` are the
events before number 75; of each pack how many in all, the local day of the last one, and how many on that day.
"""

from evencell.compat import const
from evencell.control.event_log import RECORD_BYTES, decode, open_log
from evencell.runtime.lazy import call
from evencell.storage.record_ring import RecordRing

_KEY = "by_hand"
_SOURCES = ("page", "mqtt", "menu")
_NOT_SENT = "refused"
_DAY_S = const(86_400)


def counts(context, pack_name: str) -> dict:
    """How many of this pack were sent to the balancer: `today` (None where the time is not known) and `total`."""
    try:
        ring = open_log(context)
        total, day, of_day = _counted(context, ring).get(pack_name, (0, 0, 0))
        ring.close()
    except OSError:  # event_log.py reports a storage that can't be read
        return {"today": None, "total": None}
    now_s = context.clock.unix_s()
    if now_s is None:
        return {"today": None, "total": total}
    return {"today": of_day if day == _day(now_s, _offset_s(context, now_s)) else 0, "total": total}


def keep(context, ring: RecordRing):
    """Keep the counts of all that the event log has, before it overwrites that."""
    context.key_values.put(_KEY, {"until": ring.next, "packs": _counted(context, ring)})


def _counted(context, ring: RecordRing) -> dict:
    kept = context.key_values.get(_KEY) or {"until": 0, "packs": {}}
    until, packs = kept["until"], {name: list(kept["packs"][name]) for name in kept["packs"]}
    if until > ring.next:  # the event log was lost, and began anew
        until = 0
    now_s, record = context.clock.unix_s(), bytearray(RECORD_BYTES)
    offset_s = 0 if now_s is None else _offset_s(context, now_s)
    for sequence in range(max(until, ring.first), ring.next):
        fields = decode(ring, sequence, record)
        if fields and fields[1] == "settings" and fields[4] in _SOURCES and fields[7] != _NOT_SENT:
            _add(packs.setdefault(fields[2], [0, 0, 0]), fields[0], offset_s)
    return packs


def _add(count: list, unix_s, offset_s: int):
    count[0] += 1
    if unix_s is not None:
        day = _day(unix_s, offset_s)
        if day != count[1]:
            count[1], count[2] = day, 0
        count[2] += 1


def _day(unix_s: int, offset_s: int) -> int:
    return (unix_s + offset_s) // _DAY_S


def _offset_s(context, unix_s: int) -> int:
    """Seconds that local time is ahead of UTC."""
    settings = context.config.get("time")
    if settings is None:  # in a wake of power/
        return 0
    return call("evencell.clock.zone", "local_offset", settings, unix_s)[0]
