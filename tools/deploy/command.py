"""`make deploy`: the firmware onto a board that has MicroPython, into the slot that isn't running."""

from collections.abc import Callable
from pathlib import Path

import click

from evencell.config.check import check
from tools.build import frozen as freezing
from tools.build.command import configuration
from tools.build.common import FIRMWARE
from tools.build.select import PROFILES
from tools.build.slots import Release, release, sha256
from tools.build.tree import build, flash_folder
from tools.cli.boards import chosen
from tools.cli.options import board_option, device_port_option, profile_option
from tools.cli.progress import show
from tools.cli.progress_bar import progress_bar
from tools.cli.serial_port import choose_port
from tools.deploy.board import Board
from tools.deploy.checks import check_board
from tools.deploy.slot import Files, files_of, fill, put
from tools.update.options import release_key_option


def quiet(sent: int = 0, more: int = 0):
    """For a run without a terminal."""


@click.command()
@board_option
@profile_option
@device_port_option
@click.option("--config", type=click.Path(path_type=Path), help="Says which display: the device keeps its own.")
@click.option("--force", is_flag=True, help="Even if the device was made for another board.")
@release_key_option
def main(
    board: str, profile: str | None, port: str | None, config: Path | None, force: bool, release_key: bytes | None
):
    """Bring the firmware onto a board. Its configuration stays as it is."""
    data = chosen(board)
    display = check(configuration(config, profile))[0]["display"]
    tree = build(board, profile or PROFILES[0], display=display, release_key=release_key)
    if data["chip"] != "host":
        freezing.write_names(flash_folder(data["name"]).parent)
    wanted = release(tree, data, FIRMWARE)
    port = port or choose_port()
    with progress_bar(port) as report:
        outcome = deploy(port, wanted, force, report)
    click.echo(f"{port}: {outcome}")


def deploy(port: str, wanted: Release, forced: bool = False, report: Callable = quiet) -> str:
    """Bring `wanted` onto the board at `port`; returns what was done.

    `report(sent=, more=)` is called with the bytes sent and those still to send. Raises DeployError and PortError.
    Whatever ends it early, the board holds the old version or the new one whole, and the next deploy finishes it.
    """
    with Board(port) as board:
        facts = board.call("facts")
        running = slot_of(facts["slot"])
        check_board(facts, board.call("board_in", running) if running else None, wanted, forced)
        files = board.files(running) if running else {}
        if running and files == files_of(wanted.slot):
            return nothing_to_copy(board, running, wanted)
        return switch(board, running, files, wanted, facts, report)


def nothing_to_copy(board: Board, running: str, wanted: Release) -> str:
    """What runs is `wanted` already; the files outside the slots may still differ."""
    changed = update_root(board, wanted.root)
    done = f"{' and '.join(changed)} sent" if changed else "nothing to copy"
    return f"{done}: slot {running} holds evencell {wanted.version} for {wanted.board} already."


def switch(board: Board, running: str | None, files: Files, wanted: Release, facts: dict, report: Callable) -> str:
    """Fill the other slot, and let it start next. The last thing written is which one starts (slot_steps.py)."""
    slot = "b" if running == "a" else "a"
    plan = fill(board, slot, (running, files), wanted.slot, facts, report)
    update_root(board, wanted.root)
    board.call("activate", "slot", slot)
    return f"{plan}. evencell {wanted.version} for {wanted.board} starts from slot {slot}."


def update_root(board: Board, root: dict[str, bytes]) -> list[str]:
    """Replace those files outside the slots that differ; returns their names."""
    changed = [path for path, data in root.items() if board.call("digest", path) != sha256(data)]
    for path in changed:
        put(board, path, root[path])
    return changed


def slot_of(text: str) -> str | None:
    """The slot that the file `slot` names."""
    word = text.split(" ", 1)[0].strip()
    return word if word in ("a", "b") else None


if __name__ == "__main__":
    show()
    main()
