"""`GET /api/v1/backup`: what config.json has, without its secrets. Lazy handler."""

import json

from evencell import __version__
from evencell.compat import const
from evencell.config.edit_error import EditError
from evencell.config.secrets import AUTH, hidden
from evencell.forward.http.server import JSON_TYPE, Response, error
from evencell.runtime.lazy import call

_FORMAT = const(1)  # as in config/restore.py


async def answer(context, _request, _load):
    """The response (lazy_response.py)."""
    try:
        pieces = document(context, hidden)
    except EditError as refusal:
        return error(400, refusal.args[0])
    header = 'Content-Disposition: attachment; filename="evencell-%s.json"\r\n' % context.device_id
    return Response(pieces, JSON_TYPE, 200, header)


def document(context, shown):
    """Generate a backup of the configuration, in which `shown(key, value)` stands for a value; raises EditError."""
    config = call("evencell.config.edit", "read_given", context)
    if context.config_crc is None:
        completed, faults = call("evencell.config.check", "check", config)
        config = _accepted(config, completed) if faults else config
    return _pieces(config, shown)


def _pieces(config: dict, shown):
    yield '{"backup": %d, "firmware": "%s", "config": {' % (_FORMAT, __version__)
    separator = ""
    for key in config:
        if key != AUTH:  # who may log in is in no backup
            yield "%s%s: %s" % (separator, json.dumps(key), json.dumps(shown(key, config[key])))
            separator = ", "
    yield "}}"


def _accepted(given, config):
    """What counts of `given`: an unknown key or a wrong value may be a secret in a wrong place."""
    if isinstance(given, dict) and isinstance(config, dict):
        return {key: _accepted(given[key], config[key]) for key in given if key in config}
    return config
