"""What a release holds: images, those of updates, names.txt for tracebacks, their checksums, and a page that flashes
boards by ESP Web Tools.

Called by .github/workflows/release.yml with a folder of images that `make firmware` built. No release exists yet.
"""

import hashlib
import json
from html import escape
from pathlib import Path

import click

from boards.chips import CHIPS
from evencell import __version__
from tools.build import frozen as freezing
from tools.build import names
from tools.build.common import FIRMWARE, BuildError
from tools.build.slots import release
from tools.build.tree import board_data, board_names, build
from tools.release import firmware_image
from tools.release.firmware_image import EvencellFirmware
from tools.update import build as update_image
from tools.update import image as images
from tools.update.options import key_option, release_key_option

SUMS = "SHA256SUMS"
WEB_TOOLS = "https://unpkg.com/esp-web-tools@10.2.1/dist/web/install-button.js?module"
_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>evencell {version}: flash a board</title>
<!-- This page loads ESP Web Tools from unpkg.com, a CDN, and runs its code. -->
<script type="module" src="{web_tools}"></script>
<h1>evencell {version}</h1>
<p><strong>evencell is not a BMS. It disconnects nothing.</strong> No image has been tried on a board yet.</p>
<p>Connect the board by USB, with nothing else at its pins. It needs Chrome or Edge on a computer.</p>
<p>Let it <strong>erase</strong> the device the first time. Later, without erasing, configuration and history stay.</p>
{boards}</html>
"""
_BOARD = """<h2>{name}</h2>
<p>{description}</p>
<esp-web-install-button manifest="{name}.json"></esp-web-install-button>
"""


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--tag", required=True, help="Of the release: v and the version.")
@key_option
@release_key_option
def main(folder: Path, tag: str, key: Path | None, release_key: bytes | None):
    """Complete the folder of a release; fails where an image is not of this version."""
    if tag != f"v{__version__}":
        raise BuildError(f"The tag is {tag}, and this is version {__version__}.")
    names_id = freezing.write_names(folder)
    for board in map(board_data, board_names()):
        if board["chip"] != "host":
            add_update(folder, board, key, release_key, names_id)
    for name in complete(folder):
        click.echo(name)


def add_update(folder: Path, board: dict, key: Path | None, release_key: bytes | None, names_id: str):
    """Add the image of an update for a board that runs evencell from files; `names_id`: of the `names.txt`."""
    tree = build(board["name"], release_key=release_key)
    click.echo(update_image.write(images.of_files(release(tree, board, FIRMWARE), names_id), folder, key))


def complete(folder: Path) -> list[str]:
    """Write checksums, page and manifests beside the images; returns the names of all files. Raises BuildError."""
    images = {path.name: image_of(path) for path in sorted(folder.glob("*.bin"))}
    if not images:
        raise BuildError(f"There is no image in {folder}.")
    for name, image in images.items():
        (folder / f"{image.board}.json").write_text(json.dumps(web_manifest(name, image), indent=1) + "\n", "ascii")
    (folder / "index.html").write_text(page(list(images.values())), "utf-8")
    files = sorted(path for path in folder.iterdir() if path.name != SUMS)
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files]
    (folder / SUMS).write_text("".join(lines), "ascii")
    return [*(path.name for path in files), SUMS]


def image_of(path: Path) -> EvencellFirmware:
    """What is in the image; raises BuildError where it is none of this version, or lacks the same as an update."""
    image = firmware_image.read(path)
    if image is None or image.version != __version__:
        raise BuildError(f"{path} is no image of evencell {__version__}.")
    application = path.with_suffix(".app-bin")
    if not application.exists():
        raise BuildError(f"{application} is missing.")
    update = images.read(path.with_name(f"{path.stem}-{images.FIRMWARE}{images.SUFFIX}"))
    if not path.with_name(names.FILE).exists():
        raise BuildError(f"{path.with_name(names.FILE)} is missing.")
    if update.body != application.read_bytes() or update.about.get("names") != names.id_in(path.parent):
        raise BuildError(f"The update beside {path} is of another build.")
    return image


def web_manifest(name: str, image: EvencellFirmware) -> dict:
    """A manifest of ESP Web Tools. Without erasing, what lies behind the image is left as it is."""
    build = {"chipFamily": CHIPS[image.chip]["name"], "parts": [{"path": name, "offset": image.start}]}
    return {
        "name": f"evencell for {image.board}",
        "version": image.version,
        "new_install_prompt_erase": True,
        "builds": [build],
    }


def page(images: list[EvencellFirmware]) -> str:
    """The page with a button for each board."""
    boards = (board_data(image.board) for image in images)
    texts = (_BOARD.format(name=board["name"], description=escape(board["description"])) for board in boards)
    return _PAGE.format(version=__version__, web_tools=WEB_TOOLS, boards="".join(texts))


if __name__ == "__main__":
    main()
