"""`make run`: simulated pack, broker and firmware together on this computer, until Ctrl-C."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from boards.host import RESTART_STATUS
from tools.build.common import BuildError, tool
from tools.build.tree import build
from tools.cli import port_lock, progress
from tools.cli.serial_port import PortError
from tools.dev import broker, device, login

_LOOPBACK = "127.0.0.1"
_HTTP_PORT = 8080
_MQTT_PORT = 1883
_ELSEWHERE = ("192.0.2.1", 9)  # an address of no host (RFC 5737): choosing a route to it sends nothing
_READY_WITHIN_S = 30
_END_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class DemoError(Exception):
    """What stands in the way, in one sentence."""


def main(port: str | None):
    for number in _END_SIGNALS:
        signal.signal(number, _interrupt)
    try:
        with tempfile.TemporaryDirectory(prefix="evencell-") as folder, contextlib.ExitStack() as running:
            run(port, Path(folder), running)
    except KeyboardInterrupt:
        print("\nAll stopped.")
    except (BuildError, DemoError) as error:
        sys.exit(str(error))
    except PortError as error:
        sys.exit(error.message)


def run(port: str | None, folder: Path, running: contextlib.ExitStack):
    """Start everything, say where it is, and wait until one of it ends."""
    if port:
        port_lock.hold([port])
    build("host")
    is_simulated = not port
    if not port:
        print("Starting a simulated balancer ...", flush=True)
        port = str(folder / "balancer")
        start(running, [str(tool("evencell")), "sim", "--link", port], stdout=subprocess.DEVNULL)
        wait_until(lambda: os.path.exists(port), "the simulated balancer")
    print("Starting an MQTT broker and the firmware ...", flush=True)
    mqtt_port = start_broker(running, folder)
    http_port = free_port(_HTTP_PORT)
    host = os.environ.get("HOST") or _LOOPBACK
    overrides = device.overrides(f"{host}:{http_port}", f"{_LOOPBACK}:{mqtt_port}", None)
    login.show_first_password(device.DEFAULT_DATA)
    environment = device.environment(port, device.DEFAULT_DATA, overrides=overrides, simulated=is_simulated)
    while run_firmware(running, environment, http_port, mqtt_port) == RESTART_STATUS:
        print("The firmware restarts.", flush=True)
    raise DemoError("The firmware ended by itself; its last lines above say why.")


def run_firmware(running: contextlib.ExitStack, environment: dict, http_port: int, mqtt_port: int) -> int:
    """Start the firmware, say where it is, and wait for its end; returns its exit status."""
    firmware = start(running, device.command(), env=environment)
    running.callback(interrupt, firmware)
    wait_until(lambda: listens(http_port) or firmware.poll() is not None, "the page")
    if firmware.poll() is None:
        print(f"\n  page   http://{_LOOPBACK}:{http_port}/")
        if os.environ.get("HOST"):
            print(f"         http://{own_address()}:{http_port}/ in this network; reading needs no login")
        print(f"  MQTT   mosquitto_sub -p {mqtt_port} -v -t 'evencell/#'")
        print("  Ctrl-C ends all of it.\n", flush=True)
    return firmware.wait()


def start(running: contextlib.ExitStack, command: list[str], **options) -> subprocess.Popen:
    """Start a process that ends with the others. It has a group of its own, so that Ctrl-C comes to us alone.

    Not a session: a session's leader would get the serial port for its terminal, and die when that is unplugged.
    """
    with undisturbed():
        process = subprocess.Popen(command, process_group=0, **{"stdin": subprocess.DEVNULL, **options})
        running.callback(stop, process)
    return process


@contextlib.contextmanager
def undisturbed():
    """Ctrl-C waits until the end of the block: a process that is just being started would be left behind."""
    came = []
    handlers = {number: signal.signal(number, lambda *_: came.append(True)) for number in _END_SIGNALS}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    if came:
        raise KeyboardInterrupt


def start_broker(running: contextlib.ExitStack, folder: Path, prefix: Iterable[str] = ()) -> int:
    """Start a broker, by way of the command `prefix`; returns its port once it listens."""
    port = free_port(_MQTT_PORT)
    start_broker_at(port, running, folder, prefix)
    return port


def start_broker_at(
    port: int, running: contextlib.ExitStack, folder: Path, prefix: Iterable[str] = ()
) -> subprocess.Popen:
    """As `start_broker`, at a port that is given."""
    command = [*prefix, *broker.command(port, folder)]
    process = start(running, command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_until(lambda: listens(port), "the MQTT broker")
    return process


def stop(process: subprocess.Popen):
    """End the process and what it started itself, which is in its group."""
    signal_group(process, signal.SIGTERM)
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        signal_group(process, signal.SIGKILL)
        process.wait()


def interrupt(process: subprocess.Popen):
    """End the firmware by Ctrl-C: it writes what it has in memory."""
    signal_group(process, signal.SIGINT)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(5)


def signal_group(process: subprocess.Popen, number: int):
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def wait_until(ready, what: str):
    deadline = time.monotonic() + _READY_WITHIN_S
    while not ready():
        if time.monotonic() > deadline:
            raise DemoError(f"{what} did not start within {_READY_WITHIN_S} s.")
        time.sleep(0.02)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def own_address() -> str:
    """The address of this computer in its network; loopback where it is in none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(_ELSEWHERE)
        except OSError:
            return _LOOPBACK
        return probe.getsockname()[0]


def free_port(wanted: int) -> int:
    """The usual port, or any other where that is taken."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return probe.getsockname()[1]
    raise DemoError("no port of this computer is free.")


def _interrupt(*_):
    raise KeyboardInterrupt


if __name__ == "__main__":
    progress.show()
    main(sys.argv[1] if len(sys.argv) > 1 else None)
