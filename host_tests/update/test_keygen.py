"""`evencell keygen`: a key that only its owner reads, the lines for a device, and what is refused."""

import base64
import json
import stat
import subprocess

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from host_tests.update.signing import key
from tools.cli.main import main
from tools.update import keys


def keygen(*options):
    return CliRunner().invoke(main, ["keygen", *map(str, options)])


def pem(private) -> bytes:
    return private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def test_a_key_is_made_for_its_owner_alone_and_never_overwritten(tmp_path):
    path = tmp_path / "new" / "update.pem"
    result = keygen(path, "--name", "Zoë", "--bits", 2048)
    assert result.exit_code == 0, result.output
    (entry,) = json.loads(result.stdout)["update"]["keys"]
    public = keys.load(path).public
    assert (entry["name"], base64.b64decode(entry["modulus"])) == ("Zoë", public.modulus)
    assert str(path) in result.stderr and "Keep a copy" in result.stderr
    assert "on the page, under Settings, Updates" in result.stderr
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]
    before = path.read_bytes()
    result = keygen(path)
    assert result.exit_code == 1 and "never overwritten" in result.output and path.read_bytes() == before
    assert "PRIVATE" not in result.output


def test_openssl_reads_the_key(tmp_path):
    keygen(tmp_path / "update.pem", "--bits", 2048)
    command = ["openssl", "rsa", "-in", str(tmp_path / "update.pem"), "-noout", "-modulus"]
    modulus = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip().partition("=")[2]
    assert bytes.fromhex(modulus) == keys.load(tmp_path / "update.pem").public.modulus


def test_the_usual_key_has_3072_bits_and_a_place_of_its_own(tmp_path, monkeypatch):
    monkeypatch.setattr(keys, "DEFAULT_FILE", tmp_path / "evencell/update.pem")
    assert keys.chosen(None) is None
    line = keygen().stdout
    assert len(keys.load(keys.DEFAULT_FILE).public.modulus) == 384
    assert keys.chosen(None).public == keys.load(keys.DEFAULT_FILE).public
    assert keygen("--public").stdout == line


def test_the_line_of_a_public_key_is_printed_too(tmp_path):
    path = tmp_path / "public.pem"
    path.write_bytes(
        key()
        .public.numbers.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    assert json.loads(keygen("--public", path).stdout) == {"update": {"keys": [key().public.entry("owner")]}}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is no private key in PEM form"),
        (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "is no private key in PEM form"),
        (pem(rsa.generate_private_key(65537, 1024)), "2048 to 4096 bits"),
        (pem(rsa.generate_private_key(3, 2048)), "exponent 65537"),
        (pem(ec.generate_private_key(ec.SECP256R1())), "is no RSA key"),
        (None, "No such file"),
    ],
    ids=["empty", "damaged", "short", "exponent", "curve", "missing"],
)
def test_a_key_that_no_device_accepts_is_one_sentence(content, sentence, tmp_path):
    path = tmp_path / "key.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(keys.KeyFileError, match=sentence) as error:
        keys.load(path)
    assert str(error.value).startswith(str(path)) and "\n" not in str(error.value)


def test_a_key_with_a_passphrase_says_how_to_take_it_off(tmp_path):
    private = rsa.generate_private_key(65537, 2048)
    locked = serialization.BestAvailableEncryption(b"secret")
    path = tmp_path / "key.pem"
    path.write_bytes(private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, locked))
    with pytest.raises(keys.KeyFileError, match="openssl rsa"):
        keys.load(path)


def test_a_name_that_the_configuration_refuses_is_a_usage_error(tmp_path):
    for name in ("", "x" * 33, "a\nb"):
        assert keygen(tmp_path / "key.pem", "--name", name).exit_code == 2
    assert not list(tmp_path.iterdir())
