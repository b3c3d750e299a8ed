"""Switches balancing off at a low pack, within the limit of what rules and policies write. Lazy."""

from evencell.control.policies import state_of
from evencell.runtime.lazy import call, lazy

_LIMIT = "evencell.control.write_limit"
_EVENT_LOG = "evencell.control.event_log"
_SWITCH = "balancing_enabled"
_KEY = "writes_up:%s"


class _Writes:
    """What the limit knows of a pack without a policy. A device that sleeps goes on with its uptime: so it is kept.

    After a restart the uptime begins anew: what lies ahead of it was before.
    """

    __slots__ = ("first_written_s", "pack", "written_s")

    def __init__(self, context, pack):
        kept, uptime_s = context.key_values.get(_KEY % pack.name), context.clock.uptime_ms() // 1000
        self.pack = pack
        self.first_written_s = self.written_s = None
        if isinstance(kept, list) and len(kept) == 2 and all(type(up_s) is int and up_s <= uptime_s for up_s in kept):
            self.first_written_s, self.written_s = kept


async def switch_off(context, pack):
    """Write it, unless the limit forbids that for now; where it does for the day, the event log says so."""
    state = state_of(context.control, pack.name) or _Writes(context, pack)
    with lazy(_LIMIT) as limit:
        refusal, is_paused = limit.refusal(context, state), limit.pause_s(context, state) > 0
        if refusal is None:
            limit.note(context, state)
    if refusal is None:
        first_s = state.written_s if state.first_written_s is None else state.first_written_s
        context.key_values.put(_KEY % pack.name, [first_s, state.written_s])
        await pack.writer(_SWITCH, False, "rule")
    elif not is_paused:  # else there is another try after that
        sentence = "The pack is low, and balancing stays on: " + refusal
        context.log.warning("%s: %s" % (pack.name, sentence))
        event = (context.clock.unix_s(), "settings", pack.name, _SWITCH, "rule", True, False, "refused", sentence)
        call(_EVENT_LOG, "append", context, [event])
