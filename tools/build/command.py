"""`make build`: everything that a board's chip gets, in `build/<board>/`, and a table of it."""

import json
import os
from pathlib import Path

import click

from evencell.config import check as config_check
from evencell.config.credentials import CERTIFICATES
from evencell.config.load import MAX_BYTES, read
from evencell.config.parse import parse
from tools.build import archive, image, names, partitions
from tools.build import frozen as freezing
from tools.build.common import FIRMWARE, BuildError
from tools.build.memory_budget import budget
from tools.build.memory_plan import FILES, OWN
from tools.build.packages import flash_package
from tools.build.partitions import Partition
from tools.build.select import PROFILES
from tools.build.slots import CONFIG, CONFIG_BEFORE, FIRST, OUTSIDE, contents_of, files_in, release
from tools.build.tree import build, flash_folder
from tools.cli import progress
from tools.cli.boards import chosen_chip
from tools.cli.options import board_option, config_option, firmware_option, force_option, profile_option
from tools.release import firmware_image
from tools.update import build as update_image
from tools.update.image import of_files
from tools.update.options import key_option, release_key_option

_OF_SLOTS = {*OUTSIDE, "slot"}  # files outside the slots that are there for them alone
_CONFIG_NEW = f"{CONFIG}.new"  # the power went while the device saved it
FILE_SYSTEM = "littlefs.bin"
WHOLE_CHIP = "whole.bin"


@click.command()
@board_option
@profile_option
@config_option
@firmware_option
@force_option
@key_option
@release_key_option
def main(
    board: str,
    profile: str | None,
    config: Path | None,
    firmware: Path | None,
    force: bool,
    key: Path | None,
    release_key: bytes | None,
):
    """What `make build` calls."""
    data = chosen_chip(board)
    show(make(data, profile, config, firmware, force, release_key=release_key))
    if delivery_of(firmware, data) == FILES:
        flash = flash_folder(board)
        image = of_files(release(flash / FIRST, data, FIRMWARE), names.id_in(flash.parent))
        show({"update": update_image.write(image, flash.parent, key)})
    if firmware:
        show(whole_chip(data, firmware))
    show({"next": f"make flash BOARD={board} PORT=…"})


def show(lines: dict[str, str]):
    """Print the lines of a table."""
    for label, text in lines.items():
        click.echo(f"{label:12} {text}")


def make(
    board: dict,
    profile: str | None,
    config: Path | None,
    firmware: Path | None,
    forced: bool = False,
    kept: dict[str, bytes] | None = None,
    release_key: bytes | None = None,
) -> dict[str, str]:
    """Build all but the whole chip; returns lines of the table. Raises BuildError before anything is written.

    `firmware` is the MicroPython beside which the file system is to lie; without it, one of the board file's size.
    `forced`: a set of features that does not fit into the memory, too. `kept`: files of the device that stay on it.
    """
    kept = dict(kept or {})
    before = used_configuration(kept)
    given = configuration(config, profile) if config or before is None else configuration_of(kept[before], profile)
    delivery = delivery_of(firmware, board)
    own = delivery == OWN
    planned = budget(board, profile, given, delivery, forced)
    partition = image.whole_micropython(firmware, board)[1] if firmware else partitions.VFS[partitions.flash_mb(board)]
    display = config_check.check(planned.config)[0]["display"]
    slot = build(board["name"], planned.profile, plan=planned.plan, display=display, release_key=release_key)
    flash = flash_folder(board["name"])
    folder = flash.parent
    (flash / CONFIG).write_bytes(written(planned.config))
    _lay_certificate(flash, config, planned.config)
    if config and before:
        kept[CONFIG_BEFORE] = kept[before]
        kept.pop(CONFIG, None)
    files = contents_of(flash)
    if own:
        files = {path: content for path, content in files.items() if "/" not in path and path not in _OF_SLOTS}
    file_system, free = file_system_of(files, kept, partition)
    (folder / FILE_SYSTEM).write_bytes(file_system)
    (folder / "package.json").write_text(flash_package(flash), "ascii")
    freezing.lay_out(folder, board, planned.profile, release_key)
    freezing.write_names(folder)
    for name in (WHOLE_CHIP, "web.json", "index.html"):
        (folder / name).unlink(missing_ok=True)  # of an older build
    lines = ({"profile": planned.profile} if own else sizes(slot, planned.profile)) | planned.lines
    lines["file system"] = f"{shown(folder / FILE_SYSTEM)}, {partition.size} bytes for address {partition.offset:#x}"
    if free < 0:
        lines["one slot"] = (
            f"{-free} bytes are missing for a second one: `make deploy` and updates over the air will be refused. "
            "`make flash` works. A smaller set has room for two: docs/fits.md"
        )
    else:
        share = f"{free} bytes, {100 * free // partition.size} % of the file system"
        lines["free"] = share if own else f"{share}, with both slots full"
    lines |= warnings(board, planned.profile, config, given)
    if kept:
        lines["kept"] = kept_words(kept, bool(config and before))
    if has_secrets(planned.config):
        lines["private"] = "the images hold the passwords of your configuration: do not share them"
    return lines


def file_system_of(files: dict[str, bytes], kept: dict[str, bytes], partition: Partition) -> tuple[bytes, int]:
    """What image.littlefs gives, with the files that stay on the device; BuildError where these take a slot's room."""
    try:
        file_system, free = image.littlefs({**kept, **files}, partition)
        if free < 0 and kept and image.littlefs(files, partition)[1] >= 0:
            raise BuildError(f"Two slots do not fit into {partition.size} bytes of flash: {-free} bytes are missing.")
    except BuildError as error:
        if not kept:
            raise
        size = sum(map(len, kept.values()))
        raise BuildError(f"{error} {size} bytes are kept of the device: ERASE=1 keeps nothing.") from None
    return file_system, free


def delivery_of(firmware: Path | None, board: dict) -> str:
    """How evencell reaches the chip; raises BuildError for evencell's own firmware of another board."""
    found = firmware_image.read(firmware) if firmware else None
    if found and found.board != board["name"]:
        raise BuildError(f"{firmware} is evencell's firmware for {found.board}, and the board is {board['name']}.")
    return OWN if found else FILES


def kept_words(kept: dict[str, bytes], is_replaced: bool) -> str:
    """What stays on the device, in words; `is_replaced`: another configuration takes the place of the device's."""
    size = sum(map(len, kept.values()))
    names = sorted({path.split("/")[0] for path in kept})
    before = f"; the configuration until now is {CONFIG_BEFORE}" if is_replaced else ""
    return f"{', '.join(names)} of the device, {size} bytes{before}"


def whole_chip(board: dict, firmware: Path) -> dict[str, str]:
    """Join the file system that was just made with MicroPython, and offer both in the browser; a line of the table."""
    micropython, partition = image.whole_micropython(firmware, board)
    folder = flash_folder(board["name"]).parent
    file_system = (folder / FILE_SYSTEM).read_bytes()
    (folder / WHOLE_CHIP).write_bytes(image.merge(micropython, file_system, partition, board["chip"]))
    image.offer_in_browser(folder, board, WHOLE_CHIP)
    return {"whole chip": f"{shown(folder / WHOLE_CHIP)}, from address 0; index.html offers it in the browser"}


def configuration(path: Path | None, profile: str | None) -> dict:
    """What the file says, checked as the device would; raises BuildError with a sentence for each fault.

    Where the file names no profile, a smaller one than `full` is written into it.
    """
    if profile not in (None, *PROFILES):
        raise BuildError(f"There is no profile {profile!r}. Take one of: {', '.join(PROFILES)}.")
    try:
        given, repeated = (read(str(path)) if path else None) or ({}, [])
    except FileNotFoundError:
        raise BuildError(f"{path}: there is no such file") from None
    except (OSError, ValueError) as error:
        raise BuildError(f"{path}: {error.strerror if isinstance(error, OSError) else error}") from None
    faults = config_check.check(given, repeated)[1]
    if profile not in (None, "full") and given.setdefault("profile", profile) != profile:
        faults.append(f"profile: the build is for {profile}, and this says {profile_in(given)}")
    if faults:
        raise BuildError("\n".join(f"{path}: {fault}" for fault in faults))
    return given


def written(config: dict) -> bytes:
    """The file for the device; raises BuildError where it would be too long to be read there."""
    content = json.dumps(config, ensure_ascii=False, indent=1).encode()
    if len(content) > MAX_BYTES:
        content = json.dumps(config, ensure_ascii=False, separators=(",", ":")).encode()
    if len(content) > MAX_BYTES:
        raise BuildError(f"The configuration is too long: {len(content)} bytes, and the device reads {MAX_BYTES}.")
    return content


def used_configuration(kept: dict[str, bytes]) -> str | None:
    """The file that the device takes its configuration from (firmware/evencell/config/load.py); None: it has none.

    A damaged one counts where there is no other.
    """
    order = (CONFIG if CONFIG in kept else _CONFIG_NEW, CONFIG_BEFORE)
    there = [path for path in order if path in kept]
    return next((path for path in there if _object_in(kept[path]) is not None), there[0] if there else None)


def configuration_of(content: bytes, profile: str | None) -> dict:
    """The configuration that a device has: what it ignores in it stays; one that it can't read counts as empty."""
    given = _object_in(content) or {}
    if profile not in (None, "full") and given.setdefault("profile", profile) != profile:
        raise BuildError(
            f"profile: the build is for {profile}, and the device's own configuration says {profile_in(given)}. "
            "Say CONFIG= with another, or leave PROFILE out."
        )
    return given


def profile_in(given: dict) -> str:
    """The profile that a configuration names, as it may be shown."""
    return given["profile"] if given["profile"] in PROFILES else "another"


def _object_in(content: bytes) -> dict | None:
    """The JSON object that the device finds in a file; None where it finds none."""
    try:
        found = parse(content)
    except ValueError:
        return None
    return found[0] if found else None


def has_secrets(given: dict) -> bool:
    """Whether a configuration holds passwords."""
    config = config_check.check(given)[0]
    networks = [network["password"] for network in config["wifi"]["networks"]]
    return any((*networks, config["mqtt"]["password"], config["influx"]["password"], config["influx"]["token"]))


def warnings(board: dict, profile: str, config: Path | None, given: dict) -> dict[str, str]:
    """Lines on what is no fault of the configuration, but seldom meant."""
    lines = {}
    if config and not given:
        lines["empty"] = f"{config} says nothing: every key has its default"
    mqtt = given.get("mqtt")
    if isinstance(mqtt, dict) and mqtt.get("host") and "enabled" not in mqtt:
        lines["MQTT"] = "it stays off: mqtt.enabled is not true"
    if config_check.check(given)[0]["power"]["interval_s"]:
        lines["no page"] = "the device sleeps (power.interval_s): only the button or USB bring it back (docs/power.md)"
    config_of_device = config_check.check(given)[0]
    has_network = "ethernet" in board or config_of_device["wifi"]["networks"]
    if profile != "display" and not has_network:
        way = 'name a network in "wifi", and say CONFIG=my.json (docs/wifi.md)'
        is_open = not config_of_device["auth"]["password_hash"]  # as setup mode judges it: docs/wifi.md
        by_phone = f"the device opens one of its own, for setup by phone (docs/first-steps.md). Or {way}"
        lines["no Wi-Fi"] = by_phone if is_open else f"no page, MQTT or time: {way}"
    return lines


def _lay_certificate(flash: Path, config: Path | None, given: dict):
    """The file that `mqtt.ca` names lies beside the configuration and goes onto the flash. No older one stays there."""
    for file in flash.iterdir():
        if file.suffix in CERTIFICATES:
            file.unlink()
    name = given.get("mqtt", {}).get("ca") if config else None
    if config and name:
        try:
            (flash / name).write_bytes((config.parent / name).read_bytes())
        except OSError as error:
            raise BuildError(f"{config}: mqtt.ca: {config.parent / name}: {error.strerror}") from None


def sizes(slot: Path, profile: str) -> dict[str, str]:
    """The lines of the table on the slot."""
    files = files_in(slot)
    code = (slot / archive.NAME).stat().st_size
    total = sum(path.stat().st_size for path in files)
    text = f"{shown(slot)}, {len(files)} files, {total} bytes, of them {archive.NAME} {code}"
    return {"profile": profile, "slot": text}


def shown(path: Path) -> str:
    """The path as seen from where make is called."""
    return os.path.relpath(path)


if __name__ == "__main__":
    progress.show()
    main()
