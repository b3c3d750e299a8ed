"""Follows an update after it was sent: the restart, then confirmed or rolled back."""

import time
from collections.abc import Callable

import click

from tools.update.device import Device, DeviceError, LoginNeededError, UnreachableError, sentence

PATH = "/api/v1/update"
STATUS_PATH = "/api/v1/status"
_POLL_S = 1
_DEADLINE_S = 600  # a start takes seconds, the confirmation 3 minutes, and 3 starts that fail some minutes
_PROGRESS_S = 15


def follow(device: Device, version: str, slot: str, log_in: Callable[[], object]) -> str:
    """Wait until the device has confirmed the update; returns the sentence. Raises DeviceError where it has not.

    `log_in` is called where reading needs a login: the restart has ended the session.
    """
    sent_s = next_s = time.monotonic()
    has_restarted = False
    while time.monotonic() - sent_s < _DEADLINE_S:
        time.sleep(_POLL_S)
        try:
            has_restarted = has_restarted or _runs_for_less_than(device, time.monotonic() - sent_s)
            about = device.get(PATH) or {} if has_restarted else {}
        except LoginNeededError:
            log_in()
            continue
        except (UnreachableError, DeviceError):  # away, busy, or in the middle of an answer
            about = {}
        if outcome := _outcome(device, about, version, slot):
            return outcome
        if time.monotonic() >= next_s:
            next_s = time.monotonic() + _PROGRESS_S
            click.echo(f"{device.name}: {_progress_text(about, version, has_restarted)} ...", err=True)
    raise DeviceError(
        f"{device.name}: nothing certain after {_DEADLINE_S // 60} minutes. Look at its page; docs/recovery.md says "
        "what to do where it stays away."
    )


def _runs_for_less_than(device: Device, seconds: float) -> bool:
    about = (device.get(STATUS_PATH) or {}).get("device", {})
    return about.get("uptime_s", seconds) < seconds


def _outcome(device: Device, about: dict, version: str, slot: str) -> str | None:
    """The sentence of an update that is confirmed; None while nothing is certain. Raises DeviceError otherwise."""
    if about.get("state") == "confirmed" and about.get("version") == version:
        return f"{device.name}: evencell {version} runs from slot {slot} and is confirmed."
    if about.get("state") == "rolled_back":
        raise DeviceError(f"{device.name}: {sentence(about.get('reason') or f'evencell {version} was not kept')}")
    return None


def _progress_text(about: dict, version: str, has_restarted: bool) -> str:
    if about.get("state") == "confirming":
        return f"evencell {version} runs, and is confirmed once all that worked before works again, within 3 minutes"
    return "waiting for its answer after the restart" if has_restarted else "restarting"
