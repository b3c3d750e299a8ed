"""Warnings of a balance policy that could not switch its balancer: the pack is read-only. Lazy."""


def warnings(before: dict, control: dict, packs: list) -> list[str]:
    """A sentence for each such pack, with the key in front, where `control.policy` is another than `before` had.

    What is left out of these sections of the configuration has its default.
    """
    policy = control.get("policy", {})
    by = policy.get("by") or ("w" if control.get("w", {}).get("enabled") else "f6")
    is_written = policy.get("preset", "off") != "off" and by == "f6"
    if policy == before.get("policy") or not is_written:
        return []
    text = "control.policy.preset: it changes nothing at %s until packs[%d].writable is true"
    found = []
    for i, pack in enumerate(packs):
        if not pack.get("writable"):
            found.append(text % (pack.get("name", "pack1"), i))
    return found
