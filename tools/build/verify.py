"""Checks on the rewritten sources of a chip: a pass that changed what the code does is a build error.

Each check compares results, and does not depend on how a pass works.
"""

import ast
import builtins
import symtable
from collections.abc import Iterable, Iterator, Mapping, Set

from tools.build.common import BuildError
from tools.build.constants import is_only_compiled
from tools.build.imports import module_of
from tools.build.syntax import nodes, parsed

_OURS = ("evencell", "boards")
_NAMES = ("id", "arg", "attr", "name", "asname")  # fields of a syntax tree that hold a name
_SET_BY_PYTHON = {"__name__", "__file__", "__path__"}


def check_sources(texts: Mapping[str, str], callers: Mapping[str, str]):
    """Raise BuildError where an import among `texts` (name in the tree → text) or of `callers` finds nothing, or where
    a text uses a name that it neither defines nor imports."""
    every = {**texts, **callers}
    bound = {module_of(name): bound_names(text) for name, text in every.items()}
    for name, text in every.items():
        for module, wanted in _imported(text):
            found = f"{module}.{wanted}" in bound or wanted in bound.get(module, ())
            if module.split(".")[0] in _OURS and not found:
                raise BuildError(f"{name}: {wanted} is imported from {module}, and is not there")
    for name, text in texts.items():
        known = bound[module_of(name)] | set(dir(builtins)) | _SET_BY_PYTHON
        known |= {"const"} if is_only_compiled(parsed(text)) else set()
        if undefined := sorted(set(_globals_used(symtable.symtable(text, name, "exec"))) - known):
            raise BuildError(f"{name}: {', '.join(undefined)}: used, but neither defined nor imported")


def check_renamed(name: str, before: str, after: str, letters: Mapping[str, str], unshared: Set[str] = frozenset()):
    """Raise BuildError unless `after` is `before` with the names of `letters` replaced, and no two names became one.

    Attributes are replaced only if they are private or `unshared`; what is imported, and the names of arguments in
    calls, never.
    """
    used = {getattr(node, field, None) for node in nodes(parsed(before)) for field in _NAMES}
    if len({*letters.values()}) < len(letters) or used & {*letters.values()}:
        raise BuildError(f"{name}: two names became one: {', '.join(sorted(set(letters.values())))}")
    tree = ast.parse(before)
    for node in ast.walk(tree):
        if isinstance(node, ast.Global | ast.Nonlocal):
            node.names = [letters.get(each, each) for each in node.names]
        elif isinstance(node, ast.Attribute):
            is_replaced = node.attr.startswith("_") or node.attr in unshared
            node.attr = letters.get(node.attr, node.attr) if is_replaced else node.attr
        elif not isinstance(node, ast.keyword | ast.alias):
            for field in _NAMES:
                old = getattr(node, field, None)
                if isinstance(old, str):
                    setattr(node, field, letters.get(old, old))
    if ast.dump(tree) != ast.dump(parsed(after)):
        raise BuildError(f"{name}: more than names changed when they became letters")


def check_texts(name: str, before: str, after: str):
    """Raise BuildError unless `after` is `before` with some texts in tuples of their own: `("text",)[0]`."""

    class Back(ast.NodeTransformer):
        def visit_Subscript(self, node: ast.Subscript):
            self.generic_visit(node)
            is_first = isinstance(node.slice, ast.Constant) and node.slice.value == 0
            if is_first and isinstance(node.value, ast.Tuple) and len(node.value.elts) == 1:
                return node.value.elts[0]
            return node

    if after != before and ast.dump(Back().visit(ast.parse(before))) != ast.dump(Back().visit(ast.parse(after))):
        raise BuildError(f"{name}: more than texts changed when they were put into tuples")


def bound_names(text: str) -> set[str]:
    """Names that a module has once it is imported."""
    table = symtable.symtable(text, "", "exec")
    own = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_assigned() or symbol.is_imported()}
    return own | set(_globals_set(table))


def _globals_set(table: symtable.SymbolTable) -> Iterator[str]:
    """Names of the module that functions assign."""
    for child in table.get_children():
        for symbol in child.get_symbols():
            if symbol.is_declared_global() and symbol.is_assigned():
                yield symbol.get_name()
        yield from _globals_set(child)


def _globals_used(table: symtable.SymbolTable) -> Iterator[str]:
    """Global names that the code of a module uses."""
    is_module = table.get_type() == "module"
    for symbol in table.get_symbols():
        if symbol.is_referenced() and (is_module or symbol.is_global()):
            yield symbol.get_name()
    for child in table.get_children():
        yield from _globals_used(child)


def _imported(text: str) -> Iterable[tuple[str, str]]:
    """Module and name of each `from module import name`."""
    for node in nodes(parsed(text)):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                yield node.module, alias.name
