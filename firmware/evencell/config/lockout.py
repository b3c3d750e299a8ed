"""Warnings of a configuration after whose next start its owner could not reach the device any more. Lazy."""

from evencell.compat import const

_ANY_ADDRESS = "0.0.0.0"
_USUAL_PORT = const(80)
_FIRST_OPEN_PORT = const(1024)
_OTHER_WAYS = "after the restart this can be changed by the button or over USB alone"


def warnings(board, before: dict, config: dict) -> list[str]:
    """A sentence for each change that may lock the owner out, with its key in front."""
    found = []
    http, wifi = config["http"], config["wifi"]
    if before["http"]["enabled"] and not http["enabled"]:
        found.append("http.enabled: there will be no page: " + _OTHER_WAYS)
    if before["wifi"]["networks"] and not wifi["networks"] and board.wired is False:
        found.append("wifi.networks: there will be no network: " + _OTHER_WAYS)
    if config["profile"] != "full" == before["profile"]:
        found.append("profile: only full has a page: " + _OTHER_WAYS)
    if "power" in config and config["power"]["interval_s"] and not before["power"]["interval_s"]:
        found.append("power.interval_s: the device sleeps, and has no page: " + _OTHER_WAYS)
    if http["host"] not in (before["http"]["host"], _ANY_ADDRESS):
        found.append("http.host: there will be a page only if this is an address of the device; 0.0.0.0 always works")
    port = http["port"]
    if port != before["http"]["port"] and port != _USUAL_PORT and port < _FIRST_OPEN_PORT:
        found.append("http.port: browsers open no page at most ports below %d: take 80, or 8080" % _FIRST_OPEN_PORT)
    return found
