"""Compares what two files have, for change.py and unchecked.py. Lazy."""


def is_same(old, new) -> bool:
    """Whether both are written alike: true is not 1, which may have been a fault."""
    if type(old) is not type(new) or (isinstance(old, (dict, list)) and len(old) != len(new)):
        return False
    if isinstance(old, dict):
        return all(key in new and is_same(old[key], new[key]) for key in old)
    if isinstance(old, list):
        return all(is_same(old[i], new[i]) for i in range(len(old)))
    return old == new
