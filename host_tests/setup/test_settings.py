"""Writing what was set up: a power cut at any moment."""

import builtins
import json
import os

from evencell.config import load
from evencell.setup import settings
from host_tests.setup.device import HOME, OLD, PASSWORD, Device, is_wanted


def test_a_power_cut_at_any_write_leaves_a_whole_configuration(tmp_path, monkeypatch):
    """Old or new, and once the new password is in force the old one never comes back."""
    path = tmp_path / "config.json"
    hashes = [OLD["auth"]["password_hash"], OLD["auth"]["password_hash"].replace("$1$", "$2$")]
    outcomes, cut = [], 0
    while True:
        for file in tmp_path.glob("config.json*"):
            file.unlink()
        path.write_text(json.dumps(OLD))
        device = Device(tmp_path, monkeypatch)
        is_wanted(device)
        wanted = {"password": PASSWORD, "network": HOME, "pack": None, "name": "New", "language": None}
        with CutAt(monkeypatch, cut) as writes:
            try:
                assert settings.write(device.context, wanted, hashes[1]) is None
            except PowerCutError:
                pass
        config, faults, _ = load.load(str(path))
        was_changed = config["name"] == "New"
        assert not faults
        assert config["auth"]["password_hash"] == hashes[was_changed]
        assert [network["ssid"] for network in config["wifi"]["networks"]] == ["Home"] * was_changed + ["Work"]
        outcomes.append(was_changed)
        if len(writes) <= cut:
            break
        cut += 1
    assert outcomes == sorted(outcomes) and outcomes[-1] and not outcomes[0] and cut > 8


class PowerCutError(BaseException):
    """Nothing catches it."""


class CutAt:
    """Within it every step of a write counts, and this one does not happen: of a text half is written."""

    def __init__(self, monkeypatch, number: int):
        self._patch, self._number, self._steps = monkeypatch, number, []

    def __enter__(self):
        self._really = os.rename, builtins.open
        steps = self._steps

        def step(name):
            steps.append(name)
            if len(steps) > self._number:
                raise PowerCutError

        def rename(old, new):
            step("rename")
            self._really[0](old, new)

        def open_(name, mode="r", *rest):
            file = self._really[1](name, mode, *rest)
            if "w" not in mode:
                return file
            write = file.write

            def halved(text):
                try:
                    step("write")
                except PowerCutError:
                    write(text[: len(text) // 2])
                    file.close()
                    raise
                return write(text)

            return _Writing(file, halved)

        self._patch.setattr(os, "rename", rename)
        self._patch.setattr(builtins, "open", open_)
        return steps

    def __exit__(self, *_):
        self._patch.setattr(os, "rename", self._really[0])
        self._patch.setattr(builtins, "open", self._really[1])


class _Writing:
    def __init__(self, file, write):
        self.write = write
        self._file = file

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._file.close()
