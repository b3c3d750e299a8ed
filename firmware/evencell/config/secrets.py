"""Secrets of the configuration: nothing outside of the device gets them. Lazy."""

SECRETS = ("password", "token", "ap_password", "bindkey")  # keys of any section
AUTH = "auth"  # a section of which nothing is ever shown


def hidden(key: str, value):
    """A key's value, in which secrets are true where they are set."""
    if key in SECRETS:
        return None if value is None else True
    if isinstance(value, dict):
        return {inner: hidden(inner, item) for inner, item in value.items()}
    if isinstance(value, list):
        return [hidden("", item) for item in value]
    return value
