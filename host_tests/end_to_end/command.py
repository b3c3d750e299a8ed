"""The command `evencell` as its users start it."""

import subprocess

from host_tests.end_to_end.chain import EVENCELL
from host_tests.end_to_end.process import PATIENCE_S


def evencell(*arguments, stdin: str | None = None) -> subprocess.CompletedProcess:
    command = [str(part) for part in (EVENCELL, *arguments)]
    return subprocess.run(command, input=stdin or "", capture_output=True, text=True, timeout=PATIENCE_S)


def assert_one_sentence(result: subprocess.CompletedProcess, status: int = 1):
    """It failed as it should: one line for people, and nothing on standard output."""
    assert result.returncode == status, result
    assert result.stdout == ""
    lines = result.stderr.strip().splitlines()
    assert len(lines) == 1, result.stderr
    assert lines[0].endswith((".", "?", ")")), lines
