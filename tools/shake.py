"""Leaves out what the device has no use for: a `.mpy` lives in RAM, all of it.

Works on sources while the tree is built: of the installed web server, which is neither copied nor changed, what the
firmware never calls; of the firmware, what only CPython looks at.
"""

import ast
from collections.abc import Collection

# Of microdot, what the firmware never calls: requests that send forms, answers that redirect, a server of its own. A
# name that a newer version no longer has is an error.
MICRODOT_UNUSED = {
    "__init__.py": ("abort", "redirect", "send_file", "URLPattern", "AsyncBytesIO", "iscoroutine"),
    "microdot.py": (
        "urlencode", "AsyncBytesIO", "abort", "redirect", "send_file", "MultiDict.getlist",
        "Request.form", "Request.files", "Request.stream", "Request.after_request",
        "Response.set_cookie", "Response.delete_cookie", "Response.redirect", "Response.types_map",
        "URLPattern.register_type", "URLPattern.__repr__", "HTTPException.__repr__",
        "Microdot.post", "Microdot.put", "Microdot.patch", "Microdot.delete", "Microdot.query",
        "Microdot.after_request", "Microdot.after_error_request", "Microdot.errorhandler", "Microdot.mount",
        "Microdot.abort", "Microdot.start_server", "Microdot.run", "Microdot.shutdown",
    ),
}  # fmt: skip

# Modules that MicroPython lacks: of `try: import` such a one, only what follows the failure is ever run.
_LACKING = ("orjson", "inspect")


def shake(source: str, unused: Collection[str]) -> str:
    """`source` without the definitions in `unused` (`function`, `Class.method`, `Class.attribute`), and what imports
    them; raises KeyError for a name that isn't there."""
    tree = ast.parse(source)
    found: set[str] = set()
    tree.body = _kept(tree.body, "", unused, found)
    if missing := set(unused) - found:
        raise KeyError(", ".join(sorted(missing)))
    return ast.unparse(tree)


def _kept(body: list[ast.stmt], prefix: str, unused: Collection[str], found: set[str]) -> list[ast.stmt]:
    kept: list[ast.stmt] = []
    for node in body:
        names = {prefix + name for name in _names(node)} & set(unused)
        found |= names
        if isinstance(node, ast.ImportFrom):
            node.names = [alias for alias in node.names if alias.name not in names]
            kept += [node] if node.names else []
        elif isinstance(node, ast.Try):
            kept += _run(node)
        elif not names:
            if isinstance(node, ast.ClassDef):
                node.body = _kept(node.body, f"{node.name}.", unused, found)
            kept.append(node)
    return kept


def _names(node: ast.stmt) -> list[str]:
    """What a statement defines or imports."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return [node.name]
    if isinstance(node, ast.Assign):
        return [target.id for target in node.targets if isinstance(target, ast.Name)]
    if isinstance(node, ast.ImportFrom):
        return [alias.name for alias in node.names]
    return []


def _run(node: ast.Try) -> list[ast.stmt]:
    """The branch of `try: import … except ImportError: …` that MicroPython runs."""
    first = node.body[0]
    if isinstance(first, ast.Import):
        module = first.names[0].name
    else:
        module = first.module if isinstance(first, ast.ImportFrom) else None
    return node.handlers[0].body if module in _LACKING else node.body


def without_slots(source: str) -> str:
    """`source` without `__slots__`, which MicroPython stores and ignores; every other line keeps its number."""
    lines = source.split("\n")
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Assign) and "__slots__" in _names(node):
            for number in range(node.lineno, (node.end_lineno or node.lineno) + 1):
                lines[number - 1] = ""
    return "\n".join(lines)
