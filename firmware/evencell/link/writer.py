"""Sets one setting of a balancer: validate (pack/settings.py), write, verify by a reading, report the result.

Every write, and what was refused, is kept in the event log.
"""

from evencell.compat import const
from evencell.link.diagnosis import CERTAIN, LIKELY
from evencell.link.poller import MAX_REQUESTS
from evencell.pack.limits import MAX_AGE_MS
from evencell.pack.pack import ASLEEP
from evencell.pack.settings import (
    CommandError,
    check_range,
    check_switch_on,
    json_value,
    own_limits,
    parse_value,
    settled_value,
    value_in,
    value_text,
    warnings,
)
from evencell.pack.status import Status
from evencell.protocol.jk_balancer import decode_status
from evencell.protocol.jk_settings import SETTINGS, decode_written, write_request
from evencell.runtime.lazy import call

_EVENT_LOG = "evencell.control.event_log"
_MAX_SHOWN = const(1_000_000)  # of a requested value: beyond any that is valid
_MAX_WRITES = const(2)  # whether settings wear the balancer's memory is not known

# Outcomes of a write.
TAKEN = const(0)
REFUSED = const(1)
UNANSWERED = const(2)
LOST = const(3)
UNKNOWN = const(4)
CHANGED = const(5)
CONFIRMED = const(6)

# Of each outcome: its name in the event log, and the failure in a sentence.
_OUTCOMES = (
    ("written", None),
    ("refused_by_balancer", "The balancer refused {setting} {requested} and keeps {active}."),
    ("no_answer", "The balancer gave no whole answer to the write of {setting} {requested} and keeps {active}."),
    ("not_kept", "The balancer answered that {setting} is {requested}, but later readings contain {active}."),
    ("unknown", "No reading came after the write: whether the balancer took {setting} {requested} is not known."),
    (
        "changed",
        "{setting} {requested} was written, but it is {active} now: something else set it, such as the maker's app.",
    ),
    ("answer_lost", None),
)
_UNCHANGED = "unchanged"
_NOT_WRITTEN = "refused"
_ANSWER_LOST = "The balancer's answer to the write was lost; two readings confirm the value."
# Of each outcome, for the diagnosis: how certain a refusal is; 0 is none.
_REFUSAL = (0, CERTAIN, LIKELY, LIKELY, 0, 0, 0)


async def set_value(context, poller, poll, setting: str, given, source: str) -> dict:
    """Set `setting` to `given`, a text, number or bool. No rule can be overridden here.

    `source`: "page", "mqtt", "menu", "policy" or "rule". The result has `requested`, and as in JSON `old` and `active`
    (None: not known), `result` (the outcome's name), `error` (a sentence, or None) and `warnings` (sentences).
    """
    pack = poll.pack
    result = {"requested": given, "old": None, "active": None, "result": _NOT_WRITTEN, "error": None, "warnings": []}
    try:
        value = parse_value(setting, given)
        result["requested"] = json_value(setting, value)
        await _ensure_fresh(context, poller, poll)
        result["old"] = result["active"] = json_value(setting, value_in(setting, pack.accepted))
        result["warnings"] = _check(context, pack, setting, value)
        await _write_and_publish(context, poller, poll, setting, value, result)
    except CommandError as error:
        result["error"] = str(error)
    _log(context, pack.name, setting, result, source)
    return result


async def _ensure_fresh(context, poller, poll):
    """Poll the pack if its reading is too old; raises CommandError if that brings none."""
    pack = poll.pack
    if pack.link == ASLEEP:
        raise CommandError("%s is switched off by its W switch: see its control. Nothing was written." % pack.name)
    if _is_old(pack.age_ms(context.clock)):
        await poller.poll(poll)
        if _is_old(pack.age_ms(context.clock)):
            raise CommandError("%s does not answer: %s. Nothing was written." % (pack.name, pack.diagnosis.name))


def _is_old(age_ms) -> bool:
    return age_ms is None or age_ms > MAX_AGE_MS


def _check(context, pack, setting: str, value: int) -> list:
    """Warnings about the write; raises CommandError if it is forbidden. A value that is set already breaks no rule."""
    status = pack.accepted
    check_range(pack.model, setting, value)
    if value_in(setting, status) == value:
        return []
    config = context.config["packs"][context.hub.packs.index(pack)]
    age_ms = pack.age_ms(context.clock)
    check_switch_on(setting, value, status, age_ms, config["chemistry"], own_limits(context))
    return warnings(pack.model, setting, value, status, config["capacity_ah"])


async def _write_and_publish(context, poller, poll, setting: str, value: int, result: dict):
    """Write the value, and publish a reading and an event if that changed anything."""
    pack = poll.pack
    written = await write_verified(poll, setting, value)
    poller.report_verdict(poll, written.is_verdict_changed)
    result["error"] = written.error
    result["result"] = _UNCHANGED if written.requests == 0 else _OUTCOMES[written.outcome][0]
    if written.outcome == CONFIRMED:
        result["warnings"].append(_ANSWER_LOST)
    result["active"] = None if written.active is None else json_value(setting, written.active)
    if written.active != written.old:
        if written.active is not None:
            context.hub.post("settings", pack.name, setting, result["active"])
        await poller.poll(poll)


def _log(context, pack_name: str, setting: str, result: dict, source: str):
    """Log the command: every change of the balancer leaves a trace, in the event log across restarts."""
    if result["result"] != _UNCHANGED and setting in SETTINGS:  # any other name may be too long for an event
        to = result["requested"]
        if not (isinstance(to, (bool, int, float)) and abs(to) < _MAX_SHOWN):
            to = None
        event = (context.clock.unix_s(), "settings", pack_name, setting, source, result["old"], to)
        call(_EVENT_LOG, "append", context, [event + (result["result"], result["error"] or "")])
    cause = source if source in ("policy", "rule") else "command"
    if result["error"]:
        context.log.warning("%s: %s refused or failed: %s" % (pack_name, cause, result["error"]))
    else:
        facts = (pack_name, cause, setting, value_text(setting, result["old"]), value_text(setting, result["active"]))
        context.log.info("%s: %s: %s was %s and is %s now" % facts)
    for sentence in result["warnings"]:
        context.log.warning("%s: %s" % (pack_name, sentence))


class Written:
    """Result of a write: values before, requested, and now (`active`, None if not known).

    `outcome` is a number of this module, `requests` how often the write was sent. `is_verdict_changed`: the diagnosis
    came to another verdict.
    """

    __slots__ = ("active", "is_verdict_changed", "old", "outcome", "requested", "requests", "setting")

    def __init__(self, setting: str, old: int, requested: int):
        self.setting = setting
        self.old = old
        self.requested = requested
        self.active: int | None = old
        self.outcome = TAKEN
        self.requests = 0
        self.is_verdict_changed = False

    @property
    def error(self) -> str | None:
        """The failure in a sentence, or None."""
        sentence = _OUTCOMES[self.outcome][1]
        if sentence is None:
            return None
        active = None if self.active is None else value_text(self.setting, self.active)
        requested = value_text(self.setting, self.requested)
        return sentence.format(setting=self.setting, requested=requested, active=active)


async def write_verified(poll, setting: str, value: int) -> Written:
    """Write a validated value, and verify it by a reading. A value that the last reading has is not written.

    The pack must have a reading. Each exchange takes the bus as a poll does, so polls may come between.
    """
    written = Written(setting, value_in(setting, poll.pack.accepted), value)
    request = write_request(poll.request[2], setting, value)
    if written.old != value:
        while written.requests < _MAX_WRITES:
            written.requests += 1
            answer = await _write(poll, setting, request)
            written.active = await _read_back(poll, setting, answer)
            written.outcome = _outcome(written, answer)
            if written.outcome != UNANSWERED:
                break
    if written.outcome != UNKNOWN:
        written.is_verdict_changed = poll.diagnosis.record_write(_REFUSAL[written.outcome])
    return written


def _outcome(written: Written, answer: int | None) -> int:
    """The outcome; an answer that no reading confirms is treated as missing."""
    active, value = written.active, written.requested
    if active is None:
        return UNKNOWN
    if active == value:
        return TAKEN if answer == value else CONFIRMED
    if answer == active:
        return REFUSED
    if active != written.old:
        return CHANGED
    return LOST if answer == value else UNANSWERED


async def _write(poll, setting: str, request) -> int | None:
    """Send the write; the active value by its answer, or None without a whole answer."""
    bus = poll.pack.bus
    at = await bus.query(request, poll.timeout_ms)
    return None if at < 0 else settled_value(setting, decode_written(bus.frame, at))


async def _read_back(poll, setting: str, answer: int | None) -> int | None:
    """The value in a reading, once the answer to the write or the reading before confirms it; None if never."""
    bus = poll.pack.bus
    status = Status()
    before = None
    for _ in range(MAX_REQUESTS):
        at = await bus.query(poll.request, poll.timeout_ms)
        if at < 0:
            continue
        decode_status(bus.frame, at, status)
        status.derive()
        active = value_in(setting, status)
        if active in (answer, before):
            return active
        before = active
    return None
