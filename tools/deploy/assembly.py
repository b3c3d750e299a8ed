"""How a new archive is made on the board: of parts that the running slot's archive has, and of those that are sent.

A part is the index of an archive, or a module (tools/build/archive.py).
"""

from collections.abc import Callable, Mapping

from tools.build.archive import parts
from tools.build.slots import sha256
from tools.deploy.board import Board

Step = bytes | tuple[int, int]  # what is sent, or where it begins in the archive there is, and its bytes


def steps(there: Mapping[str, tuple[int, int]], wanted: bytes) -> list[Step]:
    """Of how many parts in a row each is made; `there`: hash → where such a part begins, and its bytes."""
    found: list[Step] = []
    for part in parts(wanted):
        step: Step = there.get(sha256(part), part)
        before = found[-1] if found else None
        if isinstance(step, bytes) and isinstance(before, bytes):
            found[-1] = before + step
        elif isinstance(step, tuple) and isinstance(before, tuple) and sum(before) == step[0]:
            found[-1] = before[0], before[1] + step[1]
        else:
            found.append(step)
    return found


def sent_bytes(assembly: list[Step]) -> list[int]:
    """Bytes of each step that is sent."""
    return [len(step) for step in assembly if isinstance(step, bytes)]


def assemble(board: Board, source: str, target: str, assembly: list[Step], report: Callable):
    """Carry the steps out, of the archive `source`; `target` is not there yet."""
    piece = f"{target}.new"
    board.call("prepare", target)
    for step in assembly:
        if isinstance(step, bytes):
            board.write(piece, step, report)
            board.call("append", piece, 0, len(step), target)
            board.remove(piece)
        else:
            board.call("append", source, *step, target)
