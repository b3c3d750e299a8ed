"""`evencell traceback`: the failures of a device with the names and lines of the sources (tools/build/names.py)."""

import bisect
import collections
import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import click

from tools.build import names as table

_FRAME = re.compile(r'File "([^"]+)", line (\d{1,9}), in (\S+)')
_SHORT_NAME = re.compile(r"'([A-Za-z]{1,2})'")
_MOST_SHOWN = 3  # of functions that have one name on a device

names_option = click.option(
    "--names",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="names.txt of the release or build that is on the device; else that of the last build on this computer.",
)


@click.command()
@click.argument("file", type=click.File("r", encoding="utf-8", errors="replace"), default="-", metavar="[FILE|-]")
@names_option
def traceback(file, names: Path | None):
    """The failures of a device with the names of the sources.

    FILE, or standard input: the answer of /api/v1/crashes, crashes.json, or a part of the log. In a firmware of files a
    traceback has no line numbers: the line is that of the function's `def`.
    """
    path = names or table.newest()
    if path is None:
        raise click.UsageError("--names is missing: take names.txt of the release, or that of your build")
    known = read(path)
    text = file.read()
    entries = entries_in(text)
    for warning in warnings(path, known, entries or []):
        click.echo(warning, err=True)
    if entries is not None:
        text = "\n\n".join(f"{about(entry)}\n{entry.get('traceback') or ''}".strip() for entry in entries)
    changed = rewritten(text, known)
    click.echo(changed.rstrip("\n"))
    if changed == text:
        click.echo(f"Nothing in it is in {path}.", err=True)


class Function(NamedTuple):
    """`compiled_line`: of its `def` in what was compiled, 0 where tracebacks have no line numbers. `source`: path."""

    compiled_line: int
    source: str
    line: int
    name: str


class Names:
    """What the names in tracebacks of one build stand for."""

    def __init__(self, text: str):
        head, _, rows = text.partition("\n")
        words = head.split()
        if len(words) != 4 or words[::2] != ["evencell", "names"]:
            raise ValueError("this is no names.txt of evencell")
        self.version, self.id = words[1::2]
        self._functions: dict[str, list[Function]] = collections.defaultdict(list)
        self._named: dict[tuple[str, str], list[Function]] = collections.defaultdict(list)
        self._others: dict[tuple[str, str], str] = {}
        for row in rows.splitlines():
            file, name, compiled_line, source, before = row.split()
            if source == table.NONE:
                self._others[file, name] = before
                continue
            path, _, line = source.rpartition(":")
            known = Function(0 if compiled_line == table.NONE else int(compiled_line), path, int(line), before)
            self._named[file, name].append(known)
            if known.compiled_line:
                self._functions[file].append(known)

    def frame(self, file: str, line: int, name: str) -> str | None:
        """A frame of a traceback in words of the sources; None where nothing is known about it."""
        there = f"on the device: {file}"
        if file in self._functions and name != table.MODULE:
            known = self._by_line(file, line, name)
            at = known.line + line - known.compiled_line
            shown = name if name.startswith("<") else known.name
            return f'File "{known.source}", line {at}, in {shown} ({there}, line {line})'
        found = self._named.get((file, name))
        if found and name != table.MODULE:
            shown = [f'File "{known.source}", in {known.name} (defined in line {known.line})' for known in found]
            return f"{_or(shown)} ({there}, {name})"
        shown = [f'File "{known.source}"' for known in self._named.get((file, table.MODULE), ())]
        return f"{_or(shown)}, in {name} ({there})" if shown else None

    def error(self, file: str, text: str) -> str:
        """The last line of a traceback, with what short names in it stand for; `file`: of the frame above it."""
        found = {name: self._others[file, name] for name in _SHORT_NAME.findall(text) if (file, name) in self._others}
        words = ", ".join(f"{name} is {before}" for name, before in found.items())
        return f"{text} ({words})" if words else text

    def _by_line(self, file: str, line: int, name: str) -> Function:
        """The function in which a line is: the last one of this name that begins before, else the last one."""
        before = [known for known in self._named.get((file, name), []) if known.compiled_line <= line]
        if before:
            return before[-1]
        every = self._functions[file]
        return every[max(0, bisect.bisect_right(every, line, key=lambda known: known.compiled_line) - 1)]


def _or(texts: Iterable[str]) -> str:
    """Some texts, of which one is meant."""
    every = list(dict.fromkeys(texts))
    more = len(every) - _MOST_SHOWN
    return " or ".join(every[:_MOST_SHOWN]) + (f" or one of {more} more" if more > 0 else "")


def read(path: Path) -> Names:
    """What a `names.txt` says; raises a usage error with a sentence."""
    try:
        return Names(path.read_text("utf-8"))
    except OSError as error:
        raise click.UsageError(f"{path}: {error.strerror}") from None
    except ValueError:
        raise click.UsageError(f"{path}: this is no names.txt of evencell") from None


def warnings(path: Path, known: Names, entries: list[dict]) -> list[str]:
    """Sentences on failures of another version, or of another build of the same one, than this `names.txt` is of."""
    found = []
    others = sorted({str(entry.get("version")) for entry in entries} - {known.version})
    if others:
        found.append(
            f"{path} is of evencell {known.version}, and there are failures of {', '.join(others)}: "
            "their names may be wrong. Take names.txt of that release."
        )
    same = [entry for entry in entries if entry.get("version") == known.version]
    ids = sorted({entry["names"] for entry in same if isinstance(entry.get("names"), str)} - {known.id})
    if ids:
        found.append(
            f"{path} is that of the build {known.id}, and there are failures of the build {', '.join(ids)}: "
            "their names may be wrong. Take names.txt of that build; this word is in its first line."
        )
    return found


def rewritten(text: str, known: Names) -> str:
    """The text with each frame of a traceback in words of the sources."""
    rewriter = Rewriter(known)
    return "".join(rewriter.line(line) for line in text.splitlines(keepends=True))


class Rewriter:
    """Rewrites a text line by line."""

    def __init__(self, known: Names):
        self._known = known
        self._file = ""  # of the frame in the line before

    def line(self, text: str) -> str:
        """The line, as it is to be shown."""
        end = text[len(text.rstrip("\r\n")) :]
        content = text[: len(text) - len(end)]
        if frame := _FRAME.search(content):
            self._file = frame[1]
            new = self._known.frame(frame[1], int(frame[2]), frame[3])
            return content[: frame.start()] + (new or frame[0]) + content[frame.end() :] + end
        file, self._file = self._file, ""
        return (self._known.error(file, content) if file else content) + end


class Stream:
    """Rewrites bytes as they come, line by line."""

    def __init__(self, known: Names):
        self._rewriter = Rewriter(known)
        self._begun = b""  # of a line
        self._is_shown = False  # whether the beginning of this line was passed on

    def feed(self, data: bytes) -> bytes:
        """What is to be shown now; without data, because none came for a while: the begun line."""
        *lines, self._begun = (self._begun + data).split(b"\n")
        shown = b""
        for line in lines:
            shown += line + b"\n" if self._is_shown else self._rewritten(line + b"\n")
            self._is_shown = False
        if not data and self._begun:
            shown, self._begun, self._is_shown = self._begun, b"", True
        return shown

    def _rewritten(self, line: bytes) -> bytes:
        return self._rewriter.line(line.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")


def entries_in(text: str) -> list[dict] | None:
    """The failures in the answer of /api/v1/crashes, or in crashes.json; None for any other text."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    found = found.get("crashes") if isinstance(found, dict) else found
    if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
        return None
    return found


def _date(unix_s) -> str:
    try:
        return datetime.fromtimestamp(unix_s, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (TypeError, ValueError, OverflowError, OSError):  # null, or a file that is damaged
        return "no clock"


def about(entry: dict) -> str:
    """What is known about a failure beside its traceback, in one line."""
    facts = [
        str(entry.get("part") or "unknown part"),
        f"evencell {entry.get('version')}",
        _date(entry.get("time")),
        f"{entry.get('uptime_s')} s after the start ({entry.get('reset_cause')})",
        f"count {entry.get('count')}",
    ]
    return ", ".join(facts)
