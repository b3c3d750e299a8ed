"""What the tests need that pip can't install: put there where that can be done (Debian, root), else left to a skip."""

import os
import platform
import shutil
import subprocess
import sys
from ctypes.util import find_library

from tools.dev import broker

# The headless one takes half the time to start, and to open a page.
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")


def browser() -> str | None:
    """Path of a Chromium, or None."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def victoria_metrics() -> str | None:
    """Path of VictoriaMetrics, as Debian or its makers name it, or None."""
    return next(filter(None, map(shutil.which, ("victoria-metrics", "victoria-metrics-prod"))), None)


def builds_for_32_bits() -> bool | None:
    """Whether gcc builds for 32 bits here (for the model of a chip): True, None (not yet) or False (it never will)."""
    if platform.machine() != "x86_64":
        return False  # Debian has the package for this processor alone
    probe = ["gcc", "-m32", "-x", "c", "-", "-o", os.devnull]
    program = b"#include <stdio.h>\nint main(void) { return 0; }\n"
    has_gcc = shutil.which("gcc") and shutil.which("make")
    return True if has_gcc and not subprocess.run(probe, input=program, capture_output=True).returncode else None


def missing() -> list[str]:
    """Debian packages whose programs are not here."""
    # playwright's own Node needs libatomic1, which a bare Debian lacks.
    wanted = {
        "mosquitto": broker.mosquitto(),
        "chromium-headless-shell": browser(),
        "libatomic1": find_library("atomic"),
        "victoria-metrics": victoria_metrics(),
        "faketime": shutil.which("faketime"),
        "gcc-multilib": builds_for_32_bits(),
    }
    return [package for package, path in wanted.items() if path is None]


def main():
    packages = missing()
    if not packages or os.geteuid() != 0 or shutil.which("apt-get") is None:
        return
    print(f"Installing {' and '.join(packages)} for the tests (once) ...", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    apt = ["apt-get", "-qq", "-o=Dpkg::Use-Pty=0"]
    for command in ([*apt, "update"], [*apt, "install", "--yes", "--no-install-recommends", *packages]):
        if subprocess.run(command, env=environment, stdout=subprocess.DEVNULL).returncode:
            sys.exit(f"apt-get could not install {' and '.join(packages)}; its message stands above.")


if __name__ == "__main__":
    main()
