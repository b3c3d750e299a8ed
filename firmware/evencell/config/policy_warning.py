"""Warnings of a balance policy that changes nothing: its pack is read-only, or the device sleeps. Lazy."""

_ASLEEP = "control.policy.preset: it is not carried out while the device sleeps: power.interval_s is set"
_READ_ONLY = "control.policy.preset: it changes nothing at %s until packs[%d].writable is true"


def warnings(before: dict, after: dict) -> list[str]:
    """Sentences, with the key in front, where `control.policy` is another than before, or the device begins to sleep.

    Both have the sections `profile`, `power`, `packs` and `control`; what is left out has its default.
    """
    control = after.get("control", {})
    policy = control.get("policy", {})
    is_new = policy != before.get("control", {}).get("policy", {})
    if policy.get("preset", "off") == "off":
        return []
    if _sleeps(after):
        return [_ASLEEP] if is_new or not _sleeps(before) else []
    by = policy.get("by") or ("w" if control.get("w", {}).get("enabled") else "f6")
    if not is_new or by != "f6":
        return []
    packs = after.get("packs", [{}])
    return [_READ_ONLY % (packs[i].get("name", "pack1"), i) for i in range(len(packs)) if not packs[i].get("writable")]


def _sleeps(config: dict) -> bool:
    return config.get("profile") == "telemetry" and config.get("power", {}).get("interval_s", 0) > 0
