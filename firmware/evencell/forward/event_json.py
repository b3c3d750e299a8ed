"""An event of the hub as JSON."""


def put_event(out, event):
    """Append `{"time", "type", "pack", "name", "value"}`: when, what kind, whose, what changed, what it is now."""
    time_s, kind, pack, name, value = event
    out.put(b'{"time": ')
    put_value(out, time_s)
    out.put(b', "type": ')
    put_value(out, kind)
    out.put(b', "pack": ')
    put_value(out, pack)
    out.put(b', "name": ')
    put_value(out, name)
    out.put(b', "value": ')
    put_value(out, value)
    out.put(b"}")


def put_value(out, value):
    """Append None, a truth value, a whole number or a text."""
    if value is None:
        out.put(b"null")
    elif value is True:
        out.put(b"true")
    elif value is False:
        out.put(b"false")
    elif isinstance(value, int):
        out.integer(value)
    else:
        out.string(value)
