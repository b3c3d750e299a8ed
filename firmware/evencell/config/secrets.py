"""Secrets of the configuration: nothing outside of the device gets them. Lazy."""

SECRETS = ("password", "token", "ap_password", "bindkey")  # keys of any section
AUTH = "auth"  # a section of which nothing is ever shown


def without_secrets(config: dict) -> dict:
    """A copy whose secrets are true where they are set, and without the section `auth`."""
    return {key: hidden(key, value) for key, value in without_login(config).items()}


def without_login(config: dict) -> dict:
    """A copy without the section `auth`."""
    return {key: value for key, value in config.items() if key != AUTH}


def hidden(key: str, value):
    """The same of one key's value."""
    if key in SECRETS:
        return None if value is None else True
    if isinstance(value, dict):
        return {inner: hidden(inner, item) for inner, item in value.items()}
    if isinstance(value, list):
        return [hidden("", item) for item in value]
    return value
