"""Fills the slot that isn't running: with as little as possible over the wire, and never half."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath

from tools.build.archive import NAME
from tools.build.slots import MANIFEST, sha256
from tools.deploy.assembly import assemble, sent_bytes, steps
from tools.deploy.board import Board, DeployError
from tools.deploy.checks import check_space

Files = dict[str, tuple[int, str]]  # path → size in bytes and hash


@dataclass(frozen=True)
class Plan:
    """Paths in the slot: what goes, what the board copies from its other slot, what is sent, what stays."""

    remove: list[str]
    copy: list[str]
    send: list[str]
    keep: list[str]

    def __str__(self) -> str:
        everything = len(self.copy) + len(self.send) + len(self.keep)
        return f"{len(self.send)} of {everything} files sent, {len(self.copy)} copied on the board"


def files_of(contents: dict[str, bytes]) -> Files:
    """Sizes and hashes, as a board lists them."""
    return {path: (len(data), sha256(data)) for path, data in contents.items()}


def make_plan(there: Files, running: Files, wanted: Files) -> Plan:
    """How `there` becomes `wanted`. Unless it is that already the manifest goes first and comes last."""
    if there == wanted:
        return Plan([], [], [], list(wanted))
    keep = [path for path in wanted if there.get(path) == wanted[path] and path != MANIFEST]
    missing = [path for path in wanted if path not in keep]
    copy = [path for path in missing if running.get(path) == wanted[path] and path != MANIFEST]
    send = [path for path in missing if path not in copy]
    remove = sorted((path for path in there if path not in keep), key=lambda path: path != MANIFEST)
    return Plan(remove, copy, send, keep)


def fill(
    board: Board, slot: str, other: tuple[str | None, Files], wanted: dict[str, bytes], facts: dict, report: Callable
) -> Plan:
    """Make `slot` hold `wanted`; `other` is the slot that runs and what it holds. Raises DeployError."""
    running, its_files = other
    there = board.files(slot)
    plan = make_plan(there, its_files, files_of(wanted))
    archive = NAME if running and NAME in plan.send and NAME in its_files else None
    assembly = steps(board.parts(f"{running}/{archive}"), wanted[archive]) if archive else []
    arriving = [len(wanted[path]) for path in (*plan.copy, *plan.send)] + [max(sent_bytes(assembly), default=0)]
    folders = {PurePosixPath(path).parent for path in wanted}
    check_space(facts, arriving, [there[path][0] for path in plan.remove], len(folders))
    report(more=sum(len(wanted[path]) for path in plan.send if path != archive) + sum(sent_bytes(assembly)))
    for path in plan.remove:
        board.remove(f"{slot}/{path}")
    if plan.send:
        board.call("prune", slot)
    for path in plan.copy:
        board.call("copy", f"{running}/{path}", f"{slot}/{path}")
    for path in plan.send:
        if path == archive:
            assemble(board, f"{running}/{path}", f"{slot}/{path}", assembly, report)
        elif path != MANIFEST:
            board.write(f"{slot}/{path}", wanted[path], report)
    verify(board, slot, wanted)
    if MANIFEST in plan.send:
        put(board, f"{slot}/{MANIFEST}", wanted[MANIFEST], report)
    return plan


def verify(board: Board, slot: str, wanted: dict[str, bytes]):
    """Hash every file on the board; raises DeployError where one is not what was meant."""
    there = board.files(slot)
    for path, expected in files_of(wanted).items():
        if path != MANIFEST and there.get(path) != expected:
            raise damaged(f"{slot}/{path}")


def put(board: Board, path: str, data: bytes, report: Callable | None = None):
    """Write to a temporary name, verify, rename: there is always either the old file or the new one."""
    board.write(path + ".new", data, report)
    if not board.call("commit", path, sha256(data)):
        raise damaged(path)


def damaged(path: str) -> DeployError:
    """A file that arrived wrong."""
    return DeployError(f"{path} arrived damaged. The board keeps what it ran before; type the same again.")
