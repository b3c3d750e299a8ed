"""Encodes an event of the hub, ready for `json.dumps`."""


def event_of(event: tuple) -> dict:
    """Time, kind, pack, what changed and its new value; of an alarm also its cells."""
    time_s, kind, pack, name, value = event[:5]
    fields = {"time": time_s, "type": kind, "pack": pack, "name": name, "value": value}
    if len(event) > 5:
        fields["cells"] = event[5]
    return fields
