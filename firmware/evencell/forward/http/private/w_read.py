"""`POST /api/v1/packs/<pack>/w`: an owner has a balancer that is off switched on to be read. Lazy; needs a login."""

from evencell.forward.http.server import error, json_response


async def answer(context, request, load):
    """The response (lazy_response.py)."""
    w = context.control.w if context.control else None
    if w is None or w.pack.name != request.path.split("/")[4]:
        return error(404, "There is no W switch for a pack of this name.", "pack")
    wanted = await load("evencell.forward.http.body").read_object(request)
    if wanted != {"read": True}:
        return error(400, 'the body is {"read": true}', "read")
    if w.level or (w.level is None and w.config["resistor"] == "on"):
        return error(409, "the balancer is on already", "read")
    w.is_insisted = True  # within 10 s; without a reading that passes it is off again within 30 s
    context.log.info("%s: an owner has it switched on by W to be read" % w.pack.name)
    return json_response({"read": True})
