"""What a TLS connection takes of the second heap, and no more than that: what is sent stays readable.

As `tls` of MicroPython, as far as evencell asks it, for MicroPython built with tools/bench/chip/port.
"""

import _chip

PROTOCOL_TLS_CLIENT = 0
CERT_NONE, CERT_OPTIONAL, CERT_REQUIRED = 0, 1, 2


class SSLContext:
    """Connections of a client; certificates are not verified."""

    def __init__(self, _protocol):
        self.verify_mode = CERT_NONE
        self.verify_callback = None

    def load_verify_locations(self, _certificate):
        """Nothing is verified."""

    def wrap_socket(self, connection, **_options):
        """The same socket, after its claims; OSError where one finds no room."""
        if not _chip.begin_tls(connection.fileno()):
            raise OSError(-0x7F00, "MBEDTLS_ERR_SSL_ALLOC_FAILED")
        return connection
