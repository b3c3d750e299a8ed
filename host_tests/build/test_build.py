"""`make build`: what it says, what it refuses, and that it makes the same bytes anywhere."""

import base64
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives import serialization

from evencell import __version__
from evencell.config.parse import parse
from host_tests.build.chip_image import micropython
from host_tests.build.device_folder import OnFlash, extract, hashes, on_this_computer
from host_tests.end_to_end.chain import FIXED, FIXED_MV, Simulator
from host_tests.update.signing import key
from tools.build.command import (
    FILE_SYSTEM,
    configuration,
    configuration_of,
    main,
    make,
    used_configuration,
    warnings,
    written,
)
from tools.build.common import FIRMWARE, ROOT, BuildError
from tools.build.image import littlefs
from tools.build.partitions import VFS, Partition, flash_mb
from tools.build.select import can_have_display
from tools.build.slots import contents_of, lay_out
from tools.build.tree import RELEASE_KEY, board_data, board_names, build_tree, fill_slot
from tools.dev.login import password_hash
from tools.update import keys
from tools.update.image import read

SECRET = "gE7h3im-gE7h3im"
GENERIC = board_data("esp32_generic")
NO_DISPLAY = {"display": {"driver": "none"}}  # what such a board has no memory for beside page and history


def said(*options) -> tuple[int, str]:
    result = CliRunner().invoke(main, [str(option) for option in options])
    return result.exit_code, result.output


def config(tmp_path: Path, content) -> Path:
    path = tmp_path / "my.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_build_prints_its_result_and_the_next_step(scratch):
    status, text = said("--board", "esp32_generic")
    assert status == 0, text
    size = (scratch / "esp32_generic" / FILE_SYSTEM).stat().st_size
    assert f"{size} bytes for address 0x200000" in text
    assert "with both slots full" in text and "make flash BOARD=esp32_generic" in text
    assert json.loads((scratch / "esp32_generic/flash/config.json").read_text()) == NO_DISPLAY


def test_build_makes_the_image_of_an_update_and_signs_it_with_the_key_there_is(scratch, tmp_path, monkeypatch):
    monkeypatch.setattr(keys, "DEFAULT_FILE", tmp_path / "update.pem")
    path = scratch / f"esp32_generic/evencell-esp32_generic-{__version__}.evencell"
    assert "not signed: evencell keygen makes a key" in said("--board", "esp32_generic")[1]
    image = read(path)
    slot = contents_of(scratch / "esp32_generic/flash/a")
    assert image.key == "" and image.about["version"] == __version__
    assert image.body == slot.pop("manifest.json") + b"".join(slot.values())
    key("owner").save(keys.DEFAULT_FILE)
    key("another").save(tmp_path / "another.pem")
    for options, expected in (([], key("owner")), (["--key", tmp_path / "another.pem"], key("another"))):
        status, text = said("--board", "esp32_generic", *options)
        assert status == 0 and f"signed with the key {expected.public.id}" in text
        signed = read(path)
        assert (signed.header, signed.body) == (image.header, image.body)
        assert expected.public.verifies(signed.header, bytes.fromhex(signed.signature))


def test_a_build_takes_updates_of_the_release_key_that_it_is_given(scratch, tmp_path):
    key("release").save(tmp_path / "private.pem")
    spki = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "public.pem").write_bytes(key("release").public.numbers.public_key().public_bytes(*spki))
    text = base64.b64encode(key("release").public.modulus)
    folder = scratch / "esp32_generic"
    in_slot = Path(RELEASE_KEY).name
    for name in ("private.pem", "public.pem"):
        assert said("--board", "esp32_generic", "--release-key", tmp_path / name)[0] == 0
        assert (folder / "flash/a" / in_slot).read_bytes() == text
        assert repr(text) in (folder / "frozen/frozen_files.py").read_text()
        assert in_slot in json.loads((folder / "flash/a/manifest.json").read_text())["files"]
    assert said("--board", "esp32_generic")[0] == 0
    assert not (folder / "flash/a" / in_slot).exists()


@pytest.mark.usefixtures("scratch")
def test_a_set_that_has_room_for_one_slot_alone_says_what_that_means(monkeypatch):
    monkeypatch.setitem(VFS, 4, Partition(0x200000, 0xC0000))
    status, text = said("--board", "esp32_generic")
    assert status == 0
    assert re.search(r"one slot +\d+ bytes are missing for a second one: `make deploy` and updates", text)


@pytest.mark.parametrize("board", ["", "host"])
def test_build_without_a_board_lists_the_boards(board):
    status, text = said("--board", board)
    assert status == 1 and "Say BOARD= with one of:" in text and "  esp32_generic " in text


@pytest.mark.parametrize("board", ["esp32", "nonsense", "__init__", "../x"])
def test_an_unknown_board_is_one_sentence(board):
    status, text = said("--board", board)
    assert status == 1 and text.count("\n") == 1
    assert text.startswith(f"Error: There is no board {board!r}. ")
    assert " esp32_generic, " in text and "`.venv/bin/evencell boards`" in text


def test_a_board_that_is_nearly_right_is_suggested():
    assert "Did you mean esp32_generic? " in said("--board", "ESP32_GENERC")[1]


def test_missing_or_broken_configuration_is_reported_before_the_build(tmp_path, monkeypatch):
    monkeypatch.setattr("tools.build.command.build", None)
    broken = tmp_path / "broken.json"
    broken.write_text("{")
    missing = tmp_path / "nope.json"
    assert said("--board", "esp32_generic", "--config", missing) == (1, f"Error: {missing}: there is no such file\n")
    status, text = said("--board", "esp32_generic", "--config", broken)
    assert status == 1 and text.startswith(f"Error: {broken}: ") and text.count("\n") == 1


def test_an_unknown_profile_is_one_sentence():
    assert said("--board", "esp32_generic", "--profile", "big")[1].startswith("Error: There is no profile 'big'. ")


def test_every_fault_of_a_configuration_is_a_sentence_and_nothing_is_built(tmp_path, scratch):
    path = config(tmp_path, {"profil": "full", "http": {"port": 0}, "mqtt": {"pasword": SECRET}})
    status, text = said("--board", "esp32_generic", "--config", path)
    assert status == 1 and len(text.splitlines()) == 3
    assert 'did you mean "profile"' in text and "http.port: 0 is not allowed" in text
    assert SECRET not in text
    assert not (scratch / "esp32_generic").exists()


@pytest.mark.usefixtures("scratch")
@pytest.mark.parametrize("content", ["{", "[]", "7", '{"name": "' + "x" * 9000 + '"}', None])
def test_unreadable_configuration_is_one_sentence(content, tmp_path):
    path = config(tmp_path, content) if content else tmp_path / "missing.json"
    status, text = said("--board", "esp32_generic", "--config", path)
    assert status == 1 and len(text.splitlines()) == 1 and text.startswith(f"Error: {path}: "), text


def refused(tmp_path: Path, content: bytes) -> str:
    """What is said of a configuration of these bytes."""
    path = tmp_path / "my.json"
    path.write_bytes(content)
    with pytest.raises(BuildError) as error:
        configuration(path, None)
    return str(error.value).removeprefix(f"{path}: ")


def test_the_encoding_of_a_configuration_is_said(tmp_path):
    text = '{"name": "Röller"}'
    path = tmp_path / "my.json"
    path.write_text(text, "utf-8-sig")
    assert configuration(path, None) == {"name": "Röller"}
    for encoding in ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1", "cp1252"):
        assert refused(tmp_path, text.encode(encoding)).endswith("; save the file as UTF-8"), encoding


def test_broken_json_is_said_with_its_place_and_without_secrets(tmp_path):
    text = '{"mqtt": {"user": "me",\n  "password": "%s" "port": 1883}}' % SECRET
    sentence = 'line 2, column 33: expected a comma or }, found "port": …}}'
    assert refused(tmp_path, text.encode()) == sentence
    assert refused(tmp_path, b'{"name": "a", "name": "b"}').startswith("name: this key is there twice")
    assert refused(tmp_path, b'{"name": "\\ud83d"}').startswith("name: a text with a damaged character")


def test_what_the_device_reads_is_what_counts_of_its_own_configuration():
    whole, torn = b'\xef\xbb\xbf{"name": "x"}', b'{"name": "x",}'
    assert used_configuration({"config.json": whole, "config.json.old": b"{}"}) == "config.json"
    assert used_configuration({"config.json": torn, "config.json.old": b"{}"}) == "config.json.old"
    assert configuration_of(whole, None) == {"name": "x"}
    kept = configuration_of(b'{"name": "\\ud83d\\ud83d\\udd0b", "packs": [{"capacity_ah": 1e400}]}', None)
    assert parse(written(kept)) == (kept, [])  # the device can read what is made of it


def test_a_configuration_is_never_written_longer_than_the_device_reads():
    items = [{"name": f"pack{number}"} for number in range(8)]
    spaced = {"packs": items, "padding": [0] * 2500}
    assert len(json.dumps(spaced, indent=1)) > 8192 >= len(written(spaced))
    with pytest.raises(BuildError, match="too long"):
        written({"padding": [0] * 5000})


def test_a_configuration_without_a_network_is_a_warning(tmp_path):
    network = {"wifi": {"networks": [{"ssid": "home"}]}}
    path = tmp_path / "my.json"
    assert list(warnings(GENERIC, "full", path, network)) == []
    assert list(warnings(GENERIC, "full", path, {})) == ["empty", "no Wi-Fi"]
    assert list(warnings(GENERIC, "full", path, {**network, "mqtt": {"host": "broker"}})) == ["MQTT"]
    assert list(warnings(GENERIC, "full", path, {**network, "mqtt": {"host": "broker", "enabled": False}})) == []
    assert list(warnings(GENERIC, "display", path, {"name": "x"})) == []
    assert list(warnings(board_data("wt32_eth01"), "full", None, {})) == []
    assert "for setup by phone" in warnings(GENERIC, "telemetry", None, {})["no Wi-Fi"]
    with_password = {"auth": {"password_hash": password_hash("a long password", iterations=500)}}
    said = warnings(GENERIC, "full", None, with_password)["no Wi-Fi"]
    assert "no page" in said and "phone" not in said


def test_a_configuration_that_lets_the_device_sleep_is_a_warning(tmp_path):
    sleeping = {"profile": "telemetry", "mqtt": {"enabled": True, "host": "broker"}, "power": {"interval_s": 900}}
    given = {"wifi": {"networks": [{"ssid": "home"}]}, **sleeping}
    assert list(warnings(GENERIC, "telemetry", tmp_path / "my.json", given)) == ["no page"]
    given["power"]["interval_s"] = 0
    assert list(warnings(GENERIC, "telemetry", tmp_path / "my.json", given)) == []


def test_a_configuration_reaches_the_flash_and_its_passwords_are_a_warning(tmp_path, scratch):
    given = {"name": "Röller", "wifi": {"networks": [{"ssid": "home", "password": SECRET}]}}
    status, text = said("--board", "esp32_generic", "--config", config(tmp_path, given))
    assert status == 0 and "passwords" in text and SECRET not in text
    assert json.loads((scratch / "esp32_generic/flash/config.json").read_text("utf-8")) == {**given, **NO_DISPLAY}
    assert "passwords" not in said("--board", "esp32_generic")[1]


def test_the_certificate_that_a_configuration_names_goes_along(tmp_path, scratch):
    path = config(tmp_path, {"mqtt": {"tls": True, "ca": "ca.der"}})
    status, text = said("--board", "esp32_generic", "--config", path)
    assert status == 1 and f"mqtt.ca: {tmp_path}/ca.der: No such file" in text
    (tmp_path / "ca.der").write_bytes(b"0certificate")
    assert said("--board", "esp32_generic", "--config", path)[0] == 0
    flash = scratch / "esp32_generic/flash"
    assert (flash / "ca.der").read_bytes() == b"0certificate"
    assert said("--board", "esp32_generic")[0] == 0
    assert not (flash / "ca.der").exists()


def test_a_smaller_profile_is_what_the_device_starts_with(tmp_path, scratch):
    assert said("--board", "esp32_generic", "--profile", "telemetry")[0] == 0
    assert json.loads((scratch / "esp32_generic/flash/config.json").read_text()) == {"profile": "telemetry"}
    path = config(tmp_path, {"profile": "full"})
    status, text = said("--board", "esp32_generic", "--profile", "telemetry", "--config", path)
    assert (status, text) == (1, f"Error: {path}: profile: the build is for telemetry, and this says full\n")


def test_two_builds_are_the_same_bytes(tmp_path):
    """In different folders, at different times, under another umask, locale, time zone and seed of hashes."""
    (tmp_path / "micropython.bin").write_bytes(micropython())
    one = built_elsewhere(tmp_path / "one", 1_700_000_000, 0o022, {"LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "1"})
    other = built_elsewhere(
        tmp_path / "other/and/deeper",
        1_790_000_000,
        0o077,
        {"LC_ALL": "POSIX", "PYTHONCOERCECLOCALE": "0", "PYTHONHASHSEED": "2", "TZ": "Asia/Tokyo"},
    )
    assert one == other
    assert {"littlefs.bin", "whole.bin", "flash/a/manifest.json", "package.json", "index.html"} <= set(one)


def built_elsewhere(folder: Path, time_s: int, umask: int, environment: dict) -> dict[str, str]:
    """Hash of every file that a copy of the repository builds there."""
    for name in ("firmware", "boards", "tools"):
        shutil.copytree(Path(ROOT) / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for path in folder.glob("**/*"):
        os.utime(path, (time_s, time_s))
    config = {"name": "Röller"}
    (folder / "my.json").write_text(json.dumps(config, ensure_ascii=False), "utf-8")
    options = ["--board", "esp32_generic", "--config", "my.json", "--firmware", str(folder / "micropython.bin")]
    (folder / "micropython.bin").write_bytes(micropython())
    result = subprocess.run(
        [sys.executable, "-X", "utf8", "-m", "tools.build.command", *options],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": f"{folder}:{folder}/firmware", **environment},
        umask=umask,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    return hashes(folder / "build/esp32_generic")


@pytest.mark.parametrize("board", [name for name in board_names() if name != "host"])
def test_the_image_of_every_board_boots_and_its_page_answers(tmp_path, scratch, board):
    data = board_data(board)
    glass = data.get("display", {})
    size = {key: glass[key] for key in ("width", "height") if key in glass}
    make(data, "full", config(tmp_path, {"name": "From the image", "display": size}), None, forced=True)
    content = (scratch / board / FILE_SYSTEM).read_bytes()
    extract(content, tmp_path / "device")
    flash = on_this_computer(tmp_path / "device")
    with (
        Simulator(tmp_path, *FIXED) as simulator,
        OnFlash(flash, simulator.link) as firmware,
    ):
        firmware.wait_for_line("link online")
        status = firmware.status()
        assert status["device"]["name"] == "From the image"
        assert status["packs"][0]["cells_mv"] == FIXED_MV
        page = firmware.get("/")
        assert page.status == 200 and page.headers["Content-Encoding"] == "gzip"
        assert firmware.get("/api/v1/display").status == (200 if can_have_display(data) else 404)
        assert (flash / "boots").read_text() == "1 1 a"
        firmware.kill()
        firmware.start()  # after an early end boot.py holds every file against the manifest
        assert firmware.status()["device"]["name"] == "From the image"
        assert (flash / "slot").read_text() == "a"  # and finds it whole


def test_a_part_that_was_not_built_stays_off_and_says_so(tmp_path, scratch):
    make(GENERIC, "display", None, None)
    content = (scratch / "esp32_generic" / FILE_SYSTEM).read_bytes()
    extract(content, tmp_path / "device")
    flash = on_this_computer(tmp_path / "device")
    (flash / "config.json").write_text('{"profile": "full"}')
    with (
        Simulator(tmp_path, *FIXED) as simulator,
        OnFlash(flash, simulator.link, http=False) as firmware,
    ):
        firmware.wait_for_line("history is not in this build")
        firmware.wait_for_line("http is not in this build")
        firmware.wait_for_line("link online")


def test_a_display_that_the_build_has_no_fonts_for_stays_dark_and_says_why(tmp_path, scratch):
    make(board_data("lilygo_t_display"), "full", None, None, forced=True)
    flash = on_this_computer(scratch / "lilygo_t_display/flash")
    (flash / "config.json").write_text('{"display": {"width": 128, "height": 64}}')
    with Simulator(tmp_path, *FIXED) as simulator, OnFlash(flash, simulator.link) as firmware:
        firmware.wait_for_line("this build has no fonts for 128 × 64 pixels; build it for this display")
        firmware.wait_for_line("link online")
        assert firmware.get("/api/v1/display").status == 404


def test_two_slots_of_every_board_fit_into_its_flash_with_room_to_spare(scratch):
    flash, tree = scratch / "flash", scratch / "tree"  # for all, so that only their own modules are compiled anew
    for name in board_names():
        board = board_data(name)
        if board["chip"] != "host":
            fill_slot(flash / "a", build_tree(tree, board, "full"), board)
            lay_out(flash, board, FIRMWARE)
            partition = VFS[flash_mb(board)]
            assert littlefs(contents_of(flash), partition)[1] >= 0.15 * partition.size
