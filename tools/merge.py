"""Fewer files on a chip: modules that are in memory together anyway become one.

Each module takes some 200 bytes of heap for itself, and an entry for each name that it imports. On a chip everything
that the application always needs is one module, and so is each part with what it alone imports. Nothing gets another
name: a traceback shows the same function, and the module it now stands in.
"""

import ast
import builtins
import functools
from collections.abc import Iterable, Iterator

from evencell.start_up import PARTS
from tools.constants import Edit, edited, instead_of, module_of
from tools.making import BuildError

# Modules that others become one with. A `.part` introduces others to each other and is let go: not it, but what stays.
_ALWAYS = ("evencell.app", "evencell.link.poller")
_WITH_A_PART = (
    "evencell.display.tasks",
    *("evencell.system.config_check", "evencell.system.sntp_ask", "evencell.link.command"),  # loaded for a while only
    *(module for _, _, module in PARTS if not module.endswith(".part")),
)


def merged(sources: dict[str, str]) -> dict[str, str]:
    """Name in the tree → text, for those of `sources` that are left. Raises BuildError where a name means one thing in
    one of two modules that become one, and something else in the other."""
    return dict(_merged(tuple(sources.items())))


@functools.lru_cache(maxsize=1)  # several builds in a row are of the same sources
def _merged(sources: tuple[tuple[str, str], ...]) -> list[tuple[str, str]]:
    texts = {module_of(name): text for name, text in sources}
    homes = homes_of(texts)
    return [(name, whole(module_of(name), texts, homes)) for name, _ in sources if module_of(name) not in homes]


def homes_of(texts: dict[str, str]) -> dict[str, str]:
    """Module → the one that it becomes a part of: the one without which nobody gets at it."""
    uses = {module: Uses(text, texts) for module, text in texts.items()}
    at_once = {module: use.at_once for module, use in uses.items()}
    ever = {module: use.at_once | use.later | use.by_name for module, use in uses.items()}
    packages = {module.rpartition(".")[0] for module in texts}
    fixed = {*_ALWAYS, *_WITH_A_PART, *packages}.union(*(use.by_name for use in uses.values()))
    homes: dict[str, str] = {}
    for home in _ALWAYS:
        homes |= dict.fromkeys(reached({home}, at_once) - fixed - set(homes), home)
    starts = set(_ALWAYS) | set(texts) - set().union(*ever.values())
    for home in _WITH_A_PART:
        bringing = {home, *(module for module in texts if home in at_once[module])}
        elsewhere = reached(starts - bringing, {module: ever[module] - bringing for module in texts})
        homes |= dict.fromkeys(reached({home}, at_once) - elsewhere - fixed - set(homes), home)
    return homes


def reached(starts: set[str], edges: dict[str, set[str]]) -> set[str]:
    """`starts`, and whatever they lead to."""
    found, new = set(), starts
    while new:
        found |= new
        new = set().union(*(edges.get(each, set()) for each in new)) - found
    return found


class Uses:
    """Which of the modules `known` a text imports: `at_once`, `later`, or `by_name`: that must stay a module."""

    def __init__(self, text: str, known: Iterable[str]):
        self.at_once: set[str] = set()
        self.later: set[str] = set()
        self.by_name: set[str] = set()
        tree = ast.parse(text)
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module:
                (self.at_once if node in tree.body else self.later).add(node.module)
                self.by_name |= {f"{node.module}.{alias.name}" for alias in node.names}
                self.by_name |= {node.module for alias in node.names if alias.asname}
            elif isinstance(node, ast.Import):
                self.by_name |= {alias.name for alias in node.names}
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                self.by_name.add(node.value)
                if node.value.endswith("."):  # the rest is made while the firmware runs
                    self.later |= {module for module in known if module.startswith(node.value)}
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "call":
                self.by_name.add(f"evencell.system.{ast.unparse(node.args[0])[1:-1]}")  # on_demand.py
        for names in (self.at_once, self.later, self.by_name):
            names &= set(known)


def whole(module: str, texts: dict[str, str], homes: dict[str, str]) -> str:
    """The text of a module with those it became one with, each behind what it imports."""
    members = in_order(module, texts, {other for other, home in homes.items() if home == module})
    origins: dict[str, str] = dict.fromkeys(dir(builtins), "Python")
    for member in members:
        for name, origin in origins_in(member, texts[member]).items():
            if origins.setdefault(name, origin) != origin:
                raise BuildError(f"{name} is of {origins[name]} and of {origin}, and both are in {module}: rename one.")
    return "\n".join(redirected(texts[member], module, homes) for member in members)


def in_order(module: str, texts: dict[str, str], members: set[str]) -> list[str]:
    """`members` and `module`, each behind those of them that it imports."""
    ordered: list[str] = []

    def visit(each: str):
        if each not in ordered:
            for other in sorted(Uses(texts[each], texts).at_once & members):
                visit(other)
            ordered.append(each)

    visit(module)
    return ordered


def origins_in(module: str, text: str) -> dict[str, str]:
    """Whose the names are that a module defines or imports, but for those within a function or a class."""
    found: dict[str, str] = {}
    for name, of in _bound(ast.parse(text).body):
        found[name] = (of or module) if found.get(name, of) == of else module  # here one, there another: its own
    return found


def _bound(statements: Iterable[ast.AST]) -> Iterator[tuple[str, str | None]]:
    """Each name that these bind, and the module that it is imported from."""
    for node in statements:
        if isinstance(node, ast.Import | ast.ImportFrom):
            of = node.module if isinstance(node, ast.ImportFrom) else None
            yield from ((alias.asname or alias.name, of or alias.name) for alias in node.names)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name, None
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id, None
        else:
            yield from _bound(ast.iter_child_nodes(node))


def redirected(text: str, home: str, homes: dict[str, str]) -> str:
    """The text with each import from where the names are now; what is in the same module need not be imported."""
    edits: list[Edit] = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and node.module in homes:
            there = homes[node.module]
            new = "pass" if there == home else ast.unparse(ast.ImportFrom(there, node.names, 0))
            edits.append(instead_of(node, new))
    return edited(text, edits)
