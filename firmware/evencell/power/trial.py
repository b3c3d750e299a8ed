"""An update on a device that sleeps: confirmed by its wakes, or left (a lazy module).

What held before has to hold again in one wake: a balancer answers, the broker is connected. The update is left after
three wakes in a row without an answer, three failed reports in a row, or three wakes in a row that ended early.
The outcome waits in `update.json` until a report has sent it.
"""

from evencell.compat import const
from evencell.pack.low_level import RADIO_OFF
from evencell.power.due import OFFLINE_MISSES
from evencell.power.state import RTC_BYTES, TRIAL_RUNS, WakeState
from evencell.runtime.lazy import call, lazy

_ANSWER = const(2)  # in `trial`, as TRIAL_RUNS: a balancer has to answer
_BROKER = const(4)
_UNREPORTED = const(8)
_MAX_FAILED_REPORTS = const(3)
_WITHIN = "within 3 tries "
_OUTCOME = "evencell.update.outcome"
_UPDATE = "evencell.update.state"


def has_reported(board) -> bool:
    """Whether the last report of this device, which is awake now, reached the broker."""
    buffer = board.rtc_memory().buffer
    state = WakeState(buffer)
    return len(buffer) >= RTC_BYTES and state.load() and not state.failed_reports and state.report_due_s > 0


def begin(context, state):
    """Begin with an update that this start finds; what it came to before waits for a report."""
    state.trial = 0
    update = call(_OUTCOME, "unconfirmed", context, True)
    if update is None:
        if _unreported(context):
            _report_outcome(state)
            state.failed_reports = state.report_due_s = 0
        return
    state.trial = TRIAL_RUNS
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
    """The broker is connected: confirm the update, if nothing else is missing, and post its outcome."""
    state, context = session.wake.state, session.context
    if state.trial & TRIAL_RUNS and not _is_silent(state):
        _confirm(context, state)
    update = _unreported(context) if state.trial & _UNREPORTED else None
    if update:
        context.hub.post("update", None, update["state"], call(_UPDATE, "outcome_of", update))


def reported(session):
    """The broker has acknowledged the outcome, if there was one."""
    state, context = session.wake.state, session.context
    update = _unreported(context) if state.trial & _UNREPORTED else None
    if update:
        update["is_reported"] = True
        call(_UPDATE, "save", context, update)
    state.trial &= ~_UNREPORTED


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
    call(_OUTCOME, "keep", context)
    _report_outcome(state)


def _report_outcome(state):
    """Have the next report send what the update came to; without MQTT there is none."""
    state.trial = _UNREPORTED if state.report_s else 0


def _unreported(context) -> dict | None:
    """The latest update, if its outcome was not reported."""
    update = call(_UPDATE, "load", context)
    return update if update and not update.get("is_reported", True) else None
