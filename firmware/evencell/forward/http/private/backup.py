"""`GET /api/v1/backup`: what config.json has, without its secrets. Lazy handler."""

import json

from evencell import __version__
from evencell.compat import const
from evencell.config.edit_error import EditError
from evencell.config.secrets import without_secrets
from evencell.forward.http.server import JSON_TYPE, Response, error
from evencell.runtime.lazy import call

_FORMAT = const(1)  # as in config/restore.py


async def answer(context, _request, _load):
    """The response (lazy_response.py)."""
    try:
        body = backup(context, without_secrets)
    except EditError as refusal:
        return error(400, refusal.args[0])
    header = 'Content-Disposition: attachment; filename="evencell-%s.json"\r\n' % context.device_id
    return Response([json.dumps(body).encode()], JSON_TYPE, 200, header)


def backup(context, without) -> dict:
    """A backup of what `without` (config/secrets.py) leaves of the configuration; raises EditError."""
    given = call("evencell.config.edit", "read_given", context)
    config, faults = call("evencell.config.check", "check", given)
    config = without(_accepted(given, config) if faults else given)
    return {"backup": _FORMAT, "firmware": __version__, "config": config}


def _accepted(given, config):
    """What counts of `given`: an unknown key or a wrong value may be a secret in a wrong place."""
    if isinstance(given, dict) and isinstance(config, dict):
        return {key: _accepted(given[key], config[key]) for key in given if key in config}
    return config
