"""Reads what a request wants the configuration to be. Lazy, a step of config_change.py."""

from evencell.compat import const, sleep_ms
from evencell.forward.http.server import RefusalError
from evencell.runtime.lazy import call, unload

_MAX_BODY_BYTES = const(8_192)
_MAX_RESTORED_BYTES = const(12_288)  # the largest configuration, encrypted, and its passphrase
_CIPHER = "evencell.forward.http.backup_cipher"
_BODY = "evencell.forward.http.body"


async def read(request, is_restore: bool, load) -> dict:
    """The object in the body, or in the encrypted backup that is there; raises RefusalError with a sentence."""
    await load(_BODY).read(request, _MAX_RESTORED_BYTES if is_restore else _MAX_BODY_BYTES)
    unload(_BODY)
    await sleep_ms(0)
    given = _given(request)
    if is_restore and "encrypted_backup" in given:
        request.body = await load(_CIPHER).decrypt(given)
        unload(_CIPHER)
        given = _given(request)
    return given


def _given(request) -> dict:
    """The object in the body, which is discarded; raises RefusalError with a sentence."""
    data, request.body, request.received = request.body, b"", b""  # their memory is needed
    try:
        found = call("evencell.config.parse", "parse", data)
    except ValueError as fault:
        raise RefusalError(400, "the body is not a configuration: %s" % fault)
    if found is None:
        raise RefusalError(400, "the body is empty")
    values, repeated = found
    if repeated:
        raise RefusalError(400, "%s: this key is there twice" % repeated[0], repeated[0])
    return values
