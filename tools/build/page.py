"""The page's files: JavaScript modules joined, comments stripped, versioned by one content hash, compressed.

The sources in `firmware/evencell/forward/http/page/` are a working page by themselves: browsers load each module.
docs/decisions/0022-page-build.md has the reasons.
"""

import base64
import functools
import gzip
import hashlib
import re
from pathlib import Path

from tools.build.common import FIRMWARE, BuildError
from tools.screens.png import encode_png

FOLDER = "evencell/forward/http/page"
INDEX = "index.html"
ENTRY = "app.js"  # joined with all that it imports; each view that it loads later is a file of its own
SETUP = "setup"  # the page of first contact: one document, with its style sheet and all its modules inside
_HASH_DIGITS = 8  # what fits into the time of a compressed file, where the device finds it
_ICON = "icon.png"
_ICON_PIXELS = 192
_GREEN, _WHITE = bytes((15, 107, 82)), bytes((255, 255, 255))
_ICON_BARS = ((48, 84), (84, 60), (120, 72))  # left edge and top of each cell, in pixels of 192; all end at 144

_IMPORT = re.compile(r"^import \{[^}]*\} from \"\./(\w+\.js)\";\n", re.MULTILINE)
_STYLE_IMPORT = re.compile(r"^@import \"(\w+\.css)\";\n", re.MULTILINE)
_COMMENT_LINE = re.compile(r"^\s*//.*\n", re.MULTILINE)
_COMMENT_BLOCK = re.compile(r"^\s*/\*.*?\*/\s*?\n", re.MULTILINE | re.DOTALL)
_DECLARATION = re.compile(r"^(?:export )?(?:async )?(?:function|const|let|class) (\w+)", re.MULTILINE)
_START = '<script src="/page/start.js"></script>'


def sources() -> dict[str, Path]:
    """Name → source of every file of the page."""
    return {path.name: path for path in sorted((FIRMWARE / FOLDER).iterdir())}


def built() -> dict[str, bytes]:
    """Path in the tree → content of every file of the page, compressed except for the picture."""
    return dict(_built(tuple((name, path.read_text("utf-8")) for name, path in sources().items())))


@functools.lru_cache(maxsize=1)  # a build needs it for the files and for what is frozen
def _built(named_texts: tuple[tuple[str, str], ...]) -> dict[str, bytes]:
    texts = dict(named_texts)
    version = hashlib.sha256(repr(sorted(texts.items())).encode()).hexdigest()[:_HASH_DIGITS]
    files = {name: text for name, text in texts.items() if not name.endswith((".js", ".css"))}
    modules = {name: text for name, text in texts.items() if name.endswith(".js")}
    start = stripped(modules.pop("start.js"))
    bundle = order(ENTRY, modules)
    files[ENTRY] = joined({name: modules[name] for name in bundle})
    setup = order(f"{SETUP}.js", modules)
    script = joined({name: modules[name] for name in setup})
    files[f"{SETUP}.html"] = self_contained(files[f"{SETUP}.html"], styles(f"{SETUP}.css", texts), script)
    for name in views(modules) - {ENTRY, f"{SETUP}.js"}:
        files[name] = chunk(name, modules, bundle, version)
    files["page.css"] = styles("page.css", texts)
    files[INDEX] = index(files[INDEX], start, version)
    packed = {
        f"{FOLDER}/{name}.gz": gzip.compress(text.encode(), 9, mtime=int(version, 16)) for name, text in files.items()
    }
    return {**packed, f"{FOLDER}/{_ICON}": icon()}


def order(entry: str, modules: dict[str, str]) -> list[str]:
    """`entry` and every module that it imports, each after what it imports itself."""
    found = []

    def add(name: str, path: tuple):
        if name in path:
            raise BuildError(f"{name} imports itself, by way of {', '.join(path)}")
        for imported in _IMPORT.findall(modules[name]):
            if imported not in found:
                add(imported, (*path, name))
        found.append(name)

    add(entry, ())
    return found


def joined(modules: dict[str, str]) -> str:
    """One module of several. All share one scope, so a name that two of them declare is a BuildError."""
    owners: dict[str, str] = {}
    for module, text in modules.items():
        for name in _DECLARATION.findall(text):
            if owners.setdefault(name, module) != module:
                raise BuildError(f"{name} is declared in {owners[name]} and in {module}")
    return stripped("".join(_IMPORT.sub("", text) for text in modules.values()))


def views(modules: dict[str, str]) -> set[str]:
    """The modules that no other one imports by a statement."""
    return modules.keys() - {name for text in modules.values() for name in _IMPORT.findall(text)}


def chunk(name: str, modules: dict[str, str], bundle: list[str], version: str) -> str:
    """A module that is loaded later, joined with what it imports and the bundle has not; the rest comes from there."""
    own = [module for module in order(name, modules) if module not in bundle]
    imports = [found for module in own for found in _IMPORT.finditer(modules[module]) if found[1] in bundle]
    listed = ", ".join(
        dict.fromkeys(word for found in imports for word in re.findall(r"[\w$]+", found[0].split("}")[0])[1:])
    )
    return f'import {{ {listed} }} from "./{ENTRY}?{version}";\n' + joined({module: modules[module] for module in own})


def styles(name: str, texts: dict[str, str]) -> str:
    """A style sheet, with those that it imports in their places."""
    return stripped(_STYLE_IMPORT.sub(lambda found: texts[found[1]], texts[name]))


def stripped(text: str) -> str:
    """JavaScript or CSS without comment lines and indentation."""
    for number, line in enumerate(text.splitlines(), 1):
        if line.count("`") % 2:
            raise BuildError(f"line {number}: a template literal over several lines would lose its indentation: {line}")
    text = _COMMENT_LINE.sub("", _COMMENT_BLOCK.sub("", text))
    return "".join(f"{line.strip()}\n" for line in text.splitlines() if line.strip())


def index(text: str, start: str, version: str) -> str:
    """The document, with the start script inline (its hash in the policy) and the version in every address."""
    text = replaced(text, _START, f"<script>{start}</script>")
    text = replaced(text, "script-src 'self'", f"script-src 'self' {hash_of(start)}")
    text = re.sub(r'="(/page/[\w.]+)"', rf'="\1?{version}"', text)
    text = text.replace("<html ", f'<html data-version="?{version}" ')
    return without_indentation(text)


def self_contained(text: str, style: str, script: str) -> str:
    """A document that asks for no other file: its policy allows this style sheet and this script alone."""
    text = without_indentation(text)
    text = replaced(text, f'<link rel="stylesheet" href="/page/{SETUP}.css">', f"<style>{style}</style>")
    text = replaced(text, f'<script type="module" src="/page/{SETUP}.js">', f'<script type="module">{script}')
    text = replaced(text, "style-src 'self'", f"style-src {hash_of(style)}")
    return replaced(text, "script-src 'self'", f"script-src {hash_of(script)}")


def replaced(text: str, part: str, by: str) -> str:
    """Replace what must be there once."""
    if text.count(part) != 1:
        raise BuildError(f"the page lacks {part}, or has it twice")
    return text.replace(part, by)


def hash_of(text: str) -> str:
    """As a Content-Security-Policy names what stands in the document."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def without_indentation(text: str) -> str:
    """HTML without indentation and empty lines."""
    return "".join(f"{line.strip()}\n" for line in text.splitlines() if line.strip())


def icon() -> bytes:
    """The picture for a phone's home screen: three cells, white on green."""
    rows = []
    for y in range(_ICON_PIXELS):
        row = [_GREEN] * _ICON_PIXELS
        for left, top in _ICON_BARS:
            if top <= y < 144:
                row[left : left + 24] = [_WHITE] * 24
        rows.append(b"".join(row))
    return encode_png(rows)
