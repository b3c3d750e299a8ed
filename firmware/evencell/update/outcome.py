"""Outcome of an update: begins at the start after it, and confirms it, goes back, or notes that it was left. Lazy.

boot.py leaves a slot that ended early three times, or is damaged, and the boot loader an image that was reset before it
was confirmed: the start after that finds it here.
"""

import asyncio

from evencell import __version__
from evencell.compat import const
from evencell.runtime import boot_state
from evencell.runtime.lazy import call
from evencell.storage.files import replace
from evencell.update import state

_MAX_NOTE = const(80)  # boot.py reads 99 bytes of `slot`
_RESTARTED = "it was restarted before it was confirmed"
_NEVER_STARTED = "the power failed before it was complete"


def begin(context):
    """Continue what the start before left, once all parts are started."""
    update = unconfirmed(context)
    if update:
        _begin_confirmation(context, update)


def unconfirmed(context, is_for_report=False) -> dict | None:
    """The update that runs here and is to be confirmed; what another one came to is noted.

    `is_for_report`: the next report of a device that sleeps sends that (power/trial.py), instead of an event now.
    """
    update = state.load(context)
    if update is None or update["state"] == "rolled_back":
        return None
    kind, running, _ = state.place(context.board)
    note = boot_state.why_fallen_back(context.board.storage)
    is_running = (kind, running) == (update["kind"], update["slot"])
    if update["state"] == "confirming" and is_running and note:  # boot.py came back to it
        _end(context, update, "confirmed", "%s, so evencell %s is kept" % (note, update["version"]), is_for_report)
    elif update["state"] == "confirming" and is_running:
        return update
    elif not is_running and __version__ == update["previous"] and (note or update["state"] == "confirming"):
        why = update["reason"] or note or (_RESTARTED if update["kind"] == "firmware" else _NEVER_STARTED)
        _end(context, update, "rolled_back", _sentence(update, why), is_for_report)
        if kind == "firmware":
            context.board.firmware().confirm()
    return None


def keep(context):
    """Confirm the update on a device that sleeps, whose next report sends that (power/trial.py)."""
    context.update = state.load(context)
    if context.update:
        confirm(context, True)


def leave(context, missing: list, within: str):
    """Go back on a device that sleeps, whose boot loader has this image confirmed. `within`: how long it was tried."""
    update = context.update = state.load(context)
    if update is None:
        return
    update["within"] = within
    if update["kind"] == "firmware":
        try:
            context.board.firmware().activate()
        except OSError as error:
            context.log.error("update: the firmware before it can't be started: %s" % error)
            return
    roll_back(context, missing)


def confirm(context, is_for_report=False):
    """The update is kept. boot.py goes on to count early ends until the start has lasted 5 minutes."""
    firmware = context.board.firmware()
    if firmware:
        firmware.confirm()
    _end(context, context.update, "confirmed", None, is_for_report)


def roll_back(context, missing: list):
    """Restart into the version before. Where the flash can't be written now, the caller tries again."""
    update = context.update
    reason = ", ".join(missing)
    update["reason"] = reason
    state.save(context, update)
    if update["kind"] == "files":
        other = "b" if update["slot"] == "a" else "a"
        try:
            replace(context.board.storage + "/slot", "%s fell-back: %s" % (other, reason[:_MAX_NOTE]))
        except OSError as error:
            context.log.error("update: %s" % call("evencell.storage.errors", "sentence", "slot", error))
            return
    context.log.error("update: %s; restarting into %s" % (_sentence(update, reason), update["previous"]))
    boot_state.restart_by_owner(context)


def _begin_confirmation(context, update: dict):
    from evencell.update.confirmation import run

    context.update = update
    _announce(context, "confirming", "evencell %s runs, and is kept once it has proven itself" % __version__)
    asyncio.create_task(run(context, update["held"]))  # noqa: RUF006 - the event loop keeps it


def _end(context, update: dict, name: str, reason: str | None, is_for_report: bool):
    """Keep, log and post what an update came to. For a report it is posted later, from what is kept."""
    update["state"], update["reason"], update["is_reported"] = name, reason, not is_for_report
    state.save(context, update)
    context.update = None
    text = state.outcome_of(update)
    if is_for_report:
        context.log.warning("update: " + text)
    else:
        _announce(context, name, text)


def _sentence(update: dict, why: str) -> str:
    if why == update["reason"]:  # of conditions.py, or of power/trial.py
        why = update.get("within", "within 3 minutes ") + why
    elif why == "%s ended early 3 times" % update["slot"]:  # boot.py's words
        why = "it ended early 3 times"
    words = (update["version"], why, update["previous"])
    return "evencell %s was not kept: %s; %s runs again" % words


def _announce(context, name: str, text: str):
    """Log what an update has come to, and post it as an event."""
    context.log.warning("update: " + text)
    context.hub.post("update", None, name, text)
