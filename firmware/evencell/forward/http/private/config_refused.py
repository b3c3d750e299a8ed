"""The response to a change of the configuration that is refused. Lazy, a step of config_change.py."""

from evencell.forward.http.server import json_response


def response(faults: tuple):
    """All sentences, and the key of the first."""
    body = {"error": faults[0], "faults": list(faults)}
    field, colon, _ = faults[0].partition(": ")
    if colon:
        body["field"] = field
    return json_response(body, 400)
