"""What a MicroPython of one's own freezes (docs/frozen.md): sources in `frozen/`, and a `manifest.py` that names them.

Sources, and no `.mpy`: what is frozen is named after the source whose name was compiled into it, and ours say less than
the whole of it (build.py). So MicroPython's own compiler does it, and versions always go together.
"""

from pathlib import Path

from tools.build import alone, board_module, remove_others, sources_of
from tools.making import FIRMWARE, written
from tools.shake import without_slots

SOURCES = "frozen"
MANIFEST = "manifest.py"
_TEXT = f'''"""Freezes this build into a MicroPython of your own: docs/frozen.md."""

include("$(PORT_DIR)/boards/manifest.py")
freeze("{SOURCES}")
'''


def lay_out(folder: Path, board: dict, profile: str):
    """Put both into `folder`. What can't be frozen (the page, fonts, words) is not among it."""
    tree = folder / SOURCES
    with alone():
        paths = {name: path for name, path in sources_of(board, profile).items() if path.suffix == ".py"}
        texts = {name: without_slots(path.read_text("utf-8")) for name, path in paths.items()}
    texts["board.py"] = board_module(board)
    written(texts, tree)
    # Always new: makemanifest.py freezes nothing where no file is younger than what it froze last, for any board.
    (tree / "main.py").write_bytes((FIRMWARE / "main.py").read_bytes())
    remove_others(tree, {*texts, "main.py"})
    (folder / MANIFEST).write_text(_TEXT, "ascii")
