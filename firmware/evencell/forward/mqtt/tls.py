"""TLS context for the connection to a broker. Loaded on demand.

`mqtt.ca` names the certificate authority that must have signed the broker's certificate; host name and dates are
checked then, too. `mqtt.fingerprint` pins one certificate. The handshake fails where either does not match: before user
and password are sent.

MicroPython: `tls.SSLContext.verify_callback`, in 1.24 as in 1.29 (extmod/modtls_mbedtls.c). `getpeercert` would need a
finished handshake, and there is none in builds without MBEDTLS_SSL_KEEP_PEER_CERTIFICATE.
"""

import sys
from binascii import a2b_base64, unhexlify
from hashlib import sha256

from evencell.compat import const
from evencell.forward.mqtt.packets import MqttError

_MAX_BYTES = const(8192)  # of a file with certificates
_BEGIN = b"-----BEGIN CERTIFICATE-----"
_END = b"-----END CERTIFICATE-----"
_FATAL = const(-0x3000)  # MBEDTLS_ERR_X509_FATAL_ERROR, which errors.py knows


def tls_of(context):
    """The context for `Wire.open` by the configuration. Raises MqttError where the file of the CA can't be used."""
    settings = context.config["mqtt"]
    ca, fingerprint = settings["ca"], settings["fingerprint"]
    if not ca and not fingerprint:
        context.log.warning("mqtt: the broker's certificate is not verified")
    tls = _new_context(ca is not None, fingerprint and unhexlify(fingerprint.replace(":", "")))
    if ca:
        try:
            for certificate in certificates(_content(context.board.storage + "/" + ca)):
                _trust(tls, certificate)
        except (OSError, ValueError) as error:
            raise MqttError("mqtt.ca: %s: %s" % (ca, error.args[-1] if error.args else "no certificate"))
    return tls


def certificates(content: bytes) -> list[bytes]:
    """Each certificate in a file's content, in DER. A PEM file may hold several; raises ValueError if it has none."""
    if content[:1] == b"\x30":  # a SEQUENCE: DER already
        return [content]
    found = [a2b_base64(part.split(_END)[0]) for part in content.split(_BEGIN)[1:]]
    if not found:
        raise ValueError("no certificate found")
    return found


def _content(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            content = file.read(_MAX_BYTES + 1)
    except OSError:
        raise ValueError("file not found")
    if len(content) > _MAX_BYTES:
        raise ValueError("larger than %d bytes" % _MAX_BYTES)
    return content


if sys.implementation.name == "micropython":
    import tls as _tls

    def _new_context(is_signed: bool, pin: bytes | None):  # pyright: ignore[reportRedeclaration]
        context = _tls.SSLContext(_tls.PROTOCOL_TLS_CLIENT)
        mode = _tls.CERT_REQUIRED if is_signed else _tls.CERT_OPTIONAL if pin else _tls.CERT_NONE
        context.verify_mode = mode  # pyright: ignore[reportAttributeAccessIssue]

        def verify(der, depth: int) -> int:  # depth 0 is the broker's own; any result but 0 ends the handshake
            return 0 if depth or sha256(der).digest() == pin else _FATAL

        if pin:
            context.verify_callback = verify  # pyright: ignore[reportAttributeAccessIssue]
        return context

    def _trust(context, certificate: bytes):
        context.load_verify_locations(certificate)

else:
    import ssl

    def _new_context(is_signed: bool, pin: bytes | None):
        class _Pinned(ssl.SSLObject):
            def do_handshake(self):
                super().do_handshake()
                if sha256(self.getpeercert(True) or b"").digest() != pin:
                    raise OSError(_FATAL)

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = is_signed  # pyright: ignore[reportAttributeAccessIssue] (CPython's must go first)
        context.verify_mode = ssl.CERT_REQUIRED if is_signed else ssl.CERT_NONE
        if pin:
            context.sslobject_class = _Pinned
        return context

    def _trust(context, certificate: bytes):
        context.load_verify_locations(cadata=certificate)
