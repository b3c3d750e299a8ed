"""Short names for the modules of a chip: `evencell.net.tcp` becomes `evencell.ab`.

MicroPython keeps three names of each module in the heap for good, once it was imported: the whole one, its last part,
and its path. A folder takes a module object for its package as well, and its name is a part of each path. So a module
of which only whole names are known becomes letters in the folder `evencell`; the letters are those of shorten.py, which
are in memory anyway. Of the others each loses a folder: `evencell.display.pages.glance` becomes
`evencell.display.pages_glance`.

A traceback of a chip shows the letters of a module: the build lists them in `names.txt` (names.py).
"""

import ast
import functools
import itertools
import keyword
import string
from collections.abc import Iterator, Mapping

from evencell.forward.http.router import ROUTES
from evencell.startup import PARTS
from tools.build.common import FIRMWARE, BuildError
from tools.build.constants import Edit, edited, in_characters, instead_of
from tools.build.imports import Imports, graph, module_of, reached, texts_of
from tools.build.syntax import nodes, parsed

# Of py/makeqstrdata.py's static_qstr_list, which every .mpy file relies on, and of built-in modules of every port.
IN_THE_FLASH = (
    "all any append args bool bytes chr clear close const copy count dict dir divmod end eval exec extend find get "
    "hash id index insert int items iter join key keys len list little locals lower lstrip map next object open ord "
    "pop pow print range read remove repr rfind round rsplit rstrip self send sep set sort sorted split start step "
    "stop str strip sum super throw tuple type upper value values write zip sleep time gmtime mktime enable dumps "
    "dump load loads mkdir rename rmdir stat unlink uname unpack argv path exit sin cos tan acos asin atan sqrt floor "
    "ceil log fabs fmod modf seed poll accept bind listen recv array deque tell seek flush crc32 sha256 digest errno "
    "json math socket struct"
)
_HTTP = "evencell/forward/http/"
_HTTP_ON_A_CHIP = "evencell/http/"
_ROUTED = {"evencell.forward.http." + line.split()[2] for line in ROUTES.split("\n") if line}
_READS_A_FOLDER = "evencell.forward.http.page_file"  # page/ beside itself
_UNLOADED_BY_ITS_NAME = "part"  # what startup.py unloads once it was started
_DISPLAY = "evencell/display/"
_PREFIXES = ("evencell.display.",)  # of names that are put together: what follows is in strings of modules below


def flat_name(name: str) -> str:
    """The name in a chip's tree of a file, by that of its source. A data file lies beside the module that reads it."""
    if name in letters():
        return f"evencell/{letters()[name]}.py"
    if name.startswith(_HTTP):
        return _HTTP_ON_A_CHIP + name.removeprefix(_HTTP) if _is_of_its_folder(name) else _at_the_top(name)
    folder, _, file = name.rpartition("/")
    if not name.startswith("evencell/") or folder in ("evencell", _DISPLAY[:-1]) or module_of(name) in of_main():
        return name
    if not file.endswith(".py") and not name.startswith(_DISPLAY):
        return _at_the_top(name)
    if file == "__init__.py":
        return f"{folder}.py"
    parent, _, own = folder.rpartition("/")
    parent = parent if name.startswith(_DISPLAY) else "evencell"
    return f"{parent}/{own}_{file}" if file.endswith(".py") else f"{parent}/{file}"


def _is_of_its_folder(name: str) -> bool:
    """Whether a file below `forward/http` stays with that: modules that are found by a part of their names, packages,
    and the page."""
    return name.endswith(".py") or "/" in name.removeprefix(_HTTP)


def _at_the_top(name: str) -> str:
    return f"evencell/{name.rpartition('/')[2]}"


@functools.cache
def letters() -> Mapping[str, str]:
    """Name in the tree → letters of a module that nothing finds by a part of its name. Those that are loaded by their
    name again and again come first: of ten characters a name is no object of its own wherever it is mentioned."""
    sources = {str(path.relative_to(FIRMWARE)): path for path in sorted(FIRMWARE.glob("evencell/**/*.py"))}
    uses = graph(texts_of(sources))
    by_prefix = set().union(*(use.by_prefix for use in uses.values())).difference(*[_of_http(uses) - _ROUTED])
    fixed = by_prefix | of_main() | {_READS_A_FOLDER}
    parts = {module for _, _, module in PARTS}
    resident = reached({*parts, *of_main()}, {module: use.at_import & uses.keys() for module, use in uses.items()})
    often = set().union(*(uses[module].named for module in resident))
    ours = [
        name
        for name in sorted(sources, key=lambda name: (module_of(name) not in often, name))
        if not name.endswith(("__init__.py", _UNLOADED_BY_ITS_NAME + ".py")) and module_of(name) not in fixed
    ]
    return dict(zip(ours, _letters(), strict=False))


def _of_http(modules) -> set[str]:
    return {module for module in modules if module.startswith("evencell.forward.http.")}


@functools.cache
def of_main() -> set[str]:
    """Modules that main.py imports, which an update does not change."""
    modules = [module_of(str(path.relative_to(FIRMWARE))) for path in FIRMWARE.glob("evencell/**/*.py")]
    return Imports((FIRMWARE / "main.py").read_text("utf-8"), modules).at_import & {*modules}


def _letters() -> Iterator[str]:
    """Letters, and names that MicroPython has in its flash: the last part of a module's name is in the heap for good.

    Not longer than six characters: with `evencell.` in front they fill a block of the heap.
    """
    yield from string.ascii_letters
    yield from IN_THE_FLASH.split()
    for count in itertools.count(2):
        for found in itertools.product(string.ascii_letters, repeat=count):
            if not keyword.iskeyword("".join(found)):
                yield "".join(found)


def flattened(texts: Mapping[str, str]) -> dict[str, str]:
    """The texts, by the names that they had, with the new names of all modules in them. Raises BuildError for a name
    that would be missed."""
    names = [name for name in texts if flat_name(name) != name and not name.endswith("/__init__.py")]
    moved = {module_of(name): module_of(flat_name(name)) for name in names}
    stay = {module_of(name) for name in texts} - moved.keys()
    prefixes = dict(_prefixes(name) for name in names if name not in letters())
    missed = {_folder_of(module) for module in moved} - {"evencell."}
    return {name: edited(text, list(_edits(name, text, moved, prefixes, stay, missed))) for name, text in texts.items()}


def _prefixes(name: str) -> tuple[str, str]:
    """What a module's name begins with, and on a chip."""
    module, flat = module_of(name), module_of(flat_name(name))
    return _folder_of(module), flat.removesuffix(module.rpartition(".")[2])


def _folder_of(module: str) -> str:
    return module.rpartition(".")[0] + "."


def _edits(
    name: str, text: str, moved: Mapping[str, str], prefixes: Mapping[str, str], stay: set[str], missed: set[str]
) -> Iterator[Edit]:
    lines = text.splitlines(keepends=True)
    moved_texts = {**moved, **prefixes}
    put_together = ("", *(prefix for prefix in _PREFIXES if module_of(name).startswith(prefix)))
    docstrings = {id(node.value) for node in nodes(parsed(text)) if isinstance(node, ast.Expr)}
    for node in nodes(parsed(text)):
        if isinstance(node, ast.ImportFrom) and node.module:
            if new := _import(name, node, moved):
                yield instead_of(node, ast.unparse(new))
        elif isinstance(node, ast.Import) and any(alias.name in moved for alias in node.names):
            raise BuildError(f"{name}: import … from: {ast.unparse(node)}")
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            found = [prefix for prefix in put_together if prefix + node.value in moved_texts]
            if found:
                yield in_characters(node, repr(moved_texts[found[0] + node.value][len(found[0]) :]), lines)
            elif node.value not in stay and any(node.value.startswith(start) for start in missed):
                raise BuildError(f"{name}: {node.value!r} is no whole name of a module")


def _import(name: str, node: ast.ImportFrom, moved: Mapping[str, str]) -> ast.ImportFrom | None:
    """The statement from where the modules are now; None where that is nothing new."""
    module = node.module or ""
    if module in moved:
        return ast.ImportFrom(moved[module], node.names, 0)
    inner = [moved.get(f"{module}.{alias.name}") for alias in node.names]
    if not any(inner):
        return None
    if not all(inner) or len({_folder_of(str(new)) for new in inner}) > 1:
        raise BuildError(f"{name}: modules apart from other names: {ast.unparse(node)}")
    pairs = zip(node.names, inner, strict=True)
    aliases = [ast.alias(str(new).rpartition(".")[2], alias.asname or alias.name) for alias, new in pairs]
    return ast.ImportFrom(str(inner[0]).rpartition(".")[0], aliases, 0)
