"""What each pass over the sources is worth: `python -m tools.bench.passes` prints the table of decision 11.

Bytes of heap that the code of a profile takes once all its parts are loaded from files, on MicroPython's 32-bit port.
"""

from tools.bench.ledger import heap_of, resident
from tools.build.common import BUILD
from tools.build.passes import PASSES
from tools.build.select import PROFILES
from tools.build.tree import alone, board_data, build_tree


def main():
    """Print the bytes with all passes, without each one, and without any."""
    print(f"| passes | {' | '.join(PROFILES)} |\n|---|{'---:|' * len(PROFILES)}")
    for name, passes in variants().items():
        print(f"| {name} | {' | '.join(f'{loaded_bytes(profile, passes):,}' for profile in PROFILES)} |")


def variants() -> dict[str, tuple[str, ...]]:
    """All passes, all but one, none."""
    without = {f"without `{left}`": tuple(each for each in PASSES if each != left) for left in PASSES}
    return {"all": PASSES, **without, "none": ()}


def loaded_bytes(profile: str, passes: tuple[str, ...]) -> int:
    """Heap that the modules of the profile take."""
    with alone():
        board = {**board_data("host"), "small": True, "passes": passes}
        tree = build_tree(BUILD / "-".join(["host", *passes]), board, "full")
    modules = [name for name in resident(profile) if (tree / name.replace(".", "/")).with_suffix(".mpy").exists()]
    return sum(heap_of(tree, modules).values())


if __name__ == "__main__":
    main()
