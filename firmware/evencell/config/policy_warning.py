"""Warnings of a balance policy that changes nothing: its pack is read-only, or the device sleeps. Lazy."""

ASLEEP = "control.policy.preset: it is not carried out while the device sleeps: power.interval_s is set"


def sleeps(config: dict) -> bool:
    """Whether a device with this configuration sleeps. What is left out has its default."""
    return config.get("profile") == "telemetry" and config.get("power", {}).get("interval_s", 0) > 0


def warnings(before: dict, control: dict, packs: list, did_sleep: bool, does_sleep: bool) -> list[str]:
    """Sentences, with the key in front, where `control.policy` is another than `before` had, or begins to sleep.

    What is left out of these sections of the configuration has its default.
    """
    policy = control.get("policy", {})
    is_new = policy != before.get("policy", {})
    if policy.get("preset", "off") == "off":
        return []
    if does_sleep:
        return [ASLEEP] if is_new or not did_sleep else []
    by = policy.get("by") or ("w" if control.get("w", {}).get("enabled") else "f6")
    if not is_new or by != "f6":
        return []
    text = "control.policy.preset: it changes nothing at %s until packs[%d].writable is true"
    found = []
    for i, pack in enumerate(packs):
        if not pack.get("writable"):
            found.append(text % (pack.get("name", "pack1"), i))
    return found
