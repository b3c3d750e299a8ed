"""`evencell decode`: frames as hex to JSON, one object a line."""

import contextlib
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from evencell.clock.clock import Clock
from evencell.forward.status_json import put_fields
from evencell.link import diagnosis, foreign
from evencell.link.diagnosis import FOREIGN, UNKNOWN, VERDICTS, remedy_of
from evencell.protocol.framing import checksum
from evencell.protocol.jk_balancer import ANSWER_BYTES, ANSWER_HEADER, READ, REQUEST_BYTES, REQUEST_HEADER
from evencell.protocol.jk_settings import COMMAND_NAMES, decode_written
from tools.cli.hex_text import NO_BYTES, SWAPPED, Block, blocks, bytes_in, is_capture
from tools.cli.options import scale_option
from tools.cli.query import unchecked_pack

_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1a]")  # in no text; a log's colours are escape sequences (1B)


@click.command()
@click.argument("hex_text", nargs=-1, required=True, metavar="HEX… | FILE | -")
@scale_option
def decode(hex_text, temperature_scale):
    """Frames to JSON, one object a line.

    Bytes as they are published: hex with any separators, 0xEB, 0x90, lines of a log around them. FILE is one of
    `evencell capture`, or holds such lines; `-` reads standard input.
    """
    text = text_of(hex_text)
    found = list(blocks(text))
    if found and not is_capture(text) and all(block.error == NO_BYTES for block in found):
        raise click.UsageError(NO_BYTES)
    if not any(block.data or block.label for block in found):
        raise click.UsageError(next((block.error for block in found), "there are no bytes to decode"))
    all_valid = True
    for block in found:
        for decoded in decode_block(block, temperature_scale):
            all_valid &= decoded["valid"]
            click.echo(json.dumps(decoded))
    sys.exit(0 if all_valid else 1)


def text_of(arguments: tuple[str, ...]) -> str:
    """The text to decode, from standard input, a file, or the arguments; raises a usage error."""
    if arguments == ("-",):
        return text_in(sys.stdin.buffer.read(), "standard input is binary: xxd -p | evencell decode -")
    text = " ".join(arguments)
    if len(arguments) == 1 and "\n" not in text and not bytes_in(text)[0]:
        with contextlib.suppress(FileNotFoundError, ValueError):
            return read_file(Path(text))
        if Path(text).suffix or "/" in text:
            raise click.UsageError(f"there is no file {text}, and this is no hex either, such as EB 90 01")
    return text


def text_in(data: bytes, refusal: str) -> str:
    """Decode UTF-8; raises a usage error for binary data."""
    if _BINARY.search(data):
        raise click.UsageError(refusal)
    return data.decode("utf-8-sig", errors="replace")


def read_file(path: Path) -> str:
    """The text of a file; raises FileNotFoundError, or a usage error if it can't be read."""
    try:
        return text_in(path.read_bytes(), f"this file is binary: xxd -p {path} | evencell decode -")
    except FileNotFoundError:
        raise
    except OSError as error:
        raise click.UsageError(f"{path} can't be read: {error.strerror}") from None


def decode_block(block: Block, scale: str) -> Iterator[dict]:
    """A JSON object for each piece of the block, with the name of a capture's entry."""
    if block.error:
        yield {"valid": False, "error": f"{block.label}: {block.error}"}
        return
    name = {"name": block.label} if block.label else {}
    for piece in pieces(block.data):
        yield {**name, **decode_piece(piece, scale)}


def pieces(data: bytes) -> Iterator[bytes]:
    """Whole frames with right checksums, of this and other protocols, and the bytes between them, in order."""
    begin = at = 0
    while at < len(data):
        length = frame_length(data, at) or foreign_length(data, at, begin)
        if not length:
            at += 1
            continue
        if begin < at:
            yield data[begin:at]
        yield data[at : at + length]
        begin = at = at + length
    if begin < at:
        yield data[begin:at]


def frame_length(data: bytes, at: int) -> int:
    """Length of the frame at `data[at]`, or 0 without one."""
    for header, length in ((ANSWER_HEADER, ANSWER_BYTES), (REQUEST_HEADER, REQUEST_BYTES)):
        last = at + length - 1
        if data.startswith(header, at) and last < len(data) and checksum(data, at, last) == data[last]:
            return length
    return 0


def foreign_length(data: bytes, at: int, begin: int) -> int:
    """The same for another protocol; Modbus, whose header may be any bytes, only at the begin of a piece."""
    name, length = foreign.frame_at(data, at, len(data))
    return length if name != foreign.MODBUS or at == begin else 0


def decode_piece(piece: bytes, scale: str) -> dict:
    """A piece as JSON, or the error in it."""
    if not frame_length(piece, 0):
        return invalid(piece)
    command = piece[3]
    name = COMMAND_NAMES.get(command)
    if name is None:
        return {"address": piece[2], "valid": False, "error": f"command {command:02X} is not known"}
    if piece.startswith(REQUEST_HEADER):
        return {"request": name, "address": piece[2], "value": decode_written(piece, 0), "valid": True}
    decoded: dict = {"command": name, "address": piece[2]}
    if command == READ:
        pack = unchecked_pack(piece, 0, scale, Clock())
        put_fields(decoded, pack.accepted, pack.scale)
    else:
        decoded["value"] = decode_written(piece, 0)
    return {**decoded, "valid": True}


def invalid(piece: bytes) -> dict:
    """The error of bytes that are no frame of this protocol."""
    if piece.startswith(SWAPPED):
        error = remedy_of(diagnosis.SWAPPED).rstrip(".")
        return {"valid": False, "verdict": VERDICTS[diagnosis.SWAPPED], "error": error}
    protocol, _ = foreign.frame_at(piece, 0, len(piece))
    if protocol:
        error = f"a frame of another protocol: {protocol}"
        return {"valid": False, "verdict": VERDICTS[FOREIGN], "protocol": protocol, "error": error}
    for header, length, what in (
        (ANSWER_HEADER, ANSWER_BYTES, ""),
        (REQUEST_HEADER, REQUEST_BYTES, "a request, "),
    ):
        if header.startswith(piece[:2]):
            return {"valid": False, "error": what + unfinished(piece, length)}
    protocol = foreign.protocol_of_header(piece)
    if protocol:
        return {"valid": False, "error": f"begins like a frame of {protocol}, but is damaged or cut short"}
    if foreign.checksum_bits(piece, 0, len(piece)) == 16:
        error = "no frame of a known protocol, but well-formed: its last bytes are a right checksum"
        return {"valid": False, "verdict": VERDICTS[UNKNOWN], "error": error}
    begin = piece[:2].hex(" ").upper()
    return {"valid": False, "error": f"no answer begins here: it would start with EB 90, not {begin}"}


def unfinished(piece: bytes, length: int) -> str:
    """The error of a frame of `length` bytes that begins right."""
    if len(piece) < length:
        return f"cut short: {len(piece)} of {length} bytes"
    return f"checksum {piece[length - 1]:02X} should be {checksum(piece, 0, length - 1):02X}"
