"""The last resort: a restart where the heap is used up."""

import os
import subprocess

from boards.host import RESTART_STATUS
from host_tests.needs import need_micropython
from host_tests.portable import ROOT
from tools.dev.device import micropython


def test_a_restart_needs_no_memory(tmp_path):
    need_micropython()
    command = [micropython(), "-X", "heapsize=150k", f"{ROOT}/host_tests/runtime/restart_script.py", tmp_path]
    environment = {**os.environ, "MICROPYPATH": f"{ROOT}:{ROOT}/firmware:.frozen"}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert ended.stdout.startswith("filled"), ended.stdout + ended.stderr
    assert ended.returncode == RESTART_STATUS, ended.stdout + ended.stderr
    assert "restarting" in ended.stdout
