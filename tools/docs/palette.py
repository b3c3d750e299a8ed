"""Small PNG files of pictures with few colours: at most 256, in a palette."""

import base64
import struct
import zlib

from playwright.sync_api import Page

from tools.screens.png import SIGNATURE, chunk

_PALETTE = 3  # the kind of pixels, in PNG's words
# The colours that are seen most, and of each pixel the number of the nearest one. Shades that differ by less than 8 are
# one colour, so that letters with their smooth edges leave room for the rest.
_REDUCE = """async (file) => {
  const image = await createImageBitmap(new Blob([Uint8Array.from(atob(file), (c) => c.charCodeAt(0))]));
  const { width, height } = image, pen = new OffscreenCanvas(width, height).getContext("2d");
  pen.drawImage(image, 0, 0);
  const { data } = pen.getImageData(0, 0, width, height), counts = new Map(), groups = new Map();
  const colourAt = (i) => data[i] << 16 | data[i + 1] << 8 | data[i + 2];
  for (let i = 0; i < data.length; i += 4) counts.set(colourAt(i), (counts.get(colourAt(i)) ?? 0) + 1);
  for (const [colour, count] of [...counts].sort((a, b) => b[1] - a[1])) {
    const key = colour & 0xf8f8f8, group = groups.get(key) ?? { colour, count: 0 };
    group.count += count;
    groups.set(key, group);
  }
  const palette = [...groups.values()].sort((a, b) => b.count - a.count).slice(0, 256).map(({ colour }) => colour);
  const parts = (colour) => [colour >> 16, colour >> 8 & 255, colour & 255];
  const distance = (a, b) => parts(a).reduce((sum, part, i) => sum + (part - parts(b)[i]) ** 2, 0);
  const nearest = new Map([...counts.keys()].map((colour) => {
    const far = palette.map((other) => distance(colour, other));
    return [colour, far.indexOf(Math.min(...far))];
  }));
  let pixels = "";
  for (let i = 0; i < data.length; i += 4) pixels += String.fromCharCode(nearest.get(colourAt(i)));
  return { width, palette: palette.map(parts), pixels: btoa(pixels) };
}"""
# The share of the pixels that are clearly others.
_DIFFERENCE = """async (files) => {
  const [one, other] = await Promise.all(files.map(async (file) => {
    const image = await createImageBitmap(new Blob([Uint8Array.from(atob(file), (c) => c.charCodeAt(0))]));
    const pen = new OffscreenCanvas(image.width, image.height).getContext("2d");
    pen.drawImage(image, 0, 0);
    return pen.getImageData(0, 0, image.width, image.height);
  }));
  if (one.width !== other.width || one.height !== other.height) return 1;
  const isOther = (_, i) => [0, 1, 2].some((part) => Math.abs(one.data[4 * i + part] - other.data[4 * i + part]) > 32);
  return Array.from({ length: one.width * one.height }, isOther).filter(Boolean).length / (one.width * one.height);
}"""


def reduced(blank: Page, png: bytes) -> bytes:
    """The file with a palette; `blank` is an empty page of a browser, which does the work."""
    found = blank.evaluate(_REDUCE, base64.b64encode(png).decode())
    width, pixels = found["width"], base64.b64decode(found["pixels"])
    rows = b"".join(b"\0" + pixels[at : at + width] for at in range(0, len(pixels), width))
    header = struct.pack(">IIBBBBB", width, len(pixels) // width, 8, _PALETTE, 0, 0, 0)
    palette = bytes(part for colour in found["palette"] for part in colour)
    body = chunk(b"PLTE", palette) + chunk(b"IDAT", zlib.compress(rows, 9))
    return SIGNATURE + chunk(b"IHDR", header) + body + chunk(b"IEND", b"")


def difference(blank: Page, one: bytes, other: bytes) -> float:
    """Which share of the pixels of two PNG files is clearly another, from 0 to 1."""
    return blank.evaluate(_DIFFERENCE, [base64.b64encode(file).decode() for file in (one, other)])
