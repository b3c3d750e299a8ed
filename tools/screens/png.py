"""Pictures as rows of RGB, and PNG files of them: no more than the displays' pictures need."""

import struct
import zlib
from pathlib import Path

Picture = list[list[tuple[int, int, int]]]  # rows of pixels

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PALETTE = 3


def read_pnm(path: Path, lit: tuple, dark: tuple) -> Picture:
    """A picture as the firmware writes it: P4, whose pixels get the two colours given, or P6."""
    kind, size, rest = path.read_bytes().split(b"\n", 2)
    width, height = map(int, size.split())
    if kind == b"P4":
        row_bytes = (width + 7) // 8
        bits = [rest[y * row_bytes : (y + 1) * row_bytes] for y in range(height)]
        return [[lit if row[x // 8] >> (7 - x % 8) & 1 else dark for x in range(width)] for row in bits]
    body = rest.split(b"\n", 1)[1]
    triples = list(zip(body[0::3], body[1::3], body[2::3], strict=True))
    return [triples[y * width : (y + 1) * width] for y in range(height)]


def enlarged(picture: Picture, times: int) -> Picture:
    """Every pixel as a square."""
    return [[pixel for pixel in row for _ in range(times)] for row in picture for _ in range(times)]


def write_png(path: Path, picture: Picture):
    """With a palette, as these pictures have few colours (256 at most)."""
    colours = sorted({pixel for row in picture for pixel in row})
    index = {colour: number for number, colour in enumerate(colours)}
    rows = b"".join(b"\0" + bytes(index[pixel] for pixel in row) for row in picture)
    header = struct.pack(">IIBBBBB", len(picture[0]), len(picture), 8, _PALETTE, 0, 0, 0)
    palette = b"".join(map(bytes, colours))
    chunks = ((b"IHDR", header), (b"PLTE", palette), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_SIGNATURE + b"".join(chunk(*parts) for parts in chunks))


def chunk(kind: bytes, data: bytes) -> bytes:
    """A chunk of a PNG file."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def read_png(path: Path) -> Picture:
    """What `write_png` wrote."""
    data, chunks = path.read_bytes()[len(_SIGNATURE) :], {}
    while data:
        length = struct.unpack_from(">I", data)[0]
        chunks[data[4:8]] = data[8 : 8 + length]
        data = data[12 + length :]
    width, height = struct.unpack_from(">II", chunks[b"IHDR"])
    palette = list(zip(*(chunks[b"PLTE"][start::3] for start in range(3)), strict=True))
    rows = zlib.decompress(chunks[b"IDAT"])
    return [[palette[i] for i in rows[y * (width + 1) + 1 : (y + 1) * (width + 1)]] for y in range(height)]
