"""Updates on MicroPython's own littlefs, on the flash of a chip with 4 MB: room for both slots, and no long step."""

import json
import os
import subprocess
from pathlib import Path

from host_tests.build.device_folder import mounted
from host_tests.needs import need_micropython
from host_tests.portable import ROOT
from tools.build.common import FIRMWARE
from tools.build.image import littlefs
from tools.build.partitions import VFS
from tools.build.slots import release
from tools.build.tree import board_data, build
from tools.update.image import of_files

BOARD = "esp32_generic"


def test_update_after_update_fits_and_no_step_erases_many_blocks(tmp_path):
    data = board_data(BOARD)
    release_ = release(build(BOARD), data, FIRMWARE)
    files = {**{f"a/{path}": content for path, content in release_.slot.items()}, **release_.root, "slot": b"a"}
    image = of_files(release_)
    (tmp_path / "flash").write_bytes(littlefs(files, VFS[data["flash_mb"]])[0])
    (tmp_path / "body").write_bytes(image.body)
    command = [need_micropython(), "-X", "heapsize=64M", Path(ROOT) / "host_tests/update/on_littlefs.py"]
    result = subprocess.run(
        [*command, tmp_path / "flash", tmp_path / "body", json.dumps(image.about)],
        env={**os.environ, "MICROPYPATH": f"{ROOT}:{FIRMWARE}:.frozen"},
        capture_output=True,
        text=True,
    )
    taken = [json.loads(line) for line in result.stdout.splitlines()]
    assert len(taken) == 3, result.stderr
    assert all(each["most"] <= 4 for each in taken), taken
    assert all(each["erased"] < 2 * len(release_.slot) + len(image.body) / 2048 for each in taken), taken
    system = mounted((tmp_path / "flash").read_bytes())
    for slot in "ab":
        for path, content in release_.slot.items():
            with system.open(f"{slot}/{path}", "rb") as file:
                assert file.read() == content, path
    with system.open("slot", "rb") as file:
        assert file.read() == b"b new"
