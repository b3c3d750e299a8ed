"""`POST /api/v1/packs/<pack>/acknowledge`: a raised rule or alarm was seen. Lazy handler; needs a login."""

from evencell.forward.http.server import error, json_response


async def answer(context, request, load):
    """The response (lazy_response.py)."""
    pack_name = request.path.split("/")[4]
    states = [state for state in context.rules.states if state.pack.name == pack_name] if context.rules else []
    if not states:
        return error(404, "There is no pack of this name, or no rules are evaluated here.", "pack")
    wanted = await load("evencell.forward.http.body").read_object(request)
    if not isinstance(wanted.get("rule"), str) or len(wanted) > 1:
        return error(400, 'the body is {"rule": NAME}', "rule")
    rules = load("evencell.control.rules")
    try:
        rules.acknowledge(context, context.rules, states[0], wanted["rule"])
    except rules.RuleError as refusal:
        return error(409, str(refusal), "rule")
    return json_response({"acknowledged": wanted["rule"]})
