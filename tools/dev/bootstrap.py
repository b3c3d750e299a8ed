"""Makes `.venv` with everything pinned, at the versions of pyproject.toml. Run by `make`.

`bootstrap.py run` installs what running needs, `bootstrap.py flash` what reaches a chip on top, `bootstrap.py develop`
the tools of tests and checks on top of both. Each is done once: a stamp keeps the hash of what was asked for. Runs on
the system's own Python, so it uses the standard library alone.
"""

import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import time
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
CONSTRAINTS = ROOT / "constraints.txt"
PROJECT = ROOT / "pyproject.toml"
_LAYERS = {
    "run": "what runs evencell on this computer",
    "flash": "what reaches a chip",
    "develop": "what checks and tests need",
}
_LASTS = {"run": "up to a minute", "flash": "up to half a minute", "develop": "one to two minutes"}
_STILL_EVERY_S = 5
ASKED_FOR = (PROJECT, CONSTRAINTS, Path(__file__))


def main(layer: str):
    """Set up, one process at a time: two at once would remove each other's work."""
    with open(ROOT / "pyproject.toml") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        set_up(layer)


def set_up(layer: str):
    settings = tomllib.loads(PROJECT.read_text())["tool"]["evencell"]
    once("run", lambda: install_run(settings))
    if layer in ("flash", "develop"):
        once("flash", lambda: install_extra("flash", "esptool, mpflash, littlefs"))
    if layer == "develop":
        once("develop", lambda: install_develop(settings))


def once(layer: str, install):
    """Call `install` unless the layer stands there as it is asked for now."""
    stamp = VENV / f"{layer}.stamp"
    wanted = fingerprint()
    if stamp.exists() and stamp.read_text() == wanted:
        return
    print(f"Setting up .venv, once: {_LAYERS[layer]}. It takes {_LASTS[layer]}.", flush=True)
    began_s = time.monotonic()
    install()
    stamp.write_text(wanted)
    print(f"  done in {time.monotonic() - began_s:.0f} s", flush=True)


def install_run(settings: dict):
    need_venv_module()
    run(
        "a Python of its own",
        [sys.executable, "-m", "venv", "--clear", str(VENV)],
        "The folder .venv could not be made.",
    )
    pip("the command evencell, MicroPython, an MQTT broker", "--editable", str(ROOT), "--constraint", str(CONSTRAINTS))
    pip("fonts", "--no-deps", *settings["without-dependencies"])


def install_develop(settings: dict):
    # The type checker's settings can't say which Python it is.
    (VENV / "site-packages").unlink(missing_ok=True)
    (VENV / "site-packages").symlink_to(next(VENV.glob("lib/python*/site-packages")))
    install_extra("dev", "linters, type checker, test programs")
    npm("MicroPython for 32 bits", *settings["npm"])


def install_extra(name: str, what: str):
    """An extra of pyproject.toml; `what` is in it."""
    pip(what, "--editable", f"{ROOT}[{name}]", "--constraint", str(CONSTRAINTS))


def fingerprint() -> str:
    """Hash of everything that decides what stands in `.venv`, its place and its Python included."""
    digest = hashlib.sha256(f"{sys.version}\n{VENV}\n".encode())
    for path in ASKED_FOR:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def need_venv_module():
    """Debian splits venv from Python: install it where we may, else say how."""
    if importlib.util.find_spec("ensurepip"):
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        subprocess.run(["apt-get", "update", "-qq"], check=True)
        subprocess.run(["apt-get", "install", "-y", "-qq", "python3-venv"], check=True)
        return
    sys.exit("This Python lacks its venv module. Install it and try again: sudo apt install python3-venv")


def pip(what: str, *arguments: str):
    command = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *arguments]
    run(what, command, "pip could not install the packages above. Is there a connection to PyPI?")


def npm(what: str, *packages: str):
    command = [
        str(VENV / "bin" / "npm"),
        "install",
        "--loglevel=error",
        "--no-fund",
        "--no-audit",
        "--prefix",
        str(VENV),
    ]
    run(what, [*command, *packages], "npm could not install the packages above. Can the npm registry be reached?")


def run(what: str, command: list[str], remedy: str):
    """Say what is installed, and every few seconds that it still is; end with `remedy` where the command fails."""
    environment = {**os.environ, "PATH": f"{VENV / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}
    began_s = time.monotonic()
    print(f"  {what} ...", flush=True)
    with subprocess.Popen(command, env=environment) as process:
        while True:
            try:
                status = process.wait(_STILL_EVERY_S)
                break
            except subprocess.TimeoutExpired:
                print(f"  {what}: {time.monotonic() - began_s:.0f} s so far", flush=True)
    if status:
        sys.exit(remedy)


if __name__ == "__main__":
    if sys.version_info < (3, 11):  # noqa: UP036 - the Python that runs this may be older
        sys.exit(f"evencell needs Python 3.11 or newer, and this is {sys.version.split()[0]}.")
    try:
        main(sys.argv[1] if len(sys.argv) > 1 else "develop")
    except KeyboardInterrupt:
        sys.exit("\nStopped. The same command begins the set-up anew.")
