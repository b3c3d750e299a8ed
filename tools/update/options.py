"""Options of what `make` calls: the key that signs the image of an update, and the one whose updates a build takes."""

import base64
from pathlib import Path

import click

from tools.update import keys


def modulus_text(_context, _parameter, path: Path | None) -> bytes | None:
    """The content of `release_key.txt` (firmware/evencell/update/keys.py); raises keys.KeyFileError."""
    return base64.b64encode(keys.load_public(path).modulus) if path else None


key_option = click.option(
    "--key", type=click.Path(dir_okay=False, path_type=Path), help="Private key that signs the image of an update."
)
release_key_option = click.option(
    "--release-key",
    type=click.Path(dir_okay=False, path_type=Path),
    callback=modulus_text,
    help="Key, public or private, whose updates this build takes without being configured.",
)
