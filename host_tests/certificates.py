"""Certificates for the tests, made by openssl, and a peer that tells what it could read over TLS."""

import contextlib
import hashlib
import shutil
import socket
import ssl
import subprocess
import threading
from pathlib import Path

from host_tests.needs import missing

_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
_LOOPBACK = "DNS:localhost,IP:127.0.0.1"


def make_certificates(folder: Path, names: str = _LOOPBACK) -> Path:
    """Fills the folder: `ca` and `other` as .crt (PEM), .der and .key; `both.crt` has the two; `server.crt` and
    `server.key` are for `names`, signed by `ca`."""
    if shutil.which("openssl") is None:
        missing("openssl is not installed: apt-get install openssl")

    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    for name in ("ca", "other"):
        authority = ("-days", "2", "-subj", f"/CN={name}", "-addext", "keyUsage=critical,keyCertSign,digitalSignature")
        openssl("req", "-x509", *_KEY, *authority, "-keyout", f"{name}.key", "-out", f"{name}.crt")
        openssl("x509", "-in", f"{name}.crt", "-outform", "DER", "-out", f"{name}.der")
    (folder / "both.crt").write_text((folder / "other.crt").read_text() + (folder / "ca.crt").read_text())
    (folder / "names").write_text(f"subjectAltName={names}\nauthorityKeyIdentifier=keyid\n")
    openssl("req", *_KEY, "-subj", "/CN=127.0.0.1", "-keyout", "server.key", "-out", "server.csr")
    signed = ("-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "1", "-extfile", "names")
    openssl("x509", "-req", "-in", "server.csr", *signed, "-out", "server.crt")
    return folder


def fingerprint(certificate: Path) -> str:
    """The SHA-256 of a certificate in PEM, as openssl writes it."""
    digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(certificate.read_text())).hexdigest().upper()
    return ":".join(digest[at : at + 2] for at in range(0, 64, 2))


class SecureListener:
    """Takes every connection on loopback with the server's certificate; `read` is all that came through TLS."""

    def __init__(self, certificates: Path):
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificates / "server.crt", certificates / "server.key")
        self.read = []

    def __enter__(self):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                with connection, contextlib.suppress(OSError), self._context.wrap_socket(connection, True) as secure:
                    if data := secure.recv(1000):
                        self.read.append(data)
