"""What of the firmware a board and a profile can use: the rest is left out of the build."""

import ast
from collections.abc import Iterable
from pathlib import Path

from evencell.display.fonts import fonts
from evencell.start_up import PARTS

PROFILES = ("full", "display", "telemetry")
_APPLICATION = ("evencell/app.py", "evencell/start_up.py")
_DISPLAY = "display"  # the switch of the display's part in PARTS
_NETWORK = "wifi"  # that of the network's, by radio or cable
_SAFE_MODE = "safe"  # its profile in PARTS
_LOADING = ("call", "lazy", "load")  # functions of on_demand.py and runtime/lazy.py that get the name of a module
# Every display there is a layout for.
DISPLAY_SIZES = (
    (128, 64),
    (128, 32),
    (135, 240),
    (240, 135),
    (240, 240),
    (170, 320),
    (320, 170),
    (240, 320),
    (320, 240),
)


def left_out(sources: dict[str, Path], board: dict, profile: str) -> set[str]:
    """Names of `sources` (name in the tree → file) that only parts need which this build has no use for.

    What no part needs by name stays in: it may be imported by a name that is made while the firmware runs.
    """
    wanted, unwanted, switches = [], [], set()
    own_profiles = {profile, _SAFE_MODE} if has_network(profile) else {profile}
    for profiles, switch, module in PARTS:
        is_wanted = not own_profiles.isdisjoint(profiles.split()) and (switch != _DISPLAY or can_have_display(board))
        (wanted if is_wanted else unwanted).extend(roots(module, sources))
        switches |= {switch} if is_wanted else set()
    useless = {name for name in sources if name.endswith(".font")} - fonts_of(board)
    useless |= useless_capabilities(board, switches) & set(sources)
    if not unwanted:
        return useless
    application = [name for name in sources if name in _APPLICATION or name.startswith("boards/")]
    needed = reached([*wanted, *application], sources)
    useless |= reached(unwanted, sources) - needed
    while broken := {name for name in sources.keys() - useless - needed if imported(sources[name], sources) & useless}:
        useless |= broken  # loaded by a name alone, and of no use without what it imports
    return useless


def has_network(profile: str) -> bool:
    """Whether the profile joins a network: it has safe mode's page then."""
    return any(switch == _NETWORK and profile in profiles.split() for profiles, switch, _ in PARTS)


def useless_capabilities(board: dict, switches: set[str]) -> set[str]:
    """Names in the tree of what makes capabilities that the board lacks, or that none of the parts asks for."""
    names = {"esp32_wifi" if "ethernet" in board else "esp32_ethernet"}
    if _DISPLAY not in switches:
        names |= {"displays", "esp32_i2c", "esp32_spi"}
    if _NETWORK not in switches:
        names |= {"esp32_network", "esp32_wifi", "esp32_ethernet"}
    return {f"boards/{name}.py" for name in names}


def fonts_of(board: dict) -> set[str]:
    """Names in the tree of the fonts that the board's display can use, however it is turned."""
    return {f"evencell/display/{font}" for size in display_sizes(board) for font in fonts(*size)}


def display_sizes(board: dict) -> tuple:
    """Width and height of the displays that it can have. Where none is built in, the configuration may name any."""
    if board["chip"] == "host" or "i2c" in board:
        return DISPLAY_SIZES
    if "display" in board:
        size = board["display"]["width"], board["display"]["height"]
        return size, size[::-1]
    return ()


def can_have_display(board: dict) -> bool:
    """Whether the board has a display, or an I2C bus that one may hang on."""
    return "display" in board or "i2c" in board


def roots(module: str, sources: dict[str, Path]) -> list[str]:
    """Names that belong to a part: its module, and the whole folder of one that has a folder to itself."""
    name = module.replace(".", "/")
    if name.endswith("/part"):
        return [other for other in sources if other.startswith(name.removesuffix("part"))]
    return [f"{name}.py"]


def reached(names: Iterable[str], sources: dict[str, Path]) -> set[str]:
    """`names`, and every name of `sources` that they import, directly or by way of others."""
    found, new = set(), set(names) & set(sources)
    while new:
        found |= new
        new = {other for name in new for other in imported(sources[name], sources)} - found
    return found


def imported(path: Path, sources: dict[str, Path]) -> set[str]:
    """Names of `sources` that the file imports, wherever in it, and of the packages those are in."""
    if path.suffix != ".py":
        return set()
    modules = set()
    tree = ast.parse(path.read_text("utf-8"))
    texts = {ast.unparse(node.targets[0]): node.value for node in tree.body if isinstance(node, ast.Assign)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            modules |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Call) and node.args and ast.unparse(node.func).split(".")[-1] in _LOADING:
            called = texts.get(ast.unparse(node.args[0]), node.args[0])  # a name, or the text itself
            modules |= {
                name.value
                for name in ast.walk(called)
                if isinstance(name, ast.Constant) and isinstance(name.value, str)
            }
    others = {module.split(".")[0] for module in modules} - {"evencell", "boards"}
    whole = {name for name in sources if name.split("/")[0] in others}  # who wrote it knows what of it belongs together
    return whole | {name for module in modules for name in files_of(module)} & set(sources)


def files_of(module: str) -> set[str]:
    """Names of all files that importing `module` may load."""
    parts = module.split(".")
    packages = {"/".join([*parts[:count], "__init__.py"]) for count in range(1, len(parts) + 1)}
    return packages | {"/".join(parts) + ".py"}
