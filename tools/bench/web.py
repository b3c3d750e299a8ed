"""The page and its server: `http.page_bytes` in a real browser, `http.status_rps` beside a bare microdot."""

import contextlib
import os
import socket
import tempfile
import threading
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

from tools.build.common import ROOT, installed, tool
from tools.dev import device
from tools.dev.demo import free_port, listens, start, wait_until
from tools.dev.system_packages import browser

_PATH = "/api/v1/status"
_CONNECTIONS = 8
_ROUND_S = 2
_ROUNDS = 4
_HEAP = "256k"  # collecting garbage takes as long as the heap is large
_VIEW_MS = 3_000  # the stream has brought its first events by then
_PATIENCE_S = 10


def measure() -> dict:
    """Both figures. The rates are taken in turns, so that a busy machine slows both servers alike."""
    with tempfile.TemporaryDirectory(prefix="evencell-") as folder, contextlib.ExitStack() as running:
        ours = serve_firmware(Path(folder), running)
        page_bytes = first_view_bytes(ours)
        theirs = serve_microdot(Path(folder), running, body_of(ours))
        counts = [[answered(port) for port in (ours, theirs)] for _ in range(_ROUNDS)]
        ratio = sum(count for count, _ in counts) / sum(count for _, count in counts)
    return {
        "http.page_bytes": {"value": page_bytes, "unit": "B"},
        "http.status_rps": {"value": round(ratio, 2), "unit": "ratio"},
    }


def serve_firmware(folder: Path, running: contextlib.ExitStack) -> int:
    """Simulator and firmware; returns the page's port."""
    link, port = folder / "balancer", free_port(8080)
    start(running, [str(tool("evencell")), "sim", "--link", str(link)])
    wait_until(link.exists, "the simulated balancer")
    overrides = device.overrides(f"127.0.0.1:{port}", None, None)
    environment = device.environment(str(link), folder / "data", overrides=overrides)
    start(running, device.command(heap=_HEAP), env=environment)
    wait_until(lambda: listens(port), "the page")
    return port


def serve_microdot(folder: Path, running: contextlib.ExitStack, body: bytes) -> int:
    """A bare microdot on the same interpreter, with the same answer."""
    port, answer = free_port(8090), folder / "answer"
    answer.write_bytes(body)
    environment = {**os.environ, "MICROPYPATH": f".frozen:{installed('microdot').parent}"}
    script = str(ROOT / "tools/bench/microdot_script.py")
    start(running, [device.micropython(), "-X", f"heapsize={_HEAP}", script, str(port), str(answer)], env=environment)
    wait_until(lambda: listens(port), "microdot")
    return port


def first_view_bytes(port: int) -> int:
    """All that the device sends, heads included, until the page shows what it has."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser(), args=["--no-sandbox"])
        page = chromium.new_page()
        network = page.context.new_cdp_session(page)
        finished: dict[str, int] = {}
        received: dict[str, int] = {}  # of a stream, which has no end
        network.on("Network.loadingFinished", lambda event: note(finished, event, event["encodedDataLength"]))
        network.on("Network.dataReceived", lambda event: note(received, event, event["dataLength"]))
        network.send("Network.enable")
        page.goto(f"http://127.0.0.1:{port}/")
        page.wait_for_timeout(_VIEW_MS)
        chromium.close()
    return sum({**received, **finished}.values())


def note(counts: dict[str, int], event: dict, count: int):
    """More bytes of a request."""
    counts[event["requestId"]] = counts.get(event["requestId"], 0) + count


def answered(port: int) -> int:
    """Requests that were answered with 200 while so many connections ask, one after the other each."""
    end_s = time.monotonic() + _ROUND_S
    counts = [0] * _CONNECTIONS

    def ask(number: int):
        while time.monotonic() < end_s:
            with contextlib.suppress(OSError):
                counts[number] += body_of(port) != b""

    threads = [threading.Thread(target=ask, args=[number]) for number in range(_CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts)


def body_of(port: int) -> bytes:
    """The status, b"" where it is refused."""
    with socket.create_connection(("127.0.0.1", port), _PATIENCE_S) as connection:
        connection.sendall(f"GET {_PATH} HTTP/1.0\r\n\r\n".encode())
        pieces = []
        while piece := connection.recv(4096):
            pieces.append(piece)
    head, _, body = b"".join(pieces).partition(b"\r\n\r\n")
    return body if b" 200 " in head.split(b"\r\n")[0] else b""
