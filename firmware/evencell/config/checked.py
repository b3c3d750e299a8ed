"""`config.json` as it was when it was last checked, without a fault. Lazy.

MicroPython's own parser, which takes no memory for code, reads such a file rightly, and no value has to be checked.
"""

import json
from binascii import crc32

from evencell.compat import const

_PIECE_BYTES = const(256)
_CRC_BITS = const(0x3FFFFFFF)  # as many as a number can have that takes no memory
_SURROGATES = (b"\\ud", b"\\uD")  # beginnings: that parser does not join the halves
_OVERLAP = const(2)  # bytes, one less than these have


def read(context) -> dict | None:
    """What the file has; None where it is not the one that was checked."""
    path = context.board.config_path
    if context.config_crc is None or _crc_of(path) != context.config_crc:
        context.config_crc = None
        return None
    return _content(path)


def content(path: str, names) -> dict:
    """What a file has in the sections of these names, which the device wrote itself."""
    given = _content(path)
    return {name: given[name] for name in names if name in given}


def _content(path: str) -> dict:
    with open(path, "rb") as file:
        return json.load(file)


def mark(context):
    """Remember the file: it has no faults."""
    context.config_crc = checksum(context, context.board.config_path)


def checksum(context, path: str) -> int | None:
    """What `config_crc` is once this file counts. Where a command line has a say, it is checked each time."""
    return None if context.board.overrides else _crc_of(path)


def _crc_of(path: str) -> int | None:
    """The checksum of a file; None where there is none, or where only storage/strict_json.py reads it rightly."""
    crc, data = 0, b""
    try:
        with open(path, "rb") as file:
            if file.read(1) != b"{":  # empty, or with a byte order mark
                return None
            file.seek(0)
            while piece := file.read(_PIECE_BYTES):
                crc = crc32(piece, crc)
                data = data[-_OVERLAP:] + piece
                if any(beginning in data for beginning in _SURROGATES):
                    return None
    except OSError:
        return None
    return crc & _CRC_BITS
