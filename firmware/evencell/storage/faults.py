"""Failures of storage: counted, logged once, and shown in the status. Other code gets no OSError of the flash."""

from evencell.compat import const
from evencell.runtime.lazy import call

_RETRY_MS = const(10_000)


class StorageFaults:
    """Failures by `owner`, the name of a file or of a group of files: the newest of each until it was written again.

    `failed_writes` counts them since the start, `set_aside` damaged files, `history_lost` records of 15 minutes.
    """

    def __init__(self, clock, log):
        self.log = log
        self.failed_writes = 0
        self.set_aside = 0
        self.history_lost = 0
        self._clock = clock
        self._problems = {}  # by owner: a sentence, and the uptime of the failure

    def failed(self, owner: str, error):
        """Writing for `owner` failed with this exception, or for a reason in words."""
        self.failed_writes += 1
        sentence = call("evencell.storage.errors", "sentence", owner, error)
        if owner not in self._problems:
            self.log.warning("storage: " + sentence)
        self._problems[owner] = sentence, self._clock.uptime_ms()

    def worked(self, owner: str):
        """Writing for `owner` succeeded."""
        if self._problems.pop(owner, None):
            self.log.info("storage: %s is written again" % owner)

    def has_failed(self, owner: str) -> bool:
        """Whether the last write for `owner` failed."""
        return owner in self._problems

    def may_retry(self, owner: str) -> bool:
        """Whether the last write for `owner` did not fail, or failed more than 10 s ago."""
        problem = self._problems.get(owner)
        return problem is None or self._clock.uptime_ms() - problem[1] >= _RETRY_MS

    def status(self) -> dict:
        """For /api/v1/status."""
        problem = None
        for sentence, _ in self._problems.values():
            problem = problem or sentence
        return {
            "problem": problem,
            "failed_writes": self.failed_writes,
            "set_aside": self.set_aside,
            "history_lost": self.history_lost,
        }
