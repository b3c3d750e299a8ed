"""What a MicroPython with evencell in it freezes (docs/firmware.md): `frozen/` and a `manifest.py` that names it.

Code is frozen as sources, and not as `.mpy`: what is frozen is named after the source whose name was compiled into it,
and ours say less than the whole of it (build.py). So MicroPython's own compiler does it, and versions always go
together. Page, fonts and texts are frozen as the bytes of one module, `frozen_files`.
"""

from pathlib import Path

from evencell import __version__
from tools.build import names, page
from tools.build.common import FIRMWARE, written
from tools.build.memory_budget import usual_plan
from tools.build.memory_plan import OWN
from tools.build.passes import FROZEN_PASSES
from tools.build.select import IS_FROZEN
from tools.build.slots import PLAN
from tools.build.strip import without_slots
from tools.build.tree import RELEASE_KEY, alone, board_module, names_text, plan_of, remove_others, sources_of

SOURCES = "frozen"
MANIFEST = "manifest.py"
MARK = "evencell firmware {version} for {board}"  # in each image, for who has nothing but its bytes
_SERVER = "evencell/forward/http/routes.py"  # serves the page
# What evencell needs of MicroPython's own frozen modules: asyncio, and on a chip what mounts the file system.
_ASYNCIO = 'include("$(MPY_DIR)/extmod/asyncio")'
_MOUNT = 'freeze("$(PORT_DIR)/modules", ("_boot.py", "flashbdev.py", "inisetup.py"))'
_FILES = '''"""The data files of this build, and the mark of its image."""


def find(path):
    """Content of a data file, None where this build has none of that path."""
'''


def lay_out(folder: Path, board: dict, profile: str, release_key: bytes | None = None):
    """Put both into `folder`, for a chip's board or for this computer. `release_key`: content of RELEASE_KEY."""
    tree = folder / SOURCES
    with alone():
        sources = sources_of({**board, "passes": FROZEN_PASSES, IS_FROZEN: True}, profile)
        texts = {name: without_slots(path.read_text("utf-8")) for name, path in sources.items() if path.suffix == ".py"}
        files = {name: path.read_bytes() for name, path in sources.items() if path.suffix != ".py"}
    if _SERVER in sources:
        files |= page.built()
    if release_key:
        files[RELEASE_KEY] = release_key
    if board["chip"] != "host":
        with alone():
            files[PLAN] = plan_of(usual_plan(board, profile, OWN)).encode()
    texts["board.py"] = board_module(board)
    texts["boot.py"] = (FIRMWARE / "frozen_boot.py").read_text("utf-8")
    texts["frozen_files.py"] = files_module(files, MARK.format(version=__version__, board=board["name"]))
    written(texts, tree)
    # Always new: makemanifest.py freezes nothing where no file is younger than what it froze last, for any board.
    (tree / "main.py").write_bytes((FIRMWARE / "main.py").read_bytes())
    remove_others(tree, {*texts, "main.py"})
    (folder / MANIFEST).write_text(manifest(board), "ascii")


def write_names(folder: Path) -> str:
    """Write `names.txt` into the folder, for a firmware of files and for this one (names.py); returns its ID."""
    with alone():
        text = names_text()
    (folder / names.FILE).write_text(text, "utf-8")
    return names.id_of(text)


def manifest(board: dict) -> str:
    """The manifest for makemanifest.py, which lies beside `frozen/`."""
    parts = [_ASYNCIO] if board["chip"] == "host" else [_ASYNCIO, _MOUNT]
    lines = ['"""What evencell\'s own firmware freezes: docs/firmware.md."""', "", *parts, f'freeze("{SOURCES}")', ""]
    return "\n".join(lines)


def files_module(files: dict[str, bytes], mark: str) -> str:
    """The module that holds data files, as constants of one function: a dict of them would take heap."""
    contents = {**files, "mark": mark.encode()}
    finds = "".join(f"    if path == {name!r}:\n        return {data!r}\n" for name, data in sorted(contents.items()))
    return f"{_FILES}{finds}    return None\n"
