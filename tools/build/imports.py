"""The import graph: which module imports which, and when. For the build, the measurements and the tests of the layers.

A module is known by its full name (`evencell.net.tcp`). Each text is only parsed, never imported.
"""

import ast
import functools
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from tools.build.syntax import nodes, parsed

Edges = Mapping[str, set[str]]
_LOADING = ("call", "lazy", "load")  # functions of the firmware whose first argument is the name of a module
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_BLOCKS = (ast.stmt, ast.excepthandler, ast.match_case)  # what statements stand in


class Imports:
    """What one text imports: modules that are in `known`, and of all others what the import statement names."""

    def __init__(self, text: str, known: Iterable[str] = ()):
        known = set(known)
        tree = parsed(text)
        self.at_import: set[str] = set()  # as soon as the module is imported itself
        self.in_functions: set[str] = set()
        self.as_module: set[str] = set()  # bound as a module, or renamed: not only names of it are taken
        for node, is_in_function in _statements(tree):
            names = set(_modules(node, known))
            (self.in_functions if is_in_function else self.at_import).update(names)
            renames = isinstance(node, ast.Import) or any(alias.asname for alias in node.names)
            self.as_module |= names if renames else {name for name in names if name != getattr(node, "module", None)}
        texts = set(_texts(tree))
        self.named = texts & known  # in any string
        self.loaded = {text for text in _texts_loaded(tree) if text in known}  # `call("evencell.startup", "start_up")`
        # By a name whose beginning is a string: `"evencell.display.pages." + page`.
        self.by_prefix = {name for text in texts if text.endswith(".") for name in known if name.startswith(text)}

    @property
    def lazily(self) -> set[str]:
        """Modules that are imported in functions, by a statement or by their name."""
        return self.in_functions | self.loaded


def graph(texts: Mapping[str, str]) -> dict[str, Imports]:
    """Module → its imports, for texts by module."""
    known = frozenset(texts)
    return {module: _imports(text, known) for module, text in texts.items()}


@functools.lru_cache(maxsize=4096)
def _imports(text: str, known: frozenset[str]) -> Imports:
    return Imports(text, known)


def texts_of(sources: Mapping[str, Path]) -> dict[str, str]:
    """Module → text, for the code among sources by their name in the tree."""
    return {module_of(name): path.read_text("utf-8") for name, path in sources.items() if name.endswith(".py")}


def module_of(name: str) -> str:
    """The module that a file of the tree is imported as."""
    return name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def packages_of(module: str) -> set[str]:
    """The packages that are imported before a module is."""
    parts = module.split(".")
    return {".".join(parts[:count]) for count in range(1, len(parts))}


def reached(starts: Iterable[str], edges: Edges) -> set[str]:
    """`starts`, and all that they lead to."""
    found: set[str] = set()
    new = set(starts)
    while new:
        found |= new
        new = set().union(*(edges.get(each, set()) for each in new)) - found
    return found


def in_order(roots: Iterable[str], edges: Edges) -> list[str]:
    """`roots` and all that they lead to, each behind those that it leads to itself."""
    ordered: dict[str, None] = {}
    visited: set[str] = set()

    def visit(module: str):
        if module not in visited:
            visited.add(module)
            for other in sorted(edges.get(module, ())):
                visit(other)
            ordered[module] = None

    for root in roots:
        visit(root)
    return list(ordered)


def circles(edges: Edges) -> list[list[str]]:
    """Groups of modules each of which leads to all others of its group."""
    leading = {module: reached(edges[module], edges) for module in edges}
    found = {tuple(sorted(other for other in leading[each] if each in leading.get(other, ()))) for each in edges}
    return [list(group) for group in sorted(found) if group]


def _statements(tree: ast.AST, is_in_function: bool = False) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool]]:
    """Each import, and whether it is within a function."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node, is_in_function
        elif isinstance(node, _BLOCKS):
            yield from _statements(node, is_in_function or isinstance(node, _FUNCTIONS))


def _modules(node: ast.Import | ast.ImportFrom, known: set[str]) -> Iterator[str]:
    """The modules of a statement: `from a import b` imports `a.b` where that is a module, else `a`."""
    for alias in node.names:
        if isinstance(node, ast.Import):
            yield alias.name
        elif node.module:
            inner = f"{node.module}.{alias.name}"
            yield inner if inner in known else node.module


def _texts(tree: ast.AST) -> Iterator[str]:
    for node in nodes(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _texts_loaded(tree: ast.Module) -> Iterator[str]:
    """Strings in the first argument of a function that loads modules, themselves or by a constant of the module."""
    constants = {ast.unparse(node.targets[0]): node.value for node in tree.body if isinstance(node, ast.Assign)}
    for node in nodes(tree):
        if isinstance(node, ast.Call) and node.args and _last_name(node.func) in _LOADING:
            yield from _texts(constants.get(ast.unparse(node.args[0]), node.args[0]))


def _last_name(node: ast.expr) -> str:
    """`call` of `lazy.call`; empty where it is no name."""
    return node.id if isinstance(node, ast.Name) else getattr(node, "attr", "")
