"""Pictures as rows of RGB, and PNG files of them: no more than the displays' pictures need."""

import struct
import zlib
from pathlib import Path

Picture = list[bytes]  # rows, three bytes a pixel

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_RGB = 2  # the kind of pixels, in PNG's words


def read_pnm(path: Path, lit: bytes, dark: bytes) -> Picture:
    """A picture as the firmware writes it: P4, whose pixels get the two colours given, or P6."""
    kind, size, rest = path.read_bytes().split(b"\n", 2)
    width, height = map(int, size.split())
    if kind == b"P4":
        row_bytes = (width + 7) // 8
        bits = [rest[y * row_bytes : (y + 1) * row_bytes] for y in range(height)]
        return [b"".join(lit if row[x // 8] >> (7 - x % 8) & 1 else dark for x in range(width)) for row in bits]
    body = rest.split(b"\n", 1)[1]
    return [body[y * width * 3 : (y + 1) * width * 3] for y in range(height)]


def enlarged(picture: Picture, times: int) -> Picture:
    """Every pixel as a square."""
    rows = [b"".join(row[x : x + 3] * times for x in range(0, len(row), 3)) for row in picture]
    return [row for row in rows for _ in range(times)]


def write_png(path: Path, picture: Picture):
    """Make the file, and the folder it is in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encode_png(picture))


def encode_png(picture: Picture) -> bytes:
    """A file's content."""
    header = struct.pack(">IIBBBBB", len(picture[0]) // 3, len(picture), 8, _RGB, 0, 0, 0)
    rows = zlib.compress(b"".join(b"\0" + row for row in picture), 9)
    return SIGNATURE + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def chunk(kind: bytes, data: bytes) -> bytes:
    """A chunk of a PNG file."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def read_png(path: Path) -> Picture:
    """What `write_png` wrote."""
    data, chunks = path.read_bytes()[len(SIGNATURE) :], {}
    while data:
        length = struct.unpack_from(">I", data)[0]
        chunks[data[4:8]] = data[8 : 8 + length]
        data = data[12 + length :]
    width, height = struct.unpack_from(">II", chunks[b"IHDR"])
    rows, step = zlib.decompress(chunks[b"IDAT"]), 3 * width + 1
    return [rows[y * step + 1 : (y + 1) * step] for y in range(height)]
