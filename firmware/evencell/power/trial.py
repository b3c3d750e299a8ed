"""An update on a device that sleeps: confirmed by its wakes, or left (a lazy module).

What held before has to hold again in one wake: a balancer answers, the broker is connected. The update is left after
three wakes in a row without an answer, three failed reports in a row, or three wakes in a row that ended early.
"""

from evencell.compat import const
from evencell.power.due import OFFLINE_MISSES
from evencell.power.guard import RADIO_OFF
from evencell.power.state import RTC_BYTES, WakeState
from evencell.runtime.lazy import call, lazy

_RUNS = const(1)  # bits of `trial`
_ANSWER = const(2)  # a balancer has to answer
_BROKER = const(4)
_MAX_FAILED_REPORTS = const(3)
_WITHIN = "within 3 tries "
_OUTCOME = "evencell.update.outcome"


def has_reported(board) -> bool:
    """Whether the last report of this device, which is awake now, reached the broker."""
    buffer = board.rtc_memory().buffer
    state = WakeState(buffer)
    return len(buffer) >= RTC_BYTES and state.load() and not state.failed_reports and state.report_due_s > 0


def begin(context, state):
    """Begin with an update that this start finds; what it came to before is noted."""
    state.trial = 0
    update = call(_OUTCOME, "unconfirmed", context)
    if update is None:
        return
    state.trial = _RUNS
    if "answer" in update["held"]:
        state.trial |= _ANSWER
    if "broker" in update["held"] and state.report_s:
        state.trial |= _BROKER
    state.failed_reports = state.report_due_s = 0
    for pack in state.packs:
        pack.misses = 0
    keep_through_sleep(context.board)


def keep_through_sleep(board):
    """The boot loader would take a sleep for an early end, so it gets the image confirmed before the first one."""
    firmware = board.firmware()
    if firmware:
        firmware.confirm()


def connected(session):
    """The broker is connected: confirm the update, if nothing else is missing."""
    if not _is_silent(session.wake.state):
        _confirm(session.context, session.wake.state)


def end(session):
    """Decide at the end of a wake in which the update was not confirmed."""
    state, context = session.wake.state, session.context
    needs_broker = state.trial & _BROKER > 0 and state.level < RADIO_OFF
    missing = []
    if _is_silent(state) and all(pack.misses >= OFFLINE_MISSES for pack in state.packs):
        missing.append("the balancer did not answer")
    if needs_broker and state.failed_reports >= _MAX_FAILED_REPORTS:
        missing.append("the broker did not connect")
    if missing:
        _leave(session.wake, context, missing)
    elif not needs_broker and not _is_silent(state):
        _confirm(context, state)


def ended_early(wake):
    """Go back: three wakes in a row did not come to their sleep."""
    with lazy("evencell.app") as app:
        _leave(wake, app.Context(wake.board, wake.clock), ["it ended early"])


def _leave(wake, context, missing: list):
    """Restart into the version before. Where the flash can't be written now, the next wake tries again."""
    trial, wake.state.trial = wake.state.trial, 0
    wake.state.aborted = 0
    wake.save()
    call(_OUTCOME, "leave", context, missing, _WITHIN)
    wake.state.trial = trial


def _is_silent(state) -> bool:
    """Whether no balancer answered in this wake, and one has to."""
    return state.trial & _ANSWER > 0 and all(pack.misses for pack in state.packs)


def _confirm(context, state):
    state.trial = 0
    call(_OUTCOME, "keep", context)
