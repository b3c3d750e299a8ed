"""What some tests need of this computer. Where it is missing they are skipped, and with CI=true they fail."""

import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest

from host_tests.broker import MISSING
from tools.bench import unix32
from tools.bench.chip import port
from tools.build.common import BuildError
from tools.dev import device
from tools.dev.broker import mosquitto
from tools.dev.system_packages import browser, builds_for_32_bits, victoria_metrics

MISSING_STORE = "VictoriaMetrics is not installed: apt-get install victoria-metrics"
MISSING_BROWSER = "Chromium is not installed: apt-get install chromium-headless-shell"


def need_broker() -> str:
    """Path of mosquitto."""
    return mosquitto() or missing(MISSING)


def need_browser() -> str:
    """Path of Chromium, or of Chrome."""
    return browser() or missing(MISSING_BROWSER)


def need_store() -> str:
    """Path of VictoriaMetrics."""
    return victoria_metrics() or missing(MISSING_STORE)


def need_faketime():
    """What makes clocks run faster."""
    if shutil.which("faketime") is None:
        missing("faketime is not installed: apt-get install faketime")


def need_micropython() -> str:
    """Path of MicroPython's unix port."""
    try:
        return device.micropython()
    except BuildError as error:
        missing(str(error))


def need_gcc_for_32_bits():
    """What builds MicroPython with objects as large as a chip's."""
    if builds_for_32_bits() is False:
        pytest.skip("a MicroPython as a chip has it is built for 32 bits on x86_64 alone")
    try:
        unix32.check_tools()
    except BuildError as error:
        missing(str(error))


def need_chip_port() -> Path:
    """Path of MicroPython with a chip's two heaps, built here."""
    need_gcc_for_32_bits()
    return port.stock()


def missing(reason: str) -> NoReturn:
    """Skip the test with its reason; where everything is promised to be there, fail instead."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
