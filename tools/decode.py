"""`evencell decode`: frames as hex to JSON, one object a line."""

import json
import sys
from collections.abc import Iterator

import click

from evencell.forward.status_json import put_fields
from evencell.protocol.framing import checksum
from evencell.protocol.jk_balancer import ANSWER_BYTES, ANSWER_HEADER, READ, REQUEST_BYTES, REQUEST_HEADER
from evencell.protocol.jk_settings import COMMAND_NAMES, decode_written
from evencell.system.clock import Clock
from tools.asking import reading
from tools.options import scale_option

# What an owner heard from a balancer wired with A and B swapped (host_tests/captures, "a-b-swapped").
_SWAPPED = bytes.fromhex("55 95 01 FF 01")


@click.command()
@click.argument("hex_text", nargs=-1, required=True, metavar="HEX… | -")
@scale_option
def decode(hex_text, temperature_scale):
    """Frames, as hex with or without spaces or colons, to JSON; `-` reads standard input."""
    text = sys.stdin.read() if hex_text == ("-",) else " ".join(hex_text)
    all_valid = True
    for piece in pieces(to_bytes(text)):
        decoded = decode_piece(piece, temperature_scale)
        all_valid &= decoded["valid"]
        click.echo(json.dumps(decoded))
    sys.exit(0 if all_valid else 1)


def to_bytes(text: str) -> bytes:
    """Bytes of hex digits; raises a usage error where there are other characters, or none."""
    digits = "".join(text.replace(":", " ").split())
    try:
        data = bytes.fromhex(digits)
    except ValueError:
        raise click.UsageError("this is not hex: pairs of 0-9 and A-F, with or without spaces or colons") from None
    if not data:
        raise click.UsageError("there are no bytes to decode")
    return data


def pieces(data: bytes) -> Iterator[bytes]:
    """Whole answers and whole requests with right checksums, and what lies between them, in their order."""
    begin = at = 0
    while at < len(data):
        length = frame_length(data, at)
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
    """Bytes of the frame that starts at `data[at]`, or 0 if none does."""
    for header, length in ((ANSWER_HEADER, ANSWER_BYTES), (REQUEST_HEADER, REQUEST_BYTES)):
        last = at + length - 1
        if data.startswith(header, at) and last < len(data) and checksum(data, at, last) == data[last]:
            return length
    return 0


def decode_piece(piece: bytes, scale: str) -> dict:
    """What a piece says, or why it says nothing."""
    if not frame_length(piece, 0):
        return invalid(piece)
    command = piece[3]
    name = COMMAND_NAMES.get(command)
    if name is None:
        return {"valid": False, "error": f"command {command:02X} is not known"}
    if piece.startswith(REQUEST_HEADER):
        return {"request": name, "address": piece[2], "value": decode_written(piece, 0), "valid": True}
    if command == READ:
        decoded: dict = {"command": name}
        put_fields(decoded, reading(piece, 0, scale, Clock()).accepted)
        return {**decoded, "valid": True}
    return {"command": name, "value": decode_written(piece, 0), "valid": True}


def invalid(piece: bytes) -> dict:
    """What is wrong with bytes that are no frame."""
    if piece == _SWAPPED:
        return {"valid": False, "verdict": "swapped", "error": "A and B are swapped: exchange the two wires"}
    if not ANSWER_HEADER.startswith(piece[:2]):
        return {
            "valid": False,
            "error": f"no answer begins here: it would start with EB 90, not {piece[:2].hex(' ').upper()}",
        }
    if len(piece) < ANSWER_BYTES:
        return {"valid": False, "error": f"cut short: {len(piece)} of {ANSWER_BYTES} bytes"}
    right = checksum(piece, 0, ANSWER_BYTES - 1)
    return {"valid": False, "error": f"checksum {piece[ANSWER_BYTES - 1]:02X} should be {right:02X}"}
