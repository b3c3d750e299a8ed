"""Makes the samples of today's versions that are missing: `python -m host_tests.formats.make`.

The firmware's code writes them on CPython (writers.py); backups come from a device that runs on MicroPython's unix
port. A sample that is there is never written again.
"""

import json
import tempfile
from pathlib import Path

from host_tests.end_to_end.chain import FIXED, Firmware, Simulator
from host_tests.end_to_end.door import CONFIG, Client
from host_tests.formats.writers import FULL, PASSPHRASE, SAMPLES, VERSIONS, WRITERS, write


def main():
    """Make them."""
    for name, version in VERSIONS.items():
        folder = Path(SAMPLES) / name / str(version)
        if folder.exists():
            continue
        folder.parent.mkdir(parents=True, exist_ok=True)
        if name in WRITERS:
            write(name, str(folder))
        else:
            folder.mkdir()
            (folder / "backup.json").write_bytes(_backup(name))
        print(folder)


def _backup(name: str) -> bytes:
    """What a device answers."""
    config = {**FULL, "auth": CONFIG["auth"]}
    with (
        tempfile.TemporaryDirectory() as folder,
        Simulator(Path(folder), *FIXED) as simulator,
        Firmware(Path(folder), simulator.link, config=config) as firmware,
    ):
        client = Client.logged_in(firmware.http_port)
        encrypted = ("POST", "/api/v1/backup", {"passphrase": PASSPHRASE})
        answer = client.send(*encrypted) if name == "encrypted_backup" else client.send("GET", "/api/v1/backup")
        assert answer.status == 200, answer
        assert json.loads(answer.body)
        return answer.body


if __name__ == "__main__":
    main()
