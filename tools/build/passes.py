"""The passes that rewrite the sources for a chip, in their order, and what they are checked by.

What each is worth in heap: `python -m tools.bench.passes`, and decision 11. Each raises BuildError where it can't prove
that the code does the same as before; verify.py checks what comes out.
"""

import functools
import json
from collections.abc import Mapping
from pathlib import Path

from tools.build import constants, flatten, imports, merge, names, short_texts, shorten, strip, syntax, verify
from tools.build.common import written

MERGE = "merge"  # modules that are always loaded together become one
CONSTANTS = "constants"  # numbers in the place of constants of other files
SHORTEN = "shorten"  # letters for private names
FLATTEN = "flatten"  # letters for modules, and fewer folders
PASSES = (MERGE, CONSTANTS, SHORTEN)
SHORT_TEXTS = "short_texts"  # short texts of code that is unloaded again in tuples
CHIP_PASSES = (*PASSES, FLATTEN, SHORT_TEXTS)
FROZEN_PASSES = (MERGE, CONSTANTS)  # frozen names take no heap
_STAMP = "stamp.json"
_TOOLS = tuple(
    Path(str(tool.__file__))
    for tool in (constants, flatten, imports, merge, names, shorten, short_texts, strip, syntax, verify)
)


def rewritten(
    sources: Mapping[str, Path], callers: Mapping[str, Path], folder: Path, passes: tuple[str, ...] = PASSES
) -> dict[str, Path]:
    """Name in the tree → rewritten file in `folder`, for those of `sources` that are left.

    `callers` use the firmware. MERGE redirects their imports, so they are among the files then; nothing else of them
    changes. A file that comes out as it was is not written again. FLATTEN leaves each under its old name in `folder`.
    """
    stamp = folder / _STAMP
    newest_ns = max(path.stat().st_mtime_ns for path in (*sources.values(), *callers.values(), *_TOOLS, Path(__file__)))
    if stamp.exists() and stamp.stat().st_mtime_ns > newest_ns:
        done = json.loads(stamp.read_text("utf-8"))
        if done["of"] == sorted([*sources, *callers]) and all((folder / name).exists() for name in done["made"]):
            return {name: folder / name for name in done["made"]}
    given = {name: strip.only_micropython(path.read_text("utf-8")) for name, path in {**sources, **callers}.items()}
    given |= {name: strip.without_slots(given[name]) for name in sources}  # strings keep a name from being shortened
    texts, letters, members = _passed(given, set(callers), passes)
    made = written({name: text for name, text in texts.items() if MERGE in passes or name not in callers}, folder)
    flat = flatten.flat_name if FLATTEN in passes else str
    rows = names.rows(given, texts, members, letters, flat, is_with_lines=SHORTEN not in passes)
    (folder / names.FILE).write_text("".join(rows), "utf-8")
    stamp.write_text(json.dumps({"of": sorted(given), "made": list(made)}), "utf-8")
    return made


def _passed(
    texts: dict[str, str], callers: set[str], passes: tuple[str, ...]
) -> tuple[dict[str, str], dict[str, dict[str, str]], dict[str, list[str]]]:
    """The texts after the passes, checked; of each file the letters of its names, and the files it was made of."""
    letters: dict[str, dict[str, str]] = {}
    members = {name: [name] for name in texts}
    if MERGE in passes:
        whole = _merged(tuple(texts.items()))
        texts = {name: text for name, (text, _) in whole.items()}
        members = {name: of for name, (_, of) in whole.items()}
    calling = {name: text for name, text in texts.items() if name in callers}
    own = {name: text for name, text in texts.items() if name not in callers}
    if CONSTANTS in passes:
        own = constants.placed(own, calling.values())
    if SHORTEN in passes:
        own, letters = shorten.shortened(own, calling)
    verify.check_sources(own, calling)
    always = short_texts.always_loaded(own) if SHORT_TEXTS in passes else set()
    if FLATTEN in passes:
        texts = flatten.flattened({**own, **calling})
        own, calling = ({name: texts[name] for name in part} for part in (own, calling))
        verify.check_sources(_at_flat_names(own), _at_flat_names(calling))
    if SHORT_TEXTS in passes:
        own = short_texts.in_tuples(own, calling.values(), always)
    return {**own, **calling}, letters, members


def _at_flat_names(texts: Mapping[str, str]) -> dict[str, str]:
    return {flatten.flat_name(name): text for name, text in texts.items()}


@functools.lru_cache(maxsize=1)  # a build has the same sources merged for the files and for what is frozen
def _merged(texts: tuple[tuple[str, str], ...]) -> dict[str, tuple[str, list[str]]]:
    return merge.merged_with_members(dict(texts))
