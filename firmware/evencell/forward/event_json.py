"""An event of the hub, ready for `json.dumps`."""


def event_of(event: tuple) -> dict:
    """When, what kind, whose, what changed, what it is now."""
    time_s, kind, pack, name, value = event
    return {"time": time_s, "type": kind, "pack": pack, "name": name, "value": value}
