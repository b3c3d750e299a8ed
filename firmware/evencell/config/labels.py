"""Kinds of configuration values that name or open a network, and topics: what each accepts. Lazy, of kinds.py."""

from evencell.config.kinds import is_hexadecimal, is_text


def _ssid(value) -> bool:
    return is_text(value, 1, 32) and len(value.encode()) <= 32


def _passphrase(value) -> bool:
    """What WPA takes: 8 to 63 bytes, or the key itself as 64 hexadecimal digits; empty for an open network."""
    if not is_text(value, 0, 64):
        return False
    size = len(value.encode())
    return not size or 8 <= size <= 63 or is_hexadecimal(value, 64)


def _topic(value, max_size: int) -> bool:
    """An MQTT topic to publish under: no wildcards, no slash at either end."""
    return is_text(value, 1, max_size) and not ("+" in value or "#" in value or value[0] == "/" or value[-1] == "/")


KINDS = {"ssid": _ssid, "passphrase": _passphrase, "topic": _topic}
