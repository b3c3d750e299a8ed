"""What a request wants the configuration to be. Lazy, a step of config_change.py."""

from evencell.compat import const
from evencell.config.edit_error import EditError
from evencell.runtime.lazy import call

_MIN_WPA = const(8)  # bytes of a password of Wi-Fi


def wanted(context, given: dict, is_restore: bool) -> tuple[dict, dict, list[str]]:
    """What the file has, what it shall have, and warnings; raises EditError with sentences."""
    old = call("evencell.config.edit", "read_given", context)
    missing = []
    if is_restore:
        return old, call("evencell.config.restore", "restored", old, given, missing), missing
    if "auth" in given:
        raise EditError("auth: use /api/v1/password and /api/v1/tokens")
    wifi = given.get("wifi")
    password = wifi.get("ap_password") if isinstance(wifi, dict) else None
    if isinstance(password, str) and len(password) >= _MIN_WPA:  # a shorter one is the check's matter
        fault = call("evencell.forward.http.password_rule", "fault_for", context, password, _MIN_WPA)
        if fault:
            raise EditError("wifi.ap_password: " + fault)
    new = call("evencell.config.merge", "merge", old, given, missing)
    if missing:
        raise EditError(*["%s: true keeps what is set, and nothing is" % key for key in missing])
    return old, new, []
