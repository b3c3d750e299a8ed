"""Writes the image of an update beside what a build makes."""

import os
from pathlib import Path

from tools.build.common import write_if_changed
from tools.update import keys
from tools.update.image import FIRMWARE, SUFFIX, Image


def write(image: Image, folder: Path, key: Path | None) -> str:
    """Sign the image with the key in the file, or with the usual one, and write it into the folder; returns a line.

    Without a key it is not signed, which `evencell update` can make up for. Raises keys.KeyFileError.
    """
    private = keys.chosen(key)
    if private:
        image = image.signed(private)
    about = image.about
    kind = f"-{FIRMWARE}" if about["kind"] == FIRMWARE else ""
    path = folder / f"evencell-{about['board']}-{about['version']}{kind}{SUFFIX}"
    write_if_changed(path, image.encode())
    by = f"signed with the key {image.key}" if private else "not signed: evencell keygen makes a key"
    return f"{os.path.relpath(path)}, {path.stat().st_size} bytes, {by}"
