"""Fewer files on a chip: modules that are in memory together anyway become one.

Each module takes some 200 bytes of heap for itself, and an entry for each name that it imports. On a chip everything
that the application always needs is one module, and so is each part with what it alone imports. Nothing gets another
name: a traceback shows the same function, and the module it now stands in.
"""

import ast
import builtins
from collections.abc import Iterable, Iterator

from evencell.startup import PARTS
from tools.build.common import BuildError
from tools.build.constants import Edit, edited, instead_of
from tools.build.imports import Imports, graph, in_order, module_of, packages_of, reached
from tools.build.syntax import nodes, parsed

# Modules that others become one with. A `.part` connects others and is unloaded: it is not among them. The first and
# the third have what a wake of a device that sleeps needs, too: without a report it loads neither of the other two.
_ALWAYS = ("evencell.runtime.supervisor", "evencell.app", "evencell.link.bus", "evencell.link.poller")
# Modules that are in memory whenever the first is, though it does not import them.
_TOGETHER = {
    "evencell.app": ("evencell.storage.key_value",),
    "evencell.runtime.supervisor": ("evencell.clock.clock", "evencell.runtime.lazy", "evencell.storage.paths"),
    "evencell.link.bus": ("evencell.pack.pack", "evencell.pack.alarms", "evencell.pack.temperature"),
    # Every module that uses these needs a network.
    "evencell.net.station": ("evencell.net.network_backoff", "evencell.net.tcp"),
    "evencell.forward.tcp_wire": ("evencell.forward.change_filter",),  # MQTT and the database need both
    "evencell.forward.status_json": ("evencell.forward.event_json", "evencell.pack.fields"),
}
_WITH_A_PART = (
    "evencell.display.tasks",
    *("evencell.net.station", "evencell.setup.access"),
    *("evencell.clock.sntp_query", "evencell.link.writer"),  # loaded for a while only
    *(module for _, _, module in PARTS if not module.endswith(".part")),
)


def merged(sources: dict[str, str]) -> dict[str, str]:
    """Name in the tree → text, for those of `sources` that are left. Raises BuildError where a name means one thing in
    one of two modules that become one, and something else in the other."""
    return {name: text for name, (text, _) in merged_with_members(sources).items()}


def merged_with_members(sources: dict[str, str]) -> dict[str, tuple[str, list[str]]]:
    """The same, each text with the names in the tree of those it is made of, in their order in it."""
    texts = {module_of(name): text for name, text in sources.items()}
    names = {module_of(name): name for name in sources}
    uses = graph(texts)
    homes = homes_of(uses)
    found = {}
    for name in sources:
        module = module_of(name)
        if module not in homes:
            text, members = whole(module, texts, uses, homes)
            found[name] = text, [names[member] for member in members]
    return found


def homes_of(uses: dict[str, Imports]) -> dict[str, str]:
    """Module → the one that it becomes a part of: the one without which it is not imported."""
    known = uses.keys()
    at_import = {module: use.at_import & known for module, use in uses.items()}
    ever = {
        module: (use.at_import | use.in_functions | use.named | use.by_prefix) & known for module, use in uses.items()
    }
    packages = set().union(*map(packages_of, known))
    fixed = {*_ALWAYS, *_WITH_A_PART, *packages}.union(*(use.as_module | use.named for use in uses.values()))
    homes: dict[str, str] = {}
    for home in _ALWAYS:
        brought = {home, *_TOGETHER.get(home, ())} & known
        homes |= dict.fromkeys(reached(brought, at_import) - fixed - set(homes), home)
    for home, members in _TOGETHER.items():
        homes |= dict.fromkeys(({*members} & known) - fixed - set(homes), home)
    starts = set(_ALWAYS) | set(known) - set().union(*ever.values())
    for home in _WITH_A_PART:
        bringing = {home, *(module for module in known if home in at_import[module])}
        elsewhere = reached(starts - bringing, {module: ever[module] - bringing for module in known})
        homes |= dict.fromkeys(reached({home}, at_import) - elsewhere - fixed - set(homes), home)
    return homes


def whole(module: str, texts: dict[str, str], uses: dict[str, Imports], homes: dict[str, str]) -> tuple[str, list[str]]:
    """The text of a module with those it became one with, each behind what it imports; and these in that order."""
    parts = {module, *(other for other, home in homes.items() if home == module)}
    imported = {part: uses[part].at_import & parts for part in parts}
    members = in_order([*sorted(parts - {module}), module], imported)
    origins: dict[str, str] = dict.fromkeys(dir(builtins), "Python")
    for member in members:
        for name, origin in origins_in(member, texts[member]).items():
            if origins.setdefault(name, origin) != origin:
                raise BuildError(f"{name} is of {origins[name]} and of {origin}, and both are in {module}: rename one.")
    return "\n".join(redirected(texts[member], module, homes) for member in members), members


def origins_in(module: str, text: str) -> dict[str, str]:
    """Whose the names are that a module defines or imports, but for those within a function or a class."""
    found: dict[str, str] = {}
    for name, of in _bound(parsed(text).body):
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
    for node in nodes(parsed(text)):
        if isinstance(node, ast.ImportFrom) and node.module in homes:
            there = homes[node.module]
            new = "pass" if there == home else ast.unparse(ast.ImportFrom(there, node.names, 0))
            edits.append(instead_of(node, new))
    return edited(text, edits)
