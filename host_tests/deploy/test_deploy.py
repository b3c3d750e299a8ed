"""Deploys onto real MicroPython behind a pty: what is sent, what is refused, what an interrupted one leaves behind."""

import contextlib
import os
import pty
import random
import re
import subprocess
import sys
import threading
import tty
from dataclasses import replace

import pytest

from host_tests.deploy.board_on_a_pty import BoardOnAPty
from host_tests.deploy.bridge import Bridge
from host_tests.deploy.small_release import packed_release, small_release
from host_tests.end_to_end.command import assert_one_sentence
from host_tests.end_to_end.process import PATIENCE_S, until
from host_tests.needs import need_micropython
from host_tests.portable import ROOT
from tools.build.archive import parts
from tools.build.tree import build
from tools.cli.serial_port import PortError, choose_port, open_port
from tools.deploy.board import DeployError, connect
from tools.deploy.checks import check_board, check_space, chip_of
from tools.deploy.command import deploy
from tools.dev import device

CUTS = 25  # of each kind, after a random number of bytes


@pytest.fixture
def board(tmp_path):
    need_micropython()
    with BoardOnAPty(tmp_path) as board:
        board.wait_for(">>> ")
        yield board


def bring(board: BoardOnAPty, version: int, made=small_release, **options) -> str:
    """A deploy that succeeds, after which the board runs this version."""
    until(lambda: is_free(board.path), "the port, whose lock a process that just begins has, too")
    since = len(board.said)
    outcome = deploy(board.path, made(version), **options)
    board.wait_for(rf"running version {version}\.", since)
    return outcome


def is_free(path: str) -> bool:
    with contextlib.suppress(PortError):
        open_port(path).close()
        return True
    return False


def slot(board: BoardOnAPty) -> str:
    return (board.flash / "slot").read_text()


def test_a_fresh_board_gets_everything_and_runs_it(board):
    outcome = bring(board, 1)
    assert outcome == "9 of 9 files sent, 0 copied on the board. evencell 1 for host starts from slot a."
    assert slot(board) == "a new"
    assert not list(board.flash.glob("**/*.new"))
    for path, data in small_release(1).slot.items():
        assert (board.flash / "a" / path).read_bytes() == data


def test_make_deploy_installs_the_built_firmware(tmp_path):
    need_micropython()
    flash = tmp_path / "flash"
    flash.mkdir()
    environment = device.environment(str(tmp_path / "none"), tmp_path / "data", None, {"http": {"enabled": False}})
    with BoardOnAPty(flash, environment, heap="400k") as board:
        said = make_deploy("--board", "host", "--port", board.path).stdout
        assert re.fullmatch(r"\S+: (\d+) of \1 files sent, 0 copied on the board\. evencell .*\.\n", said), said
        board.wait_for(r"evencell \S+ on host")


def make_deploy(*arguments: str) -> subprocess.CompletedProcess:
    """What `make deploy` calls."""
    command = [sys.executable, "-m", "tools.deploy.command", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_S)


def test_make_deploy_ends_with_a_sentence():
    build("host")  # or the command would say that it builds
    assert_one_sentence(make_deploy("--board", "nix"))
    assert "Say BOARD= with one of:\n  waveshare_s3_rs485_can " in make_deploy("--board", "").stderr
    assert_one_sentence(make_deploy("--board", "host", "--port", "/dev/ttyUSB-none"))


@pytest.mark.parametrize("rfc2217", [False, True], ids=["socket", "rfc2217"])
def test_board_behind_the_network_is_deployed(board, rfc2217):
    with Bridge(board.path, rfc2217) as bridge:
        outcome = deploy(bridge.url, small_release(1))
        assert outcome.startswith("9 of 9 files sent") and slot(board) == "a new"
        board.wait_for(r"running version 1\.")
        since = len(board.said)
        assert deploy(bridge.url, small_release(1)).startswith("nothing to copy")
        board.wait_for(r"running version 1\.", since)


@pytest.mark.parametrize("url", ["socket://127.0.0.1:1", "rfc2217://127.0.0.1:1", "socket://nowhere", "other://x"])
def test_unreachable_address_is_one_sentence(url):
    with pytest.raises(PortError, match=r"connection refused: nothing listens|this is not an address such as socket"):
        connect(url)


def test_a_second_deploy_copies_nothing_and_lets_it_run_on(board):
    bring(board, 1)
    since = len(board.said)
    assert bring(board, 1) == "nothing to copy: slot a holds evencell 1 for host already."
    assert b"interrupted" in board.said[since:]
    assert slot(board) == "a new"


def test_only_what_changed_goes_over_the_wire(board):
    bring(board, 1)
    bring(board, 2)
    changed = small_release(1)
    changed.slot["evencell/shared.mpy"] = small_release(3).slot["evencell/part0.mpy"]
    told = []
    outcome = deploy(board.path, changed, report=lambda sent=0, more=0: told.append((sent, more)))
    # Its slot holds the rest of version 1 still.
    assert outcome.startswith("2 of 9 files sent, 0 copied on the board.")
    assert sum(sent for sent, _ in told) == sum(more for _, more in told) > 0


def test_only_modules_that_changed_are_sent_of_an_archive(board):
    bring(board, 2, packed_release)
    told = []
    bring(board, 4, packed_release, report=lambda sent=0, more=0: told.append((sent, more)))
    files, before = packed_release(4).slot, parts(packed_release(2).slot["archive.bin"])
    changed = [part for part in parts(files["archive.bin"]) if part not in before]
    assert len(before) == 8 and len(changed) == 6
    sent = sum(sent for sent, _ in told)
    assert sent == sum(more for _, more in told)
    assert sent == sum(map(len, changed)) + len(files["board.py"]) + len(files["manifest.json"])
    assert slot(board) == "b new"
    assert (board.flash / "b/archive.bin").read_bytes() == files["archive.bin"]
    assert not (board.flash / "b/archive.bin.new").exists()


def test_an_archive_that_is_damaged_where_it_runs_is_sent_as_far_as_it_differs(board):
    bring(board, 2, packed_release)
    path = board.flash / "a/archive.bin"
    content = bytearray(path.read_bytes())
    content[:200] = os.urandom(200)
    content[-1] ^= 1
    path.write_bytes(content)
    deploy(board.path, packed_release(4))
    assert (board.flash / "b/archive.bin").read_bytes() == packed_release(4).slot["archive.bin"]


def test_what_the_running_slot_has_is_copied_on_the_board(board):
    bring(board, 1)
    assert bring(board, 2).startswith("8 of 9 files sent, 1 copied on the board.")
    assert slot(board) == "b new"
    assert not (board.flash / "b/evencell/extra.mpy").exists()


def test_a_module_that_was_a_package_leaves_no_folder_that_would_hide_it(board):
    for version in (2, 4, 5):
        bring(board, version)
    assert not (board.flash / "a/evencell/extra").exists()


def test_a_damaged_file_in_the_other_slot_is_sent_again(board):
    bring(board, 1)
    bring(board, 2)
    (board.flash / "a/evencell/part1.mpy").write_bytes(b"x")
    assert bring(board, 1).startswith("2 of 9 files sent")


def test_after_ctrl_c_the_old_version_starts_again(board):
    def interrupted(sent: int = 0, **_):
        if sent:
            raise KeyboardInterrupt

    bring(board, 1)
    since = len(board.said)
    with pytest.raises(KeyboardInterrupt):
        deploy(board.path, small_release(2), report=interrupted)
    board.wait_for(r"running version 1\.", since)
    assert slot(board) == "a new"


def test_damaged_transfer_is_never_started(board):
    bring(board, 1)
    board.garbles = (b"2.1 2.1", b"2.1 2.7")
    with pytest.raises(DeployError, match=r"b/evencell/part1\.mpy arrived damaged\. The board keeps"):
        deploy(board.path, small_release(2))
    assert slot(board) == "a new"
    assert not (board.flash / "b/manifest.json").exists()
    board.garbles = (b"", b"")
    assert bring(board, 2).startswith("2 of 9 files sent")


def test_file_outside_the_slots_is_updated_alone(board):
    bring(board, 1)
    (board.flash / "boot.py").write_text("print('old')")
    assert bring(board, 1) == "boot.py sent: slot a holds evencell 1 for host already."


def test_count_of_failed_starts_is_reset(board):
    (board.flash / "boots").write_text("3")
    bring(board, 1)
    boots = board.flash / "boots"
    assert not boots.exists() or boots.read_text().startswith("1")


def test_the_wrong_board_is_refused_unless_forced(board):
    bring(board, 1)
    since = len(board.said)
    other = small_release(2, board="esp32_generic")
    with pytest.raises(DeployError, match=r"made for the board host, not .* Say BOARD=host, or FORCE=1"):
        deploy(board.path, other)
    board.wait_for(r"running version 1\.", since)
    assert slot(board) == "a new"
    deploy(board.path, other, forced=True)
    board.wait_for(r"running version 2\.", since)


def test_another_chip_is_refused(board):
    with pytest.raises(DeployError, match=r"This is linux .*, and the board host has the chip esp32"):
        deploy(board.path, replace(small_release(1), chip="esp32"))
    assert not (board.flash / "a").exists()


@pytest.mark.parametrize(
    ("machine", "chip"),
    [
        ("Generic ESP32 module with ESP32", "esp32"),
        ("Generic ESP32 module with SPIRAM with ESP32", "esp32"),
        ("M5Stack Atom with ESP32-PICO-D4", "esp32"),
        ("Generic ESP32C3 module with ESP32C3", "esp32c3"),
        ("ESP32-S3 board with ESP32-S3-WROOM-1", "esp32s3"),
        ("Raspberry Pi Pico with RP2040", "Raspberry Pi Pico with RP2040"),
    ],
)
def test_the_chip_is_found_in_what_micropython_says(machine, chip):
    assert chip_of(machine) == chip


@pytest.mark.parametrize(
    ("fact", "sentence"),
    [({"version": (1, 23, 0)}, "is 1.23.0, and evencell needs 1.24.0"), ({"mpy": 5}, "bytecode of version 5, and")],
)
def test_a_micropython_that_does_not_fit_is_refused(fact, sentence):
    facts = {"machine": "linux", "version": (1, 24, 0), "mpy": 6}
    check_board(facts, None, small_release(1), False)
    with pytest.raises(DeployError, match=sentence):
        check_board({**facts, **fact}, None, small_release(1), False)


def test_own_firmware_is_not_changed():
    facts = {"machine": "evencell ESP32 with ESP32", "version": (1, 29, 0), "mpy": 6}
    with pytest.raises(DeployError, match="make firmware BOARD=host, then make flash"):
        check_board(facts, None, small_release(1), True)


def test_space_is_counted_in_blocks_and_what_leaves_counts():
    facts = {"block_bytes": 4096, "free_blocks": 8}
    check_space(facts, [4096, 4096], [], 1)  # 2 blocks, 2 for the folder, 4 for small files
    with pytest.raises(DeployError, match="36 KiB are needed and 32 KiB free"):
        check_space(facts, [4096, 4097], [], 1)
    check_space(facts, [4096, 4097], [1], 1)


@pytest.mark.parametrize("what", ["cable", "power"])
def test_cuts_leave_the_old_version_or_the_new_one(board, what):
    """Of three versions one has a file for each module, as all had before there was an archive."""
    chance = random.Random(4)
    bring(board, 1)
    start = board.received
    bring(board, 2, packed_release)
    most = board.received - start
    version = 2
    cuts = 0
    while cuts < CUTS:
        old = version
        board.cut_after(chance.randrange(most), what)
        try:
            deploy(board.path, small_release(old + 1) if old % 3 == 0 else packed_release(old + 1))
        except DeployError as error:
            assert "still whole" in error.message
            cuts += 1
        version = version_after_power_cut(board)
        assert version in (old, old + 1)
    bring(board, version + 1, packed_release)
    assert bring(board, version + 1, packed_release).startswith("nothing to copy")


def version_after_power_cut(board: BoardOnAPty) -> int:
    """What the board starts, in one piece."""
    board.cut_power()
    since = len(board.said)
    board.plug_in()
    found = board.wait_for(r"running version (\d+)(.*)\r?\n", since)
    assert found.group(2) == "."
    return int(found.group(1))


def test_a_board_that_fails_while_its_adapter_works(board):
    bring(board, 1)
    board.cut_after(4000, "board")
    with pytest.raises(DeployError, match="the connection broke"):
        deploy(board.path, small_release(2))
    assert version_after_power_cut(board) == 1
    bring(board, 2)


@pytest.mark.parametrize("answers", ["nothing", "the same"])
def test_port_without_micropython_is_one_sentence(answers):
    outside, near = pty.openpty()
    tty.setraw(near)
    if answers == "the same":
        threading.Thread(target=echo, args=[outside], daemon=True).start()
    with pytest.raises(DeployError, match="no MicroPython answers there"):
        deploy(os.ttyname(near), small_release(1))
    os.close(near)


def echo(descriptor: int):
    try:
        while data := os.read(descriptor, 100):
            os.write(descriptor, data)
    except OSError:
        os.close(descriptor)


def test_a_port_that_is_not_there_or_is_in_use(board):
    with pytest.raises(PortError, match="there is no such port"):
        deploy("/dev/ttyUSB-none", small_release(1))
    holder = connect(board.path)
    with pytest.raises(PortError, match="another program uses it"):
        deploy(board.path, small_release(1))
    holder.serial.close()


def test_one_port_is_taken_and_several_are_listed():
    assert choose_port(["/dev/ttyUSB0"]) == "/dev/ttyUSB0"
    with pytest.raises(PortError, match="PORT= with one of /dev/ttyACM0, /dev/ttyUSB0"):
        choose_port(["/dev/ttyACM0", "/dev/ttyUSB0"])
    with pytest.raises(PortError, match="No USB serial port is there"):
        choose_port([])
