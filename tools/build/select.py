"""What of the firmware a board and a profile can use: the rest is left out of the build."""

from pathlib import Path

from boards.displays import COLOURS, DRIVERS
from evencell.display.fonts import fonts
from evencell.startup import PARTS
from tools.build.common import FIRMWARE
from tools.build.imports import graph, module_of, packages_of, reached, texts_of
from tools.build.partitions import flash_mb

DISPLAY_WISHES = "display_wishes"  # key of a board's data: `display` of the configuration
IS_FROZEN = "is_frozen"  # the same: whether evencell is part of the firmware
PROFILES = ("full", "display", "telemetry")
_APPLICATION = ("evencell/app.py", "evencell/startup.py")
_DISPLAY = "display"  # the switch of the display's part in PARTS
_NETWORK = "wifi"  # that of the network's, by radio or cable
_SLEEP = "power"  # that of a device that sleeps
_BEACONS = "bthome"
_WITH_A_NETWORK = ("safe", "setup")  # profiles in PARTS of safe mode and setup mode
_CAN_SLEEP, _AWAKE = "telemetry", "awake"  # a profile that sleeps, and that of PARTS after its button was pressed
_ON_I2C = {"ssd1306", "sh1106"}
_SMALL_FLASH_MB = 4
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
    own_profiles = {profile, *_WITH_A_NETWORK} if has_network(profile) else {profile}
    if profile == _CAN_SLEEP:
        own_profiles.add(_AWAKE)
    if board["chip"] == "host":
        own_profiles |= set(PROFILES)  # a computer's profile is chosen at each start
    for profiles, switch, module in PARTS:
        is_wanted = not own_profiles.isdisjoint(profiles.split())
        if switch == _DISPLAY:  # also in setup mode, but not because of it
            of_its_own = own_profiles.difference(_WITH_A_NETWORK)
            is_wanted = not of_its_own.isdisjoint(profiles.split()) and can_have_display(board)
        (wanted if is_wanted else unwanted).extend(roots(module, sources))
        switches |= {switch} if is_wanted else set()
    useless = {name for name in sources if name.endswith(".font")} - fonts_of(board)
    useless |= useless_updates(board)
    useless |= (useless_capabilities(board, switches) | useless_pages(board)) & set(sources)
    if not unwanted:
        return useless
    application = [name for name in sources if name in _APPLICATION or name.startswith("boards/")]
    edges = needs(sources)
    needed = reached([*wanted, *application], edges)
    useless |= reached(unwanted, edges) - needed
    at_import = needs(sources, lazily=False)
    users = _users(sources)
    while broken := {
        name
        for name in sources.keys() - useless - needed
        if at_import.get(name, set()) & useless or (users[name] and users[name] <= useless)
    }:
        useless |= (
            broken  # loaded by a name alone: it can't be without what it imports, or nothing is left that loads it
        )
    return useless


def has_network(profile: str) -> bool:
    """Whether the profile joins a network: it has safe mode's page then, and setup mode."""
    return any(switch == _NETWORK and profile in profiles.split() for profiles, switch, _ in PARTS)


def useless_capabilities(board: dict, switches: set[str]) -> set[str]:
    """Names in the tree of what makes capabilities that the board lacks, or that none of the parts asks for."""
    names = {"esp32_wifi" if "ethernet" in board else "esp32_ethernet"}
    if _DISPLAY not in switches:
        names |= {"displays", "esp32_i2c", "esp32_spi"}
    if _NETWORK not in switches:
        names |= {"esp32_access_point", "esp32_network", "esp32_wifi", "esp32_ethernet"}
    if _SLEEP not in switches:
        names |= {"esp32_sleep", "esp32_rejoin"}
    if not {_SLEEP, _BEACONS} & switches:
        names |= {"esp32_bluetooth"}
    return {f"boards/{name}.py" for name in names}


def useless_updates(board: dict) -> set[str]:
    """Names in the tree of what takes the updates that the build can't have: of files, or of the firmware."""
    if board["chip"] == "host":
        return set()
    return {"evencell/update/slot_check.py" if board.get(IS_FROZEN) else "evencell/update/partition_writer.py"}


def useless_pages(board: dict) -> set[str]:
    """Names in the tree of drivers and pages that no display of the board uses."""
    drivers = display_drivers(board)
    names = {f"drivers/{driver}" for driver in DRIVERS.keys() - drivers - {"picture"}}
    in_colour = [path.stem for path in (FIRMWARE / "evencell/display/colour").glob("[a-z]*.py")]
    if not drivers & {*COLOURS, "picture"}:
        names |= {"drivers/colour_panel", *(f"colour/{page}" for page in in_colour)}
    if drivers <= {*COLOURS}:
        names |= {"drivers/mono_panel", "saver", *(f"pages/{page}" for page in in_colour)}
    return {f"evencell/display/{name}.py" for name in names}


def fonts_of(board: dict) -> set[str]:
    """Names in the tree of the fonts that the board's display can use, however it is turned."""
    return {f"evencell/display/{font}" for size in display_sizes(board) for font in fonts(*size)}


def display_sizes(board: dict) -> tuple:
    """Width and height of the displays that it can have."""
    if board["chip"] == "host":
        return DISPLAY_SIZES
    if not can_have_display(board):
        return ()
    drivers, wishes = display_drivers(board), board.get(DISPLAY_WISHES, {})
    if "picture" in drivers:
        return DISPLAY_SIZES
    own = board.get("display", {})
    wanted = wishes.get("width") or own.get("width"), wishes.get("height") or own.get("height")
    sizes = {wanted, wanted[::-1]} if all(wanted) else set()
    for driver in drivers - {own.get("driver")}:
        sizes |= {turned for size in DRIVERS[driver][0] for turned in (size, size[::-1])}
    return tuple(size for size in DISPLAY_SIZES if size in sizes)


def display_drivers(board: dict) -> set[str]:
    """Drivers of the displays that it can have: its own, those that fit its I2C bus, and the one of the configuration.

    Where the flash is large any: the configuration may name it later.
    """
    if board["chip"] == "host" or ("i2c" in board and flash_mb(board) > _SMALL_FLASH_MB):
        return set(DRIVERS)
    wished = board.get(DISPLAY_WISHES, {}).get("driver", "auto")
    found = {board["display"]["driver"]} if "display" in board else set()
    return found | (_ON_I2C if "i2c" in board else set()) | ({wished} & DRIVERS.keys())


def can_have_display(board: dict) -> bool:
    """Whether the board has a display, or an I2C bus that one may hang on, and this build is to serve it."""
    return ("display" in board or "i2c" in board) and board.get(DISPLAY_WISHES, {}).get("driver") != "none"


def roots(module: str, sources: dict[str, Path]) -> list[str]:
    """Names that belong to a part: its module, and the whole folder of one that has a folder to itself."""
    name = module.replace(".", "/")
    if name.endswith("/part"):
        return [other for other in sources if other.startswith(name.removesuffix("part"))]
    return [f"{name}.py"]


def _users(sources: dict[str, Path]) -> dict[str, set[str]]:
    """Name in the tree → names of `sources` that import the file, or have its module's name in a string."""
    names = {module_of(name): name for name in sources if name.endswith(".py")}
    found: dict[str, set[str]] = {name: set() for name in sources}
    for module, imports in graph(texts_of(sources)).items():
        for each in (imports.at_import | imports.lazily | imports.named) & names.keys():
            found[names[each]].add(names[module])
    return found


def needs(sources: dict[str, Path], *, lazily: bool = True) -> dict[str, set[str]]:
    """Name in the tree → names of `sources` that the file imports, and of the packages those are in.

    Without `lazily` only what is imported together with the file.
    What is imported by a name that no `call`, `lazy` or `load` gets in its source is left out: parts, pages, drivers.
    """
    names = {module_of(name): name for name in sources if name.endswith(".py")}
    found = {}
    for module, imports in graph(texts_of(sources)).items():
        modules = imports.at_import | imports.lazily if lazily else imports.at_import
        packages = set().union(*(packages_of(each) for each in modules))
        found[names[module]] = {names[each] for each in modules | packages if each in names}
    return found
