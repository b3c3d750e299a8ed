"""`/api/v1/packs/<pack>/settings`: what a balancer is set to, and setting it. Lazy handler; PATCH needs a login."""

from evencell.forward.http.server import error, json_response
from evencell.pack.settings import CommandError, check_writable, find_pack, json_value, own_limits
from evencell.protocol.jk_settings import SETTINGS, setting_range

_ADVICE = ("recommended", "reason", "broken")
_MEASURED = ("old", "requested", "active", "error", "warnings")


async def answer(context, request, load):
    """The response (lazy_response.py)."""
    try:
        pack, config = find_pack(context, request.path.split("/")[4])
    except CommandError as refusal:
        return error(404, str(refusal), "pack")
    if request.method != "PATCH":
        return json_response(_settings(context, pack, config, load("evencell.control.advisor").advise))
    wanted = await load("evencell.forward.http.body").read_object(request)
    if not wanted:
        return error(400, "the body is an object of settings: %s" % ", ".join(sorted(SETTINGS)))
    for name in wanted:
        if name not in SETTINGS:
            return error(400, "there is no such setting; there are %s" % ", ".join(sorted(SETTINGS)), name[:32])
    try:
        check_writable(pack, config)
    except CommandError as refusal:
        return error(403, str(refusal), "writable")
    results = {}
    for name in SETTINGS:  # in their order: the switch last
        if name in wanted:
            result = await pack.writer(name, wanted[name], "page")
            results[name] = {key: result[key] for key in _MEASURED}
    return json_response(results)


def _settings(context, pack, config: dict, advise) -> dict:
    settings = {}
    for name in SETTINGS:
        lowest, highest = setting_range(pack.model, name)
        settings[name] = {
            "active": None,
            "min": json_value(name, lowest),
            "max": json_value(name, highest),
            "recommended": None,
            "reason": "There is no reading yet.",
            "broken": None,
        }
    for advice in advise(pack, config, pack.age_ms(context.clock), own_limits(context), context.control):
        of_setting = settings[advice["setting"]]
        of_setting["active"] = advice["value"]
        for key in _ADVICE:
            of_setting[key] = advice[key]
    return {"writable": bool(config["writable"] and pack.writer), "settings": settings}
