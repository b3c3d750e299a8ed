"""Short texts of code that is unloaded again: on a chip each stands in a tuple.

MicroPython makes a name of a text of up to ten characters in a compiled file, and keeps names in the heap for good, in
tables that double when full; a text in a constant tuple is an object, which goes with the code. So `"mac"` becomes
`("mac",)[0]`: 48 bytes while the code is loaded. What is a name anyway stays as it is: of anything in the sources, of
MicroPython itself, or in a text of code that is always loaded.

Source: MicroPython's py/parse.c (MICROPY_ALLOC_PARSE_INTERN_STRING_LEN) and py/persistentcode.c (load_obj).
"""

import ast
import builtins
import collections
from collections.abc import Iterable, Iterator, Mapping, Set

from evencell.startup import PARTS
from tools.build.constants import Edit, edited, in_characters
from tools.build.flatten import IN_THE_FLASH, of_main
from tools.build.imports import graph, module_of, reached
from tools.build.syntax import nodes, parsed
from tools.build.verify import check_texts

_MAX_BYTES = 10
_MAX_PLACES = 2  # of a text: a name takes about 20 bytes wherever it stands
# What is loaded for nearly all the time, or until the device sleeps: there a name takes less than a tuple.
_FOLDERS_OF_NAMES = ("evencell/display/", "evencell/power/")
_NAMES = ("id", "arg", "attr", "name", "asname", "module")  # fields of a syntax tree that hold a name


def in_tuples(texts: Mapping[str, str], callers: Iterable[str], always: Set[str]) -> dict[str, str]:
    """`texts` (name in the tree → text) in which short texts stand in tuples, but for files in `always`."""
    known = set(dir(builtins)) | set(IN_THE_FLASH.split())
    for text in (*texts.values(), *callers):
        known |= _names(parsed(text))
    for text in (*(texts[name] for name in always), *callers):
        known |= {value for _, value in _short(parsed(text))}
    lazy = [text for name, text in texts.items() if name not in always]
    places = collections.Counter(value for text in lazy for _, value in _short(parsed(text)))
    known |= {value for value, count in places.items() if count > _MAX_PLACES}
    found = {}
    for name, text in texts.items():
        found[name] = text if name in always else edited(text, list(_edits(text, known)))
        check_texts(name, text, found[name])
    return found


def always_loaded(texts: Mapping[str, str]) -> set[str]:
    """The files (name in the tree → text) that stay loaded where their part runs, by imports as in the sources."""
    modules = {module_of(name): name for name in texts}
    uses = graph({module: texts[name] for module, name in modules.items()})
    starts = {*of_main(), *(module for _, _, module in PARTS)} & modules.keys()
    found = reached(starts, {module: use.at_import & modules.keys() for module, use in uses.items()})
    return {modules[module] for module in found} | {name for name in texts if name.startswith(_FOLDERS_OF_NAMES)}


def _names(tree: ast.Module) -> set[str]:
    fields = (getattr(node, field, None) for node in nodes(tree) for field in _NAMES)
    return {part for field in fields if isinstance(field, str) for part in (field, *field.split("."))}


def _edits(text: str, known: Set[str]) -> Iterator[Edit]:
    lines = text.splitlines(keepends=True)
    for node, value in _short(parsed(text)):
        if value not in known:
            yield in_characters(node, f"({value!r},)[0]", lines)


def _short(tree: ast.Module) -> Iterator[tuple[ast.Constant, str]]:
    """The texts of which MicroPython makes names, but for names of modules: an import makes those."""
    skipped: set[int] = set()
    for node in nodes(tree):
        if isinstance(node, ast.Tuple) and _is_constant(node):
            skipped |= {id(inner) for inner in nodes(node)}
        elif isinstance(node, ast.Expr):  # a docstring
            skipped.add(id(node.value))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "const":
            skipped |= {id(argument) for argument in node.args}
        for annotation in (getattr(node, "annotation", None), getattr(node, "returns", None)):
            if isinstance(annotation, ast.AST):
                skipped |= {id(inner) for inner in nodes(annotation)}
    for node in nodes(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in skipped:
            is_short = 0 < len(node.value.encode()) <= _MAX_BYTES
            if is_short and not node.value.startswith("evencell"):
                yield node, node.value


def _is_constant(node: ast.expr) -> bool:
    """Whether the compiler makes one object of it."""
    if isinstance(node, ast.Tuple):
        return all(map(_is_constant, node.elts))
    return isinstance(node, ast.Constant)
