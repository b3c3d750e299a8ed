"""What mpflash reads of micropython.org, behind a proxy on loopback: the real site is not part of any test.

The pages have what mpflash 1.29.0 looks for in them (download/from_web.py): cards of boards, and links to images.
"""

import http.server
import ssl
import threading
from pathlib import Path

from tools.release import pins

VARIANTS = {
    "ESP32_GENERIC": ("", "-D2WD", "-SPIRAM"),
    "ESP32_GENERIC_S3": ("", "-SPIRAM_OCT"),
    "ESP32_GENERIC_C3": ("",),
}
DATE = "20260801"  # made up
VERSIONS = (f"{DATE}-v{pins.stock_micropython()}", "20250911-v1.26.1")


def answer(path: str) -> bytes | None:
    """The page or the image at this path; an image is its own name. None where there is nothing."""
    folder, _, name = path.partition("?")[0].strip("/").rpartition("/")
    if path == "/download/?port=esp32":
        return "".join(f'<a class="board-card" href="{board}">{board}</a>' for board in VARIANTS).encode()
    if folder == "download" and name in VARIANTS:
        images = (f"{name}{variant}-{version}" for version in VERSIONS for variant in VARIANTS[name])
        return "".join(f'<a href="/resources/firmware/{image}.bin">{image}</a>' for image in images).encode()
    return name.encode() if folder == "resources/firmware" else None


class MicropythonOrg:
    """`environment` leads a program there. `paths`: what was asked for."""

    def __init__(self, certificates: Path):
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificates / "server.crt", certificates / "server.key")
        self.paths = paths = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_CONNECT(self):
                self.send_response(200)
                self.end_headers()
                with tls.wrap_socket(self.connection, server_side=True) as inside:
                    Handler(inside, self.client_address, self.server)
                self.close_connection = True

            def do_GET(self):
                paths.append(self.path)
                content = answer(self.path)
                self.send_response(200 if content else 404)
                self.send_header("Content-Length", str(len(content or b"")))
                self.end_headers()
                self.wfile.write(content or b"")

            def log_message(self, *_):
                """Say nothing."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        url = f"http://127.0.0.1:{self._server.server_port}"
        self.environment = {"HTTPS_PROXY": url, "https_proxy": url, "REQUESTS_CA_BUNDLE": str(certificates / "ca.crt")}

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
