"""Keys of tests: made once for a process."""

import functools

from tools.update import keys


@functools.cache
def key(name: str = "owner", bits: int = 2048) -> keys.PrivateKey:
    """The key pair of this name."""
    assert name
    return keys.generate(bits)
