"""What a build may hold in the memory of its board: refused, reduced or printed before anything is written."""

from dataclasses import dataclass

from evencell.config import check as config_check
from evencell.startup import PARTS
from tools.build import memory_plan
from tools.build.common import BuildError
from tools.build.memory_plan import (
    CHIP_NAMES,
    FEATURES,
    FILES,
    Memory,
    in_order,
    memory_of,
    reserve_bytes,
    verdict,
)
from tools.build.select import PROFILES, can_have_display

_NAMES = {
    "page": "page",
    "history": "history",
    "mqtt": "MQTT",
    "tls": "TLS",
    "journal": "backlog",
    "discovery": "Home Assistant discovery",
    "display": "display",
}
# Also the switches of PARTS.
_SECTIONS = {"page": "http", "history": "history", "mqtt": "mqtt", "journal": "journal", "display": "display"}
# What the configuration says to leave a feature out. MQTT is never left out: it is off unless wanted.
_OFF = {
    "page": {"http": {"enabled": False}},
    "history": {"history": {"enabled": False}},
    "journal": {"journal": {"enabled": False}},
    "discovery": {"mqtt": {"discovery": False}},
    "display": {"display": {"driver": "none"}},
}


@dataclass(frozen=True)
class Budget:
    """`config` is the configuration with what was left out, `lines` are for the table of the build."""

    profile: str
    config: dict
    plan: str
    lines: dict[str, str]


def budget(board: dict, profile: str | None, given: dict, delivery: str = FILES, forced: bool = False) -> Budget:
    """What to build for `given`, a configuration as an owner writes it. Raises BuildError for a set that does not live.

    Where neither `profile` nor `given` names a profile, what no key of `given` switches on may be left out.
    """
    named = profile or (given.get("profile") if given.get("profile") in PROFILES else None)
    profile = named or PROFILES[0]
    memory = memory_of(board, profile, delivery)
    allowed = features_of(_complete(given, profile), board)
    required = allowed if named else allowed & _switched_on(given)
    chosen = allowed if forced else choose(memory, required, allowed)
    if chosen is None:
        raise BuildError(_refusal(board, memory, required if verdict(memory, required)[0] is False else allowed))
    config = _without(given, allowed - chosen)
    lines = _lines(profile, memory, chosen, allowed - chosen, config)
    return Budget(profile, config, memory_plan.plan_text(board, memory, chosen), lines)


def usual_plan(board: dict, profile: str, delivery: str = FILES) -> str:
    """The plan of a profile whose configuration is not known; of `full` the largest set that lives."""
    return budget(board, None if profile == PROFILES[0] else profile, {}, delivery).plan


def features_of(config: dict, board: dict) -> frozenset[str]:
    """The features that a whole configuration has on this board."""
    parts = {switch for profiles, switch, _ in PARTS if config["profile"] in profiles.split()}
    is_on = {
        "page": config["http"]["enabled"],
        "history": config["history"]["enabled"],
        "mqtt": config["mqtt"]["enabled"] or config["influx"]["url"] is not None,
        "display": config["display"]["driver"] != "none" and can_have_display(board),
    }
    found = {name for name, on in is_on.items() if on and _SECTIONS[name] in parts}
    if "mqtt" in found:
        if config["journal"]["enabled"]:
            found.add("journal")
        found |= {name for name in ("tls", "discovery") if config["mqtt"]["enabled"] and config["mqtt"][name]}
    return frozenset(found)


def choose(memory: Memory, required: frozenset[str], allowed: frozenset[str]) -> frozenset[str] | None:
    """The largest set between the two that lives. Where none is known to live: all that is allowed; None where that is
    known not to live.

    Among sets of one size the page comes before history, and the display last.
    """
    living = [frozenset(row["features"]) & allowed for row in memory_plan.rows(memory) if row["lives"]]
    fitting = [features for features in living if required <= features and (features or not allowed)]
    if fitting:
        return max(fitting, key=lambda features: (len(features), [name in features for name in FEATURES]))
    return allowed if verdict(memory, allowed)[0] is None else None


def _complete(given: dict, profile: str) -> dict:
    return config_check.check({**given, "profile": profile})[0]


def _switched_on(given: dict) -> frozenset[str]:
    """The features that a configuration names: their section is in it, and does not switch them off."""
    sections = {section for section, keys in given.items() if keys and isinstance(keys, dict)}
    named = {feature for feature, section in _SECTIONS.items() if section in sections}
    if "influx" in sections:
        named.add("mqtt")
    if "mqtt" in named:
        named.add("tls")
    if "mqtt" in sections and given["mqtt"].get("discovery"):
        named.add("discovery")
    return frozenset(named)


def _without(given: dict, left_out: frozenset[str]) -> dict:
    """The configuration with these features switched off."""
    config = dict(given)
    for feature in left_out:
        for section, keys in _OFF[feature].items():
            before = config.get(section)
            config[section] = {**before, **keys} if isinstance(before, dict) else keys
    return config


def _lines(
    profile: str, memory: Memory, chosen: frozenset[str], left_out: frozenset[str], config: dict
) -> dict[str, str]:
    lives, row = verdict(memory, chosen)
    whole = _complete(config, profile)
    lines = {"memory": str(memory), "features": words(chosen)}
    if profile == "telemetry" and not chosen:
        lines["features"] = "none: neither mqtt nor influx is configured, so no reading is sent"
    if profile == "display" and whole["wifi"]["networks"]:
        lines["left out"] = f"Wi-Fi: the profile {profile} has no network, and does not use wifi.networks"
    elif left_out:
        lines["left out"] = f"{words(left_out)}: not enough memory beside the rest. docs/fits.md says what fits"
    if lives is None:
        page = "the page, " if "page" in chosen else ""
        shown = page + ("MQTT (evencell/<id>/device) or " if "mqtt" in chosen else "") + "the log"
        lines["not measured"] = f"whether these fit together is not known: watch the memory in {shown}"
    elif row and chosen:
        lines |= figures(row, memory, chosen)
    if not lives and lives is not None:
        lines["forced"] = "these do not live together: the network will fail"
    if unmeasured := _unmeasured(whole):
        lines["not counted"] = f"{unmeasured}: their memory was not measured"
    return lines


def figures(row: dict, memory: Memory, features: frozenset[str]) -> dict[str, str]:
    """What a row of the figures says about both heaps, and where it is of other features or of another chip."""
    gc_heap = [f"{row['gc_total']} bytes"] if row["gc_total"] else []
    gc_heap += [f"{row['gc_peak']} bytes allocated at most"] if row["gc_peak"] else []
    gc_heap += [f"{row['gc_live']} bytes in use after a collection"] if row["gc_live"] else []
    piece = f", {row['network_largest']} in one piece" if row["network_largest"] else ""
    free = f"{row['network_free']} bytes free at least{piece}; {reserve_bytes(row)} must stay free"
    network = {} if row["network_free"] is None else {"network heap": free}
    lines = {"GC heap": ", ".join(gc_heap) or "not recorded"} | network
    measured = frozenset(row["features"])
    if measured != features:
        lines["measured with"] = words(measured)
    if memory.chip not in row["chips"]:
        chips = ", ".join(CHIP_NAMES[chip] for chip in row["chips"])
        lines["measured on"] = f"{chips}: nothing was measured on an {CHIP_NAMES[memory.chip]}"
    return lines | {"measured": row["evidence"]}


def _unmeasured(whole: dict) -> str:
    """What of a whole configuration takes memory and is in no row."""
    found = []
    if whole["influx"]["url"]:
        found.append("InfluxDB (counted as MQTT)")
    if len(whole["packs"]) > 1:
        found.append("more than one balancer")
    return ", ".join(found)


def _refusal(board: dict, memory: Memory, refused: frozenset[str]) -> str:
    _, row = verdict(memory, refused)
    living = "; ".join(words(frozenset(row["features"])) for row in memory_plan.living_sets(memory))
    return "\n  ".join(
        [
            f"{words(refused)} do not fit together into the memory of {board['name']} ({memory}).",
            *(f"{label}: {text}" for label, text in (figures(row, memory, refused) if row else {}).items()),
            f"Either take another profile, or less of this one. What fits: {living}. docs/fits.md has the table.",
            f"Or take evencell's own firmware: make firmware BOARD={board['name']}; docs/firmware.md",
            "Or take a board with PSRAM: docs/boards.md lists them first.",
            "FORCE=1 builds it all the same.",
        ]
    )


def words(features: frozenset[str]) -> str:
    """The features as a list in words."""
    names = [_NAMES[feature] for feature in in_order(features)]
    return ", ".join(names[:-1]) + " and " + names[-1] if len(names) > 1 else "".join(names) or "none"
