"""How long a device that sleeps stays awake after a press of its button."""

import asyncio
from types import SimpleNamespace

import pytest

from evencell.pack.low_level import RADIO_OFF
from evencell.power import awake


class Restarted(Exception):
    """The board restarts."""


class Device:
    """A context and a board whose button is pressed at some polls; `polls` counts them."""

    def __init__(self, folder, pressed=(), updating_until: int = 0):
        self.polls = 0
        self._pressed, self._updating_until = pressed, updating_until
        self.storage = str(folder)
        self.board = self
        self.log = SimpleNamespace(info=lambda _text: None)
        self.storage_faults = None

    @property
    def update(self):
        return self.polls < self._updating_until or None

    def button(self):
        return self.is_pressed

    def is_pressed(self):
        self.polls += 1
        return self.polls in self._pressed

    def firmware(self):
        return None

    def finish(self):
        """Nothing is only in memory."""

    def restart(self):
        raise Restarted


@pytest.fixture(autouse=True)
def no_time(monkeypatch):
    async def passed(_ms):
        """At once."""

    monkeypatch.setattr(awake, "sleep_ms", passed)
    monkeypatch.setattr(awake.time, "sleep", lambda _s: None)


def polls_awake(device: Device, awake_s: int) -> int:
    with pytest.raises(Restarted):
        asyncio.run(awake.stay(device, awake_s))
    return device.polls


def test_time_counts_from_the_last_press(tmp_path):
    assert polls_awake(Device(tmp_path), 5) == 50
    assert polls_awake(Device(tmp_path, pressed=(30, 70)), 5) == 120


def test_an_update_is_not_interrupted(tmp_path):
    assert polls_awake(Device(tmp_path, updating_until=200), 5) == 200


def test_start_of_an_awake_device_counts_as_one_that_did_not_end_early(tmp_path):
    (tmp_path / "boots").write_text("2 2 a")
    polls_awake(Device(tmp_path), 1)
    assert not (tmp_path / "boots").exists()


def wake_of(device: Device, level: int = 0):
    return SimpleNamespace(board=device, state=SimpleNamespace(level=level), save=lambda: None)


def test_restart_waits_until_the_button_is_released(tmp_path):
    """A start with a held button deletes the settings."""
    (tmp_path / "wake.json").touch()
    device = Device(tmp_path, pressed=range(40))
    with pytest.raises(Restarted):
        awake.begin(wake_of(device))
    assert device.polls == 40
    assert [path.name for path in tmp_path.iterdir()] == ["awake.json"]


def test_low_pack_stuck_button_or_broken_flash_is_an_ordinary_wake(tmp_path):
    (tmp_path / "wake.json").touch()
    awake.begin(wake_of(Device(tmp_path), RADIO_OFF))
    awake.begin(wake_of(Device(tmp_path, pressed=range(10_000))))
    assert (tmp_path / "wake.json").exists()
    awake.begin(wake_of(Device(tmp_path / "missing")))
