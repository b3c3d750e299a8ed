"""The shapes of the JSON files of state, and how large each may be. In memory only while one is read."""

_CELLS = 24
_PACKS = 8  # the most that a configuration has
_LEARNED = {"wifi_off": bool, "display": dict, "unreachable": bool, "reported": bool}
_PAGES = (None, "glance", "cells", "balance", "trend", "alarms", "device", "extremes")
_CHOICES = {"page": _PAGES, "temperature_unit": ("C", "F"), "dark_on_light": (False, True), "flipped": (False, True)}
_SCALE = ".temperature_scale"


def _is_learned(values) -> bool:
    """What storage/key_value.py keeps: values of known names have their kind, others come from another version."""
    if not isinstance(values, dict):
        return False
    for name, value in values.items():
        if name.endswith(_SCALE) and value not in ("1", "0.1"):
            return False
        if name == "by_hand" and not _are_counts(value):
            return False
        if name == "announced_packs" and not _is_whole(value, _PACKS):
            return False
        if not isinstance(value, _LEARNED.get(name, object)):
            return False
    return all(_has_choice(*item) for item in values.get("display", {}).items())


def _are_counts(kept) -> bool:
    """What control/write_counts.py keeps."""
    if not isinstance(kept, dict) or not _is_whole(kept.get("until"), 0x3FFFFFFF):
        return False
    packs = kept.get("packs")
    if not isinstance(packs, dict) or not all(isinstance(count, list) and len(count) == 3 for count in packs.values()):
        return False
    return all(_is_whole(number, 0x3FFFFFFF) for count in packs.values() for number in count)


def _has_choice(name: str, pair) -> bool:
    """What display/menu.py keeps of a setting: the configured value and the chosen one."""
    if not isinstance(pair, list) or len(pair) != 2:
        return False
    return is_choice(name, pair[1]) or not (name == "brightness" or name in _CHOICES)


def is_choice(name: str, value) -> bool:
    """Whether the display's menu sets a setting of this name to such a value."""
    if name == "brightness":
        return _is_whole(value, 100)
    return any(value == choice and type(value) is type(choice) for choice in _CHOICES.get(name, ()))


def _are_extremes(packs) -> bool:
    """What display/extremes.py keeps: by pack, the lowest and the highest of each cell in mV."""
    if not isinstance(packs, dict):
        return False
    for both in packs.values():
        if not isinstance(both, list) or len(both) != 2:
            return False
        for values in both:
            if not isinstance(values, list) or len(values) > _CELLS or not all(_is_whole(mv, 65_535) for mv in values):
                return False
    return True


def _are_runs(runs) -> bool:
    """What forward/outbox/dates.py keeps: pairs of a run's number and when it began in UNIX seconds."""
    if not isinstance(runs, list):
        return False
    for run in runs:
        if not isinstance(run, list) or len(run) != 2:
            return False
        if not _is_whole(run[0], 65_535) or not _is_whole(run[1], 0xFFFFFFFF):
            return False
    return True


def _is_update(update) -> bool:
    """What update/state.py keeps of the latest update."""
    if not isinstance(update, dict) or update.get("state") not in ("confirming", "confirmed", "rolled_back"):
        return False
    if any(not isinstance(update.get(key), str) for key in ("kind", "version", "previous", "slot")):
        return False
    if not isinstance(update.get("is_reported", True), bool):
        return False
    reason, held = update.get("reason"), update.get("held")
    has_names = isinstance(held, list) and all(name in ("answer", "page", "broker") for name in held)
    return has_names and (reason is None or isinstance(reason, str))


def _is_wake(config) -> bool:
    """What power/settings.py keeps: sections of a checked configuration."""
    return isinstance(config, dict) and all(name in config for name in ("packs", "mqtt", "wifi", "faults"))


def _are_marks(marks) -> bool:
    """What power/marks.py keeps."""
    if not isinstance(marks, dict) or not isinstance(marks.get("sequences"), dict):
        return False
    numbers = marks["sequences"].values()
    return _is_whole(marks.get("starts"), 255) and all(_is_whole(number, 0xFFFFFFFF) for number in numbers)


def _are_commands(kept) -> bool:
    """What power/inbox.py keeps: the last commands with an id, and results that wait."""
    if not isinstance(kept, dict) or not all(isinstance(kept.get(key), list) for key in ("recent", "results")):
        return False
    lengths = [len(entry) if isinstance(entry, list) else 0 for entry in kept["recent"]]
    pairs = [isinstance(entry, list) and [type(text) for text in entry] == [str, str] for entry in kept["results"]]
    return all(length == 4 for length in lengths) and all(pairs)


def _is_number(value) -> bool:
    """What forward/bthome/counter.py keeps."""
    return _is_whole(value, 0xFFFFFFFF)


def _is_whole(value, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most


SHAPES = {
    "learned": (8192, _is_learned),
    "extremes": (8192, _are_extremes),
    "runs": (400, _are_runs),
    "update": (1024, _is_update),
    "wake": (8192, _is_wake),
    "marks": (512, _are_marks),
    "commands": (8192, _are_commands),
    "beacons": (16, _is_number),
}
