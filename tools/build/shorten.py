"""Shorter names for what only one file knows: MicroPython keeps each name of the firmware in the heap, once for all.

When a file is compiled for a chip, public constants become numbers first (constants.py). Parameters, and the file's
private attributes, variables, functions and methods, become one or two letters, and so do public ones that no other
file uses. Every file uses the same letters, so there are some 400 names less. Whatever else is public keeps its name.

A private name that two files share would get different letters in each: that is a build error (`refuse_shared`), and
so is a file in which more than names has changed (verify.py).

A traceback of a chip shows the letters of a private function: the build lists them in `names.txt` (names.py).
"""

import ast
import builtins
import collections
import io
import itertools
import keyword
import re
import string
import tokenize
from collections.abc import Iterable, Iterator, Mapping, Set

from tools.build import constants
from tools.build.common import BuildError
from tools.build.imports import module_of
from tools.build.syntax import nodes, parsed
from tools.build.verify import check_renamed

_MOST_LETTERS = 2


def shortened(texts: dict[str, str], callers: Mapping[str, str]) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    """The texts (name in the tree → text) with shorter names, and of each the letters of its names.

    `callers` use what is in them, and stay as they are.
    """
    refuse_shared(texts)
    kept = kept_names(texts.values(), callers.values())
    unshared = unshared_names(texts, callers)
    letters = {name: letters_of(text, kept, unshared[name]) for name, text in texts.items()}
    after = {name: _renamed(text, letters[name], unshared[name]) for name, text in texts.items()}
    for name, text in texts.items():
        check_renamed(name, text, after[name], letters[name], unshared[name])
    return after, letters


def unshared_names(texts: Mapping[str, str], callers: Mapping[str, str]) -> dict[str, set[str]]:
    """Name in the tree → public names that the text defines, that no other one uses, and that no text mentions.

    They have two words: what MicroPython itself asks an object for, such as `write`, has one.
    """
    trees = {name: parsed(text) for name, text in [*texts.items(), *callers.items()]}
    names = {name: _all_names(tree) | _words(tree) for name, tree in trees.items()}
    count = collections.Counter(itertools.chain(*names.values()))
    return {
        name: {each for each in _defined(trees[name]) - _words(trees[name]) if "_" in each and count[each] == 1}
        for name in texts
    }


def _words(tree: ast.Module) -> set[str]:
    """Words of the texts in a file."""
    texts = (node.value for node in nodes(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str))
    return set(re.findall(r"\w+", " ".join(texts)))


def _defined(tree: ast.Module) -> set[str]:
    """Public functions, methods and attributes that a file makes itself."""
    found, others = set(), set()
    foreign = {alias.name for node in nodes(tree) if isinstance(node, ast.Import) for alias in node.names} | {"super()"}
    for node in nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and ast.unparse(node.value) == "self":
            found.add(node.attr)
        elif isinstance(node, ast.Attribute) and ast.unparse(node.value) in foreign:
            others.add(node.attr)
    return {name for name in found - others if not name.startswith("_")}


def refuse_shared(texts: Mapping[str, str]):
    """Raise BuildError where a private name of one of `texts` (name in the tree → text) is used in another one.

    That is: imported, taken from an object other than `self`, or inherited.
    """
    trees = {name: parsed(text) for name, text in texts.items()}
    makers: dict[str, list[str]] = {}
    for name, tree in trees.items():
        for private in _private_names(tree):
            makers.setdefault(private, []).append(name)
    classes = {
        f"{module_of(name)}.{node.name}": (name, node)
        for name, tree in trees.items()
        for node in tree.body
        if isinstance(node, ast.ClassDef)
    }
    for name, tree in trees.items():
        imported, own = _imported(tree), _private_names(tree)
        for node in nodes(tree):
            for private in _private_of_others(node, own):
                if others := [other for other in makers.get(private, ()) if other != name]:
                    raise BuildError(f"{name}: {private} is private in {others[0]}: make it public, or rename one")
            if isinstance(node, ast.Call) and not all(keyword.arg for keyword in node.keywords):
                raise BuildError(f"{name}: ** in a call hides which parameters must keep their names")
            if isinstance(node, ast.ClassDef):
                for base in _bases(node, imported):
                    other, inherited = classes.get(base, (name, node))
                    if other != name and _private_names(node) and _private_names(inherited):
                        raise BuildError(
                            f"{name}: {node.name} inherits from {base}, and both have private names: "
                            f"make those of {other} public"
                        )


def _private_of_others(node: ast.AST, own: set[str]) -> Iterator[str]:
    """Private names that the node takes from another module, from an object other than `self`, or from `self` though
    they are none of the file's `own`."""
    if isinstance(node, ast.ImportFrom):
        yield from (alias.name for alias in node.names if _is_private(alias.name))
    elif isinstance(node, ast.Attribute) and _is_private(node.attr):
        yield from [] if node.attr in own and ast.unparse(node.value) == "self" else [node.attr]


def _imported(tree: ast.Module) -> dict[str, str]:
    """Name in the file → full name, for all that the file imports."""
    found = {}
    for node in nodes(tree):
        if isinstance(node, ast.ImportFrom):
            found |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.asname or alias.name: alias.name for alias in node.names}
    return found


def _bases(node: ast.ClassDef, imported: Mapping[str, str]) -> Iterator[str]:
    """The classes that this one inherits from, by their full names where they are imported."""
    for base in map(ast.unparse, node.bases):
        module, _, name = base.rpartition(".")
        yield f"{imported.get(module, module)}.{name}" if module else imported.get(base, base)


def kept_names(texts: Iterable[str], callers: Iterable[str]) -> set[str]:
    """Names that stay in every file: those by which arguments are given, private ones that `callers` use, and letters
    that are a public attribute somewhere."""
    trees = [parsed(text) for text in callers]
    kept = keyword_names([*texts, *callers]).union(*map(_all_names, trees))
    attributes = (node.attr for text in texts for node in nodes(parsed(text)) if isinstance(node, ast.Attribute))
    return kept | {name for name in attributes if not _is_private(name) and len(name) <= _MOST_LETTERS}


def keyword_names(sources: Iterable[str]) -> set[str]:
    """Every name by which an argument is given anywhere: such a parameter must keep it."""
    every = (node for source in sources for node in nodes(parsed(source)))
    return {node.arg for node in every if isinstance(node, ast.keyword) and node.arg}


def shorten(source: str, kept: set[str]) -> str:
    """`source` with shorter names, but for those in `kept`."""
    return _renamed(source, letters_of(source, kept))


def letters_of(source: str, kept: set[str], unshared: Set[str] = frozenset()) -> dict[str, str]:
    """The names of `source` that become letters."""
    tree = parsed(source)
    names = (_private_names(tree) | _local_names(tree) | unshared) - kept - (_fixed_names(tree) - unshared)
    letters = _letters(_all_names(tree) | kept)
    return {name: next(letters) for name in sorted(names)}


def _renamed(source: str, short: dict[str, str], unshared: Set[str] = frozenset()) -> str:
    """The text with each name replaced where it stands; an attribute only if it is private or `unshared`.

    Nothing else changes: MicroPython makes a tuple of `(a, b) = (c, d)`, and none of `a, b = c, d`.
    """
    found, before = [], ""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        is_ours = token.type == tokenize.NAME and token.string in short
        if is_ours and (before != "." or _is_private(token.string) or token.string in unshared):
            found.append((token.start, token.end, short[token.string]))
        before = token.string
    return constants.edited(source, found)


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__") and name != "_"


def _all_names(tree: ast.Module) -> set[str]:
    fields = ("id", "arg", "attr", "name", "asname")
    found = {getattr(node, field, None) for node in nodes(tree) for field in fields}
    return {name for name in found if isinstance(name, str)}


def _private_names(tree: ast.AST) -> set[str]:
    """Those that the file makes itself: it may also use private ones of MicroPython's own modules."""
    found = set()
    for node in nodes(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ExceptHandler)):
            found.add(node.name or "")
        elif isinstance(node, (ast.Name, ast.Attribute)) and isinstance(node.ctx, ast.Store):
            found.add(node.id if isinstance(node, ast.Name) else node.attr)
    return {name for name in found if _is_private(name)}


def _local_names(tree: ast.Module) -> set[str]:
    return {node.arg for node in nodes(tree) if isinstance(node, ast.arg)} - {"self"}


def _fixed_names(tree: ast.Module) -> set[str]:
    """What others see, or what is no name at run time: builtins, imports, definitions, constants, what a module or a
    class offers, and what a text names."""
    fixed = set(dir(builtins))
    for node in nodes(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            fixed |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            fixed |= set() if _is_private(node.name) and not isinstance(node, ast.ClassDef) else {node.name}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            fixed.add(node.value)  # hasattr(self, "_socket")
        if isinstance(node, (ast.Module, ast.ClassDef)):
            fixed |= _assigned(node.body)
    return fixed


def _assigned(body: list[ast.stmt]) -> set[str]:
    """Names that these statements assign: public ones, and constants, which the compiler puts in place."""
    found = set()
    for statement in body:
        is_constant = isinstance(statement, ast.Assign) and "const(" in ast.unparse(statement.value)
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            continue
        for node in nodes(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                found |= {node.id} if is_constant or not _is_private(node.id) else set()
    return found


def _letters(taken: set[str]) -> Iterator[str]:
    """a, b, … z, A, … aa, ab, …, without those that stand for something already."""
    for count in range(1, _MOST_LETTERS + 1):
        for letters in itertools.product(string.ascii_letters, repeat=count):
            name = "".join(letters)
            if name not in taken and not keyword.iskeyword(name):
                yield name
