"""An MQTT broker for this computer: mosquitto where it is installed, else amqtt."""

import os
import shutil
import sys
from pathlib import Path

_SEARCH_PATH = os.pathsep.join(
    [os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin", "/opt/homebrew/sbin"]
)


def mosquitto() -> str | None:
    """Path of mosquitto, which Debian keeps out of a user's PATH."""
    return shutil.which("mosquitto", path=_SEARCH_PATH)


def command(port: int, folder: Path) -> list[str]:
    """How to start a broker that lets everyone in, on loopback alone. Its configuration goes to `folder`."""
    program = mosquitto()
    if program:
        file = folder / "mosquitto.conf"
        file.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\n")
        return [program, "-c", str(file)]
    file = folder / "amqtt.yaml"
    file.write_text(_AMQTT % port)
    return [str(Path(sys.executable).with_name("amqtt")), "-c", str(file)]


_AMQTT = """\
listeners:
  default:
    type: tcp
    bind: 127.0.0.1:%d
plugins:
  amqtt.plugins.authentication.AnonymousAuthPlugin:
    allow_anonymous: true
"""
