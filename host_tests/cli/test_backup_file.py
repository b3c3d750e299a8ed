"""Encrypted backups: what MicroPython makes opens with `cryptography`, and the reverse; a changed one never opens."""

import json
import os
import subprocess

import pytest

from host_tests.cli.sealed import PASSPHRASE, sealed
from host_tests.needs import need_micropython
from tools.build.common import FIRMWARE
from tools.cli import backup_file
from tools.dev.device import micropython

DOCUMENTS = [{"backup": 1, "firmware": "0.1.0", "config": {"name": n * "ä"}} for n in range(17)]
LARGE = {"backup": 1, "config": {"name": 8000 * "x"}}

RUN = """
import asyncio, json, sys
from evencell.forward.http import backup_cipher
from evencell.forward.http.server import RefusalError
async def run():
    for line in sys.stdin:
        given = json.loads(line)
        try:
            if "plain" in given:
                pieces = await backup_cipher.encrypt(bytearray(given["plain"].encode()), given["passphrase"])
                print(str(b"".join(pieces), "utf-8"))
            else:
                print(json.dumps({"plain": str(await backup_cipher.decrypt(given), "utf-8")}))
        except RefusalError as refusal:
            print(json.dumps({"refused": refusal.args}))
asyncio.run(run())
"""


def on_micropython(inputs: list[dict]) -> list[dict]:
    """What the firmware makes of each on MicroPython's unix port."""
    need_micropython()
    text = "".join(json.dumps(each) + "\n" for each in inputs)
    environment = {**os.environ, "MICROPYPATH": f"{FIRMWARE}:.frozen"}
    command = [micropython(), "-c", RUN]
    result = subprocess.run(command, input=text, env=environment, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in result.stdout.splitlines()]


def opened(files: list[dict], passphrase: str = PASSPHRASE) -> list[dict]:
    return on_micropython([{**file, "passphrase": passphrase} for file in files])


def test_what_micropython_encrypts_opens_with_cryptography():
    documents = [*DOCUMENTS, LARGE]
    files = on_micropython([{"plain": json.dumps(document), "passphrase": PASSPHRASE} for document in documents])
    for document, file in zip(documents, files, strict=True):
        assert backup_file.decrypt("the file", file, PASSPHRASE) == document
        with pytest.raises(backup_file.BackupError, match="wrong passphrase"):
            backup_file.decrypt("the file", file, PASSPHRASE + " ")
    for key in ("salt", "iv", "data"):
        assert len({file[key] for file in files}) == len(files), f"the same {key} twice"
    assert [answer["plain"] for answer in opened(files)] == [json.dumps(document) for document in documents]


def test_what_cryptography_encrypts_opens_on_micropython():
    documents = [*DOCUMENTS, LARGE]
    answers = opened([sealed(document) for document in documents])
    assert [json.loads(answer["plain"]) for answer in answers] == documents


def changed(key: str, at: int = 0) -> dict:
    """A file with one character of this text changed."""
    file = sealed(DOCUMENTS[0])
    text = file[key]
    return {**file, key: text[:at] + ("1" if text[at] != "1" else "2") + text[at + 1 :]}


WRONG = "wrong passphrase, or the backup is damaged; nothing was changed"


def damaged(key: str) -> str:
    return f"the encrypted backup is damaged: {key}; nothing was changed"


def without(key: str) -> dict:
    return {name: value for name, value in sealed(DOCUMENTS[0]).items() if name != key}


# The file, then the status and the sentence that it gets.
REFUSED = {
    "another passphrase": (sealed(DOCUMENTS[0], "another one"), 403, WRONG),
    "a changed salt": (changed("salt"), 403, WRONG),
    "a changed IV": (changed("iv"), 403, WRONG),
    "a changed MAC": (changed("mac", 63), 403, WRONG),
    "changed data": (changed("data"), 403, WRONG),
    "fewer iterations": ({**sealed(DOCUMENTS[0]), "iterations": 999}, 403, WRONG),
    "cut data": ({**sealed(DOCUMENTS[0]), "data": sealed(DOCUMENTS[0])["data"][:64]}, 403, WRONG),
    "half of a block": ({**sealed(DOCUMENTS[0]), "data": "AAAA"}, 400, damaged("data")),
    "no data": ({**sealed(DOCUMENTS[0]), "data": ""}, 400, damaged("data")),
    "data that is no Base64": ({**sealed(DOCUMENTS[0]), "data": "A"}, 400, damaged("data")),
    "data that is no text": ({**sealed(DOCUMENTS[0]), "data": 1}, 400, damaged("data")),
    "no salt": (without("salt"), 400, damaged("salt")),
    "a short IV": ({**sealed(DOCUMENTS[0]), "iv": "00"}, 400, damaged("iv")),
    "a MAC that is not hexadecimal": ({**sealed(DOCUMENTS[0]), "mac": 64 * "x"}, 400, damaged("mac")),
    "no MAC": ({**sealed(DOCUMENTS[0]), "mac": ""}, 400, damaged("mac")),
    "wrong padding under the right MAC": (sealed(15 * b"x" + b"\0", pad=False), 400, damaged("data")),
    "iterations for minutes": ({**sealed(DOCUMENTS[0]), "iterations": 50_001}, 400, damaged("iterations")),
    "no iterations": (without("iterations"), 400, damaged("iterations")),
    "iterations that are true": ({**sealed(DOCUMENTS[0]), "iterations": True}, 400, damaged("iterations")),
    "a mark that is a text": ({**sealed(DOCUMENTS[0]), "encrypted_backup": "1"}, 400, damaged("encrypted_backup")),
    "a mark that is true": ({**sealed(DOCUMENTS[0]), "encrypted_backup": True}, 400, damaged("encrypted_backup")),
    "no version": ({**sealed(DOCUMENTS[0]), "encrypted_backup": 0}, 400, damaged("encrypted_backup")),
    "a newer version": (
        {**sealed(DOCUMENTS[0]), "encrypted_backup": 2},
        400,
        "the encrypted backup is of a newer version: update the firmware first",
    ),
}


def test_a_file_that_is_not_as_it_was_made_is_refused_on_the_device():
    answers = opened([file for file, _, _ in REFUSED.values()])
    assert {name: answer.get("refused", answer)[:2] for name, answer in zip(REFUSED, answers, strict=True)} == {
        name: [status, sentence] for name, (_, status, sentence) in REFUSED.items()
    }


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_is_not_as_it_was_made_is_refused_on_the_computer(name):
    with pytest.raises(backup_file.BackupError) as error:
        backup_file.decrypt("the file", REFUSED[name][0], PASSPHRASE)
    assert error.value.message.startswith("the file")


def test_a_passphrase_is_needed():
    answers = on_micropython([sealed(DOCUMENTS[0]), {**sealed(DOCUMENTS[0]), "passphrase": 129 * "x"}])
    assert {tuple(answer["refused"]) for answer in answers} == {
        (400, "this backup is encrypted: its passphrase is needed", "passphrase")
    }


@pytest.mark.parametrize("iterations", [float("inf"), 20_000.9, "20000", None])
def test_a_damaged_file_is_a_sentence(iterations):
    with pytest.raises(backup_file.BackupError, match="is damaged"):
        backup_file.decrypt("the file", {**sealed({"backup": 1}), "iterations": iterations}, PASSPHRASE)


def test_a_file_that_is_nested_without_end_is_no_backup(tmp_path):
    (tmp_path / "file").write_text(100_000 * "[")
    with pytest.raises(backup_file.BackupError, match="is no backup"):
        backup_file.read(tmp_path / "file")
