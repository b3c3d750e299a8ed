"""Checks the balance policy of a configuration (docs/balancing.md). Lazy.

A policy that is not as it was meant stays off, and so does one that could never switch on, or never off again.
"""

from evencell.config.field_range import misfit, range_of
from evencell.pack.alarms import MAX_DC, MIN_DC
from evencell.pack.limits import limits_of
from evencell.protocol.jk_settings import setting_range

# The keys of a condition with their defaults: of numbers, of trend, of time.
_KEYS = (("above", None), ("below", None), ("hysteresis", 0), ("trend", None), ("span", None))
_NUMBERS = ("above", "below", "hysteresis")


def check_policy(config: dict, faults, any_key: str):
    """Switch the policy off, which is not `off`, where it is in doubt. `faults`, `any_key`: as in check.py."""
    policy, before = config["control"]["policy"], faults.count
    if policy["preset"] != "custom" and policy["conditions"]:
        _check_left_over(config, faults)
        before = faults.count
    if _is_in_doubt(config, faults, any_key):
        faults.add_consequence("control", "the balance policy stays off")
    else:
        for path, text in _faults(config, faults):
            faults.add(path, text)
    if faults.count > before:
        policy["preset"] = "off"


def _check_left_over(config: dict, faults):
    """Take out conditions that are not as they were meant: the preset custom may be chosen while the policy runs."""
    policy = config["control"]["policy"]
    is_whole = not faults.concern_section("control.policy.conditions")
    if not is_whole or any(True for _ in _condition_faults(config, faults)):
        text = "not used: with these faults they could be others"
        if is_whole:
            text = "not used: one could never hold, or never end; remove them, or choose custom to see which"
        faults.add_consequence("control.policy.conditions", text)
        policy["conditions"] = []


def _is_in_doubt(config: dict, faults, any_key: str) -> bool:
    """Whether a fault is at a key of the policy, or at what it rests on."""
    policy = config["control"]["policy"]
    if faults.concern_section("control", (any_key, "policy")) or faults.concern_section("control.limits"):
        return True
    if policy["preset"] == "custom" and faults.concern_section("control.policy.conditions"):
        return True
    if policy["by"] is None and faults.concern_section("control.w"):
        return True  # what was meant to be carried out by the W switch is not written to the balancer instead
    places = faults.places("packs", len(config["packs"]))
    is_unsure = any(faults.concern(place + ".chemistry") for place in places)
    return is_unsure or faults.concern_section("control.policy", [any_key] + list(policy))


def _faults(config: dict, faults):
    """Generate each path that is wrong, and a sentence."""
    control = config["control"]
    policy = control["policy"]
    if policy["by"] == "w" and not control["w"]["enabled"]:
        yield "control.policy.by", "w needs control.w.enabled; the policy stays off"
    known = _known(config)
    if policy["preset"] == "top" and known and all(limits[2] >= limits[1] for limits in known):
        text = "the preset top begins at %d mV: take a higher limit; the policy stays off"
        yield "control.limits.cell_max_mv", text % known[0][2]
    if policy["preset"] != "custom":
        return
    if not policy["conditions"]:
        yield "control.policy.conditions", "custom needs at least one condition; the policy stays off"
    yield from _condition_faults(config, faults)


def _known(config: dict) -> list:
    """The limits of each pack whose are known."""
    limits = [limits_of(pack["chemistry"], config["control"]["limits"]) for pack in config["packs"]]
    return [each for each in limits if each]


def _condition_faults(config: dict, faults):
    """Generate the same of the conditions."""
    reached = _reached(config["packs"], _known(config))
    conditions, is_whole = config["control"]["policy"]["conditions"], True
    for place, condition in zip(faults.places("control.policy.conditions", len(conditions)), conditions):
        fault = _fault(condition, reached)
        if fault:
            is_whole = False
            yield "%s.%s" % (place, fault[0]), fault[1]
    if is_whole and _exclude_each_other(conditions, reached):
        text = "the conditions on cells, delta and pack can never hold together: change one; the policy stays off"
        yield "control.policy.conditions", text


def _reached(packs: list, known: list) -> dict:
    """Of each field the lowest and highest value at which balancing is allowed for any pack."""
    low_mv, high_mv = range_of("highest_mv")
    if known:
        low_mv = min([max(limits[0], limits[3]) for limits in known])
        high_mv = max([limits[1] for limits in known])
    counts = []
    for pack in packs:
        counts += [pack["cells"]] if pack["cells"] else setting_range(pack["model"], "cell_count")
    cells = low_mv, high_mv
    return {
        "highest_mv": cells,
        "lowest_mv": cells,
        "delta_mv": (0, high_mv - low_mv),
        "pack_mv": (min(counts) * low_mv, max(counts) * high_mv),
        "temperature_c": (MIN_DC // 10, MAX_DC // 10),
    }


def _fault(condition: dict, reached: dict) -> tuple | None:
    """A key and what is wrong with it, or None."""
    field, above, below = condition["field"], condition["above"], condition["below"]
    own = ("trend",) if field == "trend" else ("span",) if field == "time" else _NUMBERS
    for key, default in _KEYS:
        if key not in own and condition[key] != default:
            return key, "it does not belong to the field %s: remove it; the policy stays off" % field
    if all(condition[key] is None for key in own[:2]):
        words = "above or below" if own is _NUMBERS else own[0]
        return own[0], "%s needs %s; the policy stays off" % (field, words)
    if own is not _NUMBERS:
        return None
    if None not in (above, below) and above >= below:
        return "below", "below must be higher than above: else it never holds; the policy stays off"
    return misfit(condition, reached[field], "else it never holds, or never ends; the policy stays off", False)


def _exclude_each_other(conditions: list, reached: dict) -> bool:
    """Whether conditions over the same cells contradict each other: the lowest is not above the highest."""
    low_mv = _limit(conditions, "lowest_mv", "above", reached["lowest_mv"][0])
    high_mv = _limit(conditions, "highest_mv", "below", reached["highest_mv"][1])
    least_mv = max(
        _limit(conditions, "delta_mv", "above", 0),
        _limit(conditions, "highest_mv", "above", 0) - _limit(conditions, "lowest_mv", "below", range_of("any")[1]),
    )
    most_mv = min(high_mv - low_mv, _limit(conditions, "delta_mv", "below", high_mv - low_mv))
    if least_mv > most_mv:
        return True
    lowest_mv, highest_mv = reached["pack_mv"]
    cells_low_mv, cells_high_mv = reached["highest_mv"]
    pack_low_mv = lowest_mv // cells_low_mv * low_mv if cells_low_mv else 0
    pack_high_mv = highest_mv // cells_high_mv * high_mv
    is_beyond = _limit(conditions, "pack_mv", "above", 0) > pack_high_mv
    return is_beyond or _limit(conditions, "pack_mv", "below", pack_low_mv) < pack_low_mv


def _limit(conditions: list, field: str, key: str, default):
    """This limit of the field's condition, where it has one, else `default`."""
    for condition in conditions:
        if condition["field"] == field and condition[key] is not None:
            return condition[key]
    return default
