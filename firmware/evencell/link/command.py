"""One command to a balancer, whichever way it came in: understood, judged, written, verified, and told to everyone.

In memory only while it is carried out (link/writable.py). The rules are those of pack/settings.py, and from afar nobody
can insist: what must not be is not done.
"""

from evencell.link.write import write
from evencell.pack.settings import OLDEST_MS, json_value, objection, out_of_range, parse_value, value_in, warnings
from evencell.protocol.jk_settings import SETTINGS


async def carry_out(context, poller, poll, name: str, given) -> dict:
    """Set `name` to `given`, a text, number or bool, and tell what came of it.

    That is `requested`, and as JSON has it `old` and `active` (None: not known), `error` (a sentence, or None) and
    `warnings` (sentences).
    """
    pack = poll.pack
    outcome = {"requested": given, "old": None, "active": None, "error": None, "warnings": []}
    try:
        value = understood(name, given)
        outcome["requested"] = json_value(name, value)
        await _be_fresh(context, poller, poll)
        outcome["old"] = outcome["active"] = json_value(name, value_in(name, pack.accepted))
        outcome["warnings"] = _judge(context, pack, name, value)
    except Refused as refusal:
        outcome["error"] = str(refusal)
    else:
        await _write(context, poller, poll, name, value, outcome)
    _log(context, pack.name, name, outcome)
    return outcome


class Refused(Exception):
    """Nothing is written, and this sentence says why."""


def understood(name: str, given) -> int:
    """The value that is meant; Home Assistant says 5.0 for 5, and ON. Raises `Refused`."""
    if name not in SETTINGS:
        raise Refused("There is no such setting; there are %s." % ", ".join(sorted(SETTINGS)))
    text = str(given).strip().lower()
    whole, point, zeros = text.partition(".")
    if point and zeros and not zeros.strip("0"):
        text = whole
    try:
        return parse_value(name, text)
    except ValueError as error:
        raise Refused(str(error))


async def _be_fresh(context, poller, poll):
    """Nothing is decided by an old reading: ask, where the last one is; `Refused` where that brings none."""
    pack = poll.pack
    if _is_old(pack.age_ms(context.clock)):
        await poller.poll(poll)
        if _is_old(pack.age_ms(context.clock)):
            raise Refused("%s does not answer: %s. Nothing was written." % (pack.name, pack.diagnosis.name))


def _is_old(age_ms) -> bool:
    return age_ms is None or age_ms > OLDEST_MS


def _judge(context, pack, name: str, value: int) -> list:
    """What the owner should know beside the write; raises `Refused` where it must not be."""
    status = pack.accepted
    refusal = out_of_range(pack.model, name, value)
    if refusal:
        raise Refused(refusal)
    if value_in(name, status) == value:
        return []
    settings = context.config["packs"][context.hub.packs.index(pack)]
    refusal = objection(name, value, status, pack.age_ms(context.clock), settings["chemistry"])
    if refusal:
        raise Refused(refusal)
    return warnings(pack.model, name, value, status, settings["capacity_ah"])


async def _write(context, poller, poll, name: str, value: int, outcome: dict):
    """Write it, verify it, and have everyone see a reading with what is now."""
    pack = poll.pack
    written = await write(poll, name, value)
    poller.tell_verdict(poll, written.verdict_changed)
    outcome["error"] = written.error
    outcome["active"] = None if written.active is None else json_value(name, written.active)
    if written.active != written.old:
        if written.active is not None:
            context.hub.post("settings", pack.name, name, outcome["active"])
        await poller.poll(poll)


def _log(context, pack_name: str, name: str, outcome: dict):
    """A command leaves its trace: who reads the log must not wonder who changed the balancer."""
    if outcome["error"]:
        context.log.warning("%s: command refused or failed: %s" % (pack_name, outcome["error"]))
    else:
        facts = (pack_name, name, outcome["old"], outcome["active"])
        context.log.info("%s: command: %s was %s and is %s now" % facts)
    for sentence in outcome["warnings"]:
        context.log.warning("%s: %s" % (pack_name, sentence))
