"""Moving pictures out of single ones: an animated WebP file is a container of WebP files.

Source: Google's "WebP Container Specification" (RFC 9649).
"""

import struct
from collections.abc import Iterable

_ANIMATED = 0x02  # flag in VP8X
_REPLACE = 0x02  # flag in ANMF: a frame is not blended with the one before
_BACKGROUND = b"\xff\xff\xff\xff"


def animated(frames: Iterable[tuple[bytes, int]], size: tuple[int, int]) -> bytes:
    """A file that repeats the frames without end; each is a WebP file of this size, and how many ms it is shown."""
    parts = [
        _chunk(b"VP8X", struct.pack("<I", _ANIMATED) + _minus_one(size[0]) + _minus_one(size[1])),
        _chunk(b"ANIM", _BACKGROUND + struct.pack("<H", 0)),
    ]
    for content, shown_ms in frames:
        place = bytes(6) + _minus_one(size[0]) + _minus_one(size[1])
        header = place + struct.pack("<I", shown_ms)[:3] + bytes([_REPLACE])
        parts.append(_chunk(b"ANMF", header + _picture(content)))
    return b"RIFF" + _sized(b"WEBP" + b"".join(parts))


def frames_of(content: bytes) -> list[bytes]:
    """Each frame of such a file, as a WebP file."""
    return [
        b"RIFF" + _sized(b"WEBP" + _chunk(kind, data))
        for outer, body in _chunks(content[12:])
        if outer == b"ANMF"
        for kind, data in _chunks(body[16:])
    ]


def _picture(content: bytes) -> bytes:
    """The chunk of a still WebP file that holds its picture."""
    if content[:4] != b"RIFF" or content[8:12] != b"WEBP":
        raise ValueError("no WebP file")
    return b"".join(_chunk(kind, data) for kind, data in _chunks(content[12:]) if kind in (b"VP8 ", b"VP8L"))


def _chunks(content: bytes) -> Iterable[tuple[bytes, bytes]]:
    while content:
        size = struct.unpack_from("<I", content, 4)[0]
        yield content[:4], content[8 : 8 + size]
        content = content[8 + size + size % 2 :]


def _chunk(kind: bytes, data: bytes) -> bytes:
    return kind + _sized(data)


def _sized(data: bytes) -> bytes:
    return struct.pack("<I", len(data)) + data + bytes(len(data) % 2)


def _minus_one(pixels: int) -> bytes:
    return struct.pack("<I", pixels - 1)[:3]
