"""Uses what has changed in the configuration, as far as that needs no restart. Lazy."""

from evencell.runtime.lazy import call
from evencell.runtime.log import LEVELS

_LIVE = (
    " name http.public_read http.origins log.level mqtt.publish_s time.interval_s time.utc_offset_min time.zone "
    " packs[].chemistry packs[].capacity_ah packs[].cells packs[].temperature_scale "
    " display.brightness display.dim_after_s display.off_after_s display.saver_after_s display.night "
    " display.night_brightness display.dark_on_light display.temperature_unit "
)


def use(context, before: dict, config: dict, applied: list, restart: list):
    """Append the keys whose new values are used from now on, and those that wait for a restart."""
    for path in _changes(before, config, ""):
        (applied if _use(context, config, path) else restart).append(path)


def _changes(old, new, path: str):
    """Generate the paths of the keys whose values differ."""
    for key in new:
        before, after, place = old.get(key), new[key], path + key
        if isinstance(after, dict) and isinstance(before, dict):
            yield from _changes(before, after, place + ".")
        elif isinstance(after, list) and after and isinstance(after[0], dict) and len(after) == len(before):
            for i in range(len(after)):
                yield from _changes(before[i], after[i], "%s[%d]." % (place, i))
        elif before != after:
            yield place
    for key in old:
        if key not in new:  # a pin that is the board's own again
            yield path + key


def _pattern(path: str) -> str:
    """The path without indices."""
    start = path.find("[")
    return path if start < 0 else path[: start + 1] + path[path.find("]") :]


def _use(context, config: dict, path: str) -> bool:
    """Use a new value from now on; False where it counts after a restart."""
    if path.startswith("update."):  # read from the file for each update
        return True
    if path == "control.policy.preset":
        return call("evencell.control.preset", "configure", context, config["control"]["policy"])
    if " %s " % _pattern(path) not in _LIVE:
        return False
    section, dot, key = path.partition(".")
    if section.startswith("packs["):
        return _use_of_pack(context, config["packs"], int(section[6:-1]), key)
    source, target = (config[section], context.config.get(section, {})) if dot else (config, context.config)
    value = target[key or section] = source[key or section]
    if path == "log.level":
        context.log.level = LEVELS.index(value)
    elif path == "mqtt.publish_s" and context.outbox:
        context.outbox.max_interval_s = value
    elif section == "display":  # a choice in the menu overrides the old value alone
        choices = dict(context.key_values.get("display") or {})
        if choices.pop(key, None):
            context.key_values.put("display", choices or None)
    return True


def _use_of_pack(context, packs: list, number: int, key: str) -> bool:
    """The same of a pack, unless others run since the start."""
    running, settings = context.config["packs"], packs[number]
    if [pack["name"] for pack in running] != [pack["name"] for pack in packs]:
        return False
    running[number][key] = settings[key]
    if key == "temperature_scale" and number < len(context.hub.packs):  # safe mode has none
        context.hub.packs[number].scale = call("evencell.pack.scale_setting", "scale_of", context, settings)
    return True
