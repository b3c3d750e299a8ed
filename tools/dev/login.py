"""The page's password on this computer: its hash in the configuration, and a random one at the first start."""

import hashlib
import json
import os
import secrets
from pathlib import Path

from evencell.forward.http.pbkdf2 import ITERATIONS

_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # no two alike
_RANDOM_LENGTH = 12  # 59 bits


def random_password() -> str:
    """A password that can be typed."""
    letters = "".join(secrets.choice(_LETTERS) for _ in range(_RANDOM_LENGTH))
    return "-".join(letters[start : start + 4] for start in range(0, _RANDOM_LENGTH, 4))


def password_hash(password: str, iterations: int = ITERATIONS) -> str:
    """`auth.password_hash` of the configuration."""
    salt = os.urandom(16)
    key = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, iterations)
    return f"pbkdf2-sha256${iterations}${salt.hex()}${key.hex()}"


def first_password(data: Path) -> str | None:
    """A random password, whose hash is now in the folder's config.json; None where that has one, or is damaged."""
    path = data / "config.json"
    try:
        config = json.loads(path.read_text("utf-8-sig")) if path.exists() else {}
    except (OSError, ValueError):
        return None
    if not isinstance(config, dict) or "auth" in config:
        return None
    password = random_password()
    config["auth"] = {"password_hash": password_hash(password)}
    data.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".json.first")
    new.write_text(json.dumps(config, indent=1, ensure_ascii=False), "utf-8")
    new.rename(path)
    return password


def show_first_password(data: Path):
    """Print the password of the first start, which is stored nowhere."""
    password = first_password(data)
    if password:
        print(f"  The page's password is {password} (shown only now; {data}/config.json has its hash).", flush=True)
