"""`POST /api/v1/backup`: the configuration with its secrets, encrypted under a passphrase. Lazy handler.

In three steps, whose code is loaded one after the other: all of it at once takes too much memory.
"""

from evencell.compat import sleep_ms
from evencell.forward.http.server import JSON_TYPE, RefusalError, Response
from evencell.runtime.lazy import call, lazy


async def answer(context, request, load) -> Response:
    """The response (lazy_response.py)."""
    passphrase = (await load("evencell.forward.http.body").read_object(request)).get("passphrase")
    fault = call("evencell.forward.http.password_rule", "fault_for", context, passphrase)
    if fault:
        raise RefusalError(400, fault, "passphrase")
    await sleep_ms(0)
    data = _document(context)
    await sleep_ms(0)
    pieces = await load("evencell.forward.http.backup_cipher").encrypt(data, passphrase)
    context.log.info("http: an encrypted backup was made")
    header = 'Content-Disposition: attachment; filename="evencell-%s-encrypted.json"\r\n' % context.device_id
    return Response(pieces, JSON_TYPE, 200, header)


def _document(context) -> bytearray:
    """The backup, with secrets."""
    data = bytearray()
    with lazy("evencell.forward.http.private.backup") as backup:
        try:
            for piece in backup.document(context, lambda _key, value: value):
                data.extend(piece.encode())
        except backup.EditError as refusal:
            raise RefusalError(409, refusal.args[0])
    return data
