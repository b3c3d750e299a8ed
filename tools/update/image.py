"""The image of an update: a header, its signature, and the files of a slot or an application (docs/update.md).

Two lines of JSON and the body. Only the first line is signed; it holds the hash of the body.
"""

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path

import click

from tools.build.slots import MANIFEST, Release

FORMAT = 1
SUFFIX = ".evencell"
FILES, FIRMWARE = "files", "firmware"
MAX_HEADER_BYTES = 512  # both lines with their ends
MAX_SIGNATURE_BYTES = 2048
_HEADER_TYPES = {"board": str, "chip": str, "version": str, "size": int, "sha256": str}
_UNSIGNED = {"key": "", "signature": ""}


class ImageError(click.ClickException):
    """Why an image can't be used, in one sentence."""


@dataclass(frozen=True)
class Image:
    """`header`: the signed line; `about`: what it says; `key`: the signing key's id, empty where nothing is signed."""

    header: bytes
    about: dict
    key: str
    signature: str
    body: bytes

    def signed(self, key) -> "Image":
        """The same image with the signature of a keys.PrivateKey."""
        return replace(self, key=key.public.id, signature=key.sign(self.header).hex())

    def encode(self) -> bytes:
        """The content of the file."""
        return self.header + _line({"key": self.key, "signature": self.signature}) + self.body


def of_files(release: Release, names_id: str | None = None) -> Image:
    """The unsigned image of a slot: its manifest, then its files in the manifest's order. `names_id`: of the
    `names.txt` for its tracebacks (tools/build/names.py)."""
    names = [name for name in release.slot if name != MANIFEST]
    manifest = release.slot[MANIFEST]
    body = b"".join([manifest, *(release.slot[name] for name in names)])
    mpy = next(content[1] for name, content in release.slot.items() if name.endswith(".mpy"))
    return _image(FILES, release.board, release.chip, release.version, body, names_id, mpy=mpy, manifest=len(manifest))


def of_firmware(board: dict, version: str, application: bytes, names_id: str | None = None) -> Image:
    """The unsigned image of an application of evencell's own firmware; `names_id` as for files."""
    return _image(FIRMWARE, board["name"], board["chip"], version, application, names_id)


def read(path: Path) -> Image:
    """The image in a file; raises ImageError unless it is whole."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ImageError(f"{path}: {error.strerror}.") from None
    try:
        return decode(content)
    except ValueError as error:
        raise ImageError(f"{path}: {error}. `make build` and `make firmware` make images ({SUFFIX}).") from None


def decode(content: bytes) -> Image:
    """The image in these bytes; raises ValueError unless it is whole. The signature is not verified."""
    header, rest = _split(content, MAX_HEADER_BYTES)
    seal, body = _split(rest, MAX_SIGNATURE_BYTES)
    about, signature = _object(header), _object(seal)
    if about.get("evencell") != FORMAT or about.get("kind") not in (FILES, FIRMWARE):
        raise ValueError("this is no image of an update, or one of a newer format")
    if any(type(about.get(key)) is not kind for key, kind in _HEADER_TYPES.items()):
        raise ValueError("its header is incomplete")
    if (len(body), hashlib.sha256(body).hexdigest()) != (about["size"], about["sha256"]):
        raise ValueError(f"it is damaged: {len(body)} bytes are not the {about['size']} of its header")
    if not isinstance(signature.get("key"), str) or not isinstance(signature.get("signature"), str):
        raise ValueError("its second line is no signature")
    return Image(header, about, signature["key"], signature["signature"], body)


def version_of(text: str) -> tuple[int, ...]:
    """A version to compare: its numbers; what follows a hyphen is left out."""
    return tuple(int(part) for part in text.partition("-")[0].split(".") if part.isdigit())


def _image(kind: str, board: str, chip: str, version: str, body: bytes, names_id: str | None, **more) -> Image:
    digest = hashlib.sha256(body).hexdigest()
    about = {"evencell": FORMAT, "kind": kind, "board": board, "chip": chip, "version": version}
    about |= {**more, "size": len(body), "sha256": digest} | ({"names": names_id} if names_id else {})
    header = _line(about)
    if len(header) > MAX_HEADER_BYTES:
        raise ImageError(f"The header of the image takes {len(header)} bytes, at most {MAX_HEADER_BYTES} are read.")
    return Image(header, about, _UNSIGNED["key"], _UNSIGNED["signature"], body)


def _line(content: dict) -> bytes:
    return json.dumps(content, separators=(",", ":")).encode("ascii") + b"\n"


def _split(content: bytes, max_bytes: int) -> tuple[bytes, bytes]:
    """The first line with its end, and the rest."""
    end = content.find(b"\n", 0, max_bytes) + 1
    if not end:
        raise ValueError("this is no image of an update")
    return content[:end], content[end:]


def _object(line: bytes) -> dict:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise ValueError("this is no image of an update")
    return found
