"""`/api/v1/packs/<pack>/settings`: what a balancer is set to, and setting it. Lazy handler; PATCH needs a login."""

from evencell.forward.http.server import error, json_response
from evencell.pack.settings import CommandError, check_writable, find_pack, json_value, own_limits, value_in
from evencell.protocol.jk_settings import SETTINGS, setting_range

_MEASURED = ("old", "requested", "active", "error", "warnings")


async def answer(context, request, load):
    """The response (lazy_response.py)."""
    try:
        pack, config = find_pack(context, request.path.split("/")[4])
    except CommandError as refusal:
        return error(404, str(refusal), "pack")
    if request.method != "PATCH":
        return json_response(_settings(context, pack, config, load("evencell.pack.recommended").recommended))
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


def _settings(context, pack, config: dict, recommended) -> dict:
    age_ms = pack.age_ms(context.clock)
    own, settings = own_limits(context), {}
    for name in SETTINGS:
        lowest, highest = setting_range(pack.model, name)
        value, reason = (
            (None, "There is no reading yet.") if age_ms is None else recommended(pack, name, config, age_ms, own)
        )
        settings[name] = {
            "active": None if age_ms is None else json_value(name, value_in(name, pack.accepted)),
            "min": json_value(name, lowest),
            "max": json_value(name, highest),
            "recommended": value,
            "reason": reason,
        }
    return {"writable": bool(config["writable"] and pack.writer), "settings": settings}
