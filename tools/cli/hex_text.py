"""Finds bytes in text: hex dumps, logs of ESPHome and others, C arrays, files of `evencell capture`."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from evencell.link import foreign
from evencell.protocol.jk_balancer import ANSWER_BYTES, ANSWER_HEADER, REQUEST_HEADER

_PREFIX = re.compile(r"(?:0|\\)[xX](?=[0-9A-Fa-f]{2})")
_COUNT = re.compile(r"\s*\(\d+\)\s*$")  # ESPHome's "(74)" behind the bytes
_AROUND = re.compile(r"[\s:.,;\-<>{}\"'=|]+")
_TIME = re.compile(r"\s*\[?(?:\d{4}-\d\d-\d\d[T ]+)?\d\d?:\d\d:\d\d(?:[.,]\d+)?Z?\]?\s+(?=\S)")
_OFFSET = re.compile(
    r"\s*(?:[0-9A-Fa-f]{4,8}:|[0-9A-Fa-f]{7,8} )\s+(?=[0-9A-Fa-f]{2})"
)  # of hexdump -C, xxd and others
_TEXT_COLUMN = re.compile(r"\s*\|.*$")
_PYTHON_BYTES = re.compile(r"\bb(?=['\"])")
_HEX = re.compile(r"[0-9A-Fa-f]+")
# Bytes with the same character between all of them, or without one; never in the middle of a word or a number.
_RUN = re.compile(
    r"(?<![0-9A-Za-z])(?:(?:[0-9A-Fa-f]{2}){4,}|[0-9A-Fa-f]{2}(?:(?P<between>[:.,;\-]?)[ \t]*(?<![0-9A-Fa-f])"
    r"[0-9A-Fa-f]{2}(?:(?P=between)[ \t]*(?<![0-9A-Fa-f])[0-9A-Fa-f]{2})*)?)(?![0-9A-Za-z])"
)
_MIN_RUN_BYTES = 5  # with text around them: a time, a date, a port number are shorter
_LOG = re.compile(
    r"\s*(?:\[|\d{4}-\d\d-\d\d|\d\d?:\d\d|[VDIWE]/|[VDIWE] \(\d+\)|(?:DEBUG|INFO|WARN(?:ING)?|ERROR)\b|#|//)"
)
NO_BYTES = "no bytes here: pairs of 0-9 and A-F are expected, such as EB 90 01"
_HEADERS = (ANSWER_HEADER, REQUEST_HEADER)
SWAPPED = bytes.fromhex(
    "55 95 01 FF"
)  # from a balancer wired with A and B swapped (host_tests/captures, "a-b-swapped")


@dataclass(frozen=True)
class Block:
    """Bytes that belong together, or the error in a line; `label` is the line or entry."""

    data: bytes = b""
    error: str = ""
    label: str = ""


def blocks(text: str) -> Iterator[Block]:
    """The blocks of a text in order, by the entries of a capture or by lines."""
    entries = _entries(text)
    if entries is None:
        yield from _of_lines(text.splitlines())
        return
    for number, entry in enumerate(entries, 1):
        label = str(entry.get("name") or f"entry {number}")
        reply = entry.get("reply")
        if not isinstance(reply, str):
            yield Block(error='it has no "reply", a text', label=label)
        elif not reply.strip():
            yield Block(error="no answer was recorded", label=label)
        else:
            yield from (Block(block.data, block.error, label) for block in _of_lines([reply]))


def is_capture(text: str) -> bool:
    """Whether the text is a file of `evencell capture`."""
    return _entries(text) is not None


def _entries(text: str) -> list[dict] | None:
    """The entries of a capture; None if the text is not one."""
    if not text.lstrip().startswith(("[", "{")):
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    found = found if isinstance(found, list) else [found]
    return found if found and all(isinstance(entry, dict) for entry in found) else None


def _of_lines(lines: list[str]) -> Iterator[Block]:
    """Blocks of lines: a line continues the frame before it, unless it begins one or that one is whole."""
    pending = b""
    for number, line in enumerate(lines, 1):
        found, is_dump, error = bytes_in(line)
        if found and pending and continues(pending, found[0], is_dump and not line.lstrip().startswith((">", "<"))):
            pending += found.pop(0)
        if pending and (found or error):
            yield Block(pending)
            pending = b""
        if found:
            yield from (Block(data) for data in found[:-1])
            pending = found[-1]
        elif error:
            yield Block(error=error, label=f"line {number}" if len(lines) > 1 else "")
    if pending:
        yield Block(pending)


def continues(pending: bytes, data: bytes, is_dump: bool) -> bool:
    """Whether `data` continues the bytes of the lines before. In a log only the rest of an answer does."""
    if data.startswith((*_HEADERS, SWAPPED)) or foreign.protocol_of_header(data):
        return False
    return is_dump or (pending.startswith(ANSWER_HEADER) and len(pending) + len(data) <= ANSWER_BYTES)


def bytes_in(line: str) -> tuple[list[bytes], bool, str]:
    """Pieces of bytes in a line; whether it has nothing else; its error.

    A line of a log without bytes has no error.
    """
    plain = _PREFIX.sub("", _PYTHON_BYTES.sub("", _TIME.sub("", line)))
    offset = _OFFSET.match(plain)
    if offset:
        plain = _TEXT_COLUMN.sub("", plain[offset.end() :]) if "|" in plain else plain[offset.end() :].split("  ")[0]
    digits = _digits(plain)
    if _HEX.fullmatch(digits):
        if len(digits) % 2:
            return [], True, f"an odd number of digits: {len(digits)}"
        return [bytes.fromhex(digits)], True, ""
    runs = [bytes.fromhex(_AROUND.sub("", found.group())) for found in _RUN.finditer(plain)]
    long = [run for run in runs if len(run) >= _MIN_RUN_BYTES]
    begun = [run for run in long if run.startswith((*_HEADERS, SWAPPED))]
    if long:
        return begun or [max(long, key=len)], False, ""
    return [], False, NO_BYTES if line.strip() and not _LOG.match(line) else ""


def _digits(line: str) -> str:
    return _AROUND.sub("", _COUNT.sub("", line))
