"""Recorded answers instead of a model: the replies of a capture file, byte for byte."""

import json
from itertools import cycle
from pathlib import Path

from evencell.protocol.jk_balancer import READ


class Recording:
    """Answers each read of `address` with the next of `replies`, and begins again after the last.

    Writes stay unanswered: a recording has no state to change.
    """

    def __init__(self, replies: list[bytes], address: int):
        self._replies = cycle(replies)
        self.address = address

    def catch_up(self):
        """Do nothing: a recording has no model."""

    def answer(self, request: bytes) -> bytes | None:
        """The next reply, or None for anything but a read of this address."""
        if request[2] != self.address or request[3] != READ:
            return None
        return next(self._replies)


def load_replies(path: Path) -> list[bytes]:
    """The replies to reads in a capture file (a JSON list of objects with hex `request` and `reply`).

    Replies have any length, so that recordings of a faulty line can be replayed too. Raises ValueError, with the
    reason, for a file of another form or without such a reply.
    """
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
        exchanges = [(bytes.fromhex(entry["request"]), bytes.fromhex(entry["reply"])) for entry in entries]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"{path} is no capture file ({type(error).__name__}: {error})") from error
    replies = [reply for request, reply in exchanges if request[3:4] == bytes([READ])]
    if not replies:
        raise ValueError(f"{path} holds no reply to a read")
    return replies
