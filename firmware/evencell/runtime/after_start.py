"""Releases memory that only the start needed, where there is little. Lazy."""


def release(context):
    """Drop the constructors of what there is one of, and keep no key of the configuration that code has as well."""
    _intern(context.config)
    made = [context, context.board, context.clock, context.log, context.heap, context.storage_faults, context.crashes]
    made += [context.supervisor, context.watchdog, context.hub, context.key_values, context.lazy_lock, context.mqtt]
    for pack in context.hub.packs:
        made += [pack, pack.bus, pack.diagnosis]
    for kind in {type(each) for each in made if each}:
        # A class keeps what is deleted of it until something takes its place.
        kind.__init__ = None  # pyright: ignore[reportAttributeAccessIssue]


def _intern(section):
    """JSON makes an object of a string that no code has mentioned before; by now more modules are loaded."""
    if isinstance(section, list):
        for item in section:
            _intern(item)
    elif isinstance(section, dict):
        for key in list(section):
            value = section.pop(key)
            _intern(value)
            section[_name(key)] = _name(value) if isinstance(value, str) else value


def _name(text: str) -> str:
    return str(text.encode(), "utf-8")  # MicroPython finds the one that it knows
