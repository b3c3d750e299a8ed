"""`evencell update`: a signed image to a device, over the network."""

from pathlib import Path
from typing import NoReturn

import click

from tools.cli.progress_bar import progress_bar
from tools.update import image as images
from tools.update import keys, watch
from tools.update.device import Device, DeviceError, UnreachableError
from tools.update.image import Image, ImageError
from tools.update.session import connected, host_argument, token_option

MADE_BY = {images.FILES: "make build", images.FIRMWARE: "make firmware"}


@click.command()
@host_argument
@click.argument("image", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--key",
    type=click.Path(dir_okay=False, path_type=Path),
    help=f"Private key that signs the image; for one that is not signed also without this option: {keys.DEFAULT_FILE}.",
)
@click.option("--downgrade", is_flag=True, help="Even to an older version.")
@token_option
def update(host, image, key, downgrade, token):
    """Send a signed update, IMAGE, to the device at HOST."""
    signed = signed_image(image, key)
    with connected(host, token) as session:
        check(session.device, session.get(watch.STATUS_PATH), session.get(watch.PATH), signed.about, downgrade)
        session.log_in()
        answer = send(session.device, signed, downgrade)
        version, slot = signed.about["version"], answer.get("slot", "?")
        click.echo(watch.follow(session.device, version, slot, session.log_in_again))


def signed_image(path: Path, key: Path | None) -> Image:
    """The image in the file, signed; raises ImageError or keys.KeyFileError."""
    image = images.read(path)
    if image.key and key is None:
        return image
    private = keys.chosen(key)
    if private is None:
        raise ImageError(f"{path} is not signed. `evencell keygen` makes a key, and --key FILE names one.")
    return image.signed(private)


def check(device: Device, status: dict | None, update: dict | None, about: dict, downgrade: bool):
    """Raise DeviceError where the device would refuse the image anyway, or has no updates over the air."""

    def refuse(text: str) -> NoReturn:
        raise DeviceError(f"{device.name} {text}")

    if not status or "device" not in status:
        refuse("is no evencell device: it has no status.")
    if update is None:
        refuse("runs a version without updates over the air: bring a newer one by USB, with make deploy or make flash.")
    there = status["device"]
    if there["board"] != about["board"]:
        refuse(f"is the board {there['board']}, and the image is for {about['board']}.")
    kind = update.get("kind")
    if kind in MADE_BY and kind != about["kind"]:
        refuse(f"takes what `{MADE_BY[kind]}` makes, and this image is from `{MADE_BY[about['kind']]}`.")
    if images.version_of(about["version"]) < images.version_of(there["firmware"]) and not downgrade:
        refuse(f"runs {there['firmware']}, and the image is the older {about['version']}: --downgrade sends it.")


def send(device: Device, image: Image, downgrade: bool) -> dict:
    """Upload the image; returns the device's answer. Raises what Device.upload raises, but for a lost connection."""
    content = image.encode()
    sent = 0
    with progress_bar(device.name) as report:
        report(more=len(content))

        def count(size: int):
            nonlocal sent
            sent += size
            report(sent=size)

        try:
            return device.upload(f"{watch.PATH}?downgrade={int(downgrade)}", content, count)
        except UnreachableError as error:
            raise DeviceError(
                f"{device.name}: {error.args[0]} after {sent} of {len(content)} bytes. It runs what it ran before; "
                "type the same again."
            ) from None
