"""Images of updates: what is made is read, what is changed is refused, and the same files make the same bytes."""

import hashlib
import json

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from host_tests.build import evencell_image
from host_tests.deploy.small_release import small_release
from host_tests.update.signing import key
from tools.build.slots import MANIFEST
from tools.build.tree import board_data
from tools.update import image as images
from tools.update.image import ImageError, decode, of_files, of_firmware, read, version_of


def made() -> bytes:
    return of_files(small_release(3)).signed(key()).encode()


def test_an_image_of_files_has_the_manifest_and_the_files_in_its_order():
    release = small_release(3)
    header, seal, body = made().split(b"\n", 2)
    about, size = json.loads(header), len(release.slot[MANIFEST])
    assert about == {
        "evencell": 1,
        "kind": "files",
        "board": "host",
        "chip": "host",
        "version": "3",
        "mpy": 6,
        "manifest": size,
        "size": len(body),
        "sha256": hashlib.sha256(body).hexdigest(),
    }
    assert set(json.loads(seal)) == {"key", "signature"}
    manifest, rest = json.loads(body[:size]), body[size:]
    for name, (count, digest) in manifest["files"].items():
        content, rest = rest[:count], rest[count:]
        assert content == release.slot[name] and hashlib.sha256(content).hexdigest() == digest
    assert rest == b""


def test_an_image_of_firmware_is_the_application():
    board = board_data("esp32_generic")
    application = evencell_image.application(board)
    image = decode(of_firmware(board, "1.2.0", application).signed(key()).encode())
    assert image.body == application
    assert (image.about["kind"], image.about["board"], image.about["chip"]) == ("firmware", "esp32_generic", "esp32")
    assert "mpy" not in image.about and "manifest" not in image.about


def test_the_signature_is_verified_by_arithmetic_alone():
    """As a device does it: the modulus, `pow`, and the padding of PKCS #1 v1.5 for SHA-256 (RFC 8017, 9.2)."""
    image, public = decode(made()), key().public
    modulus = int.from_bytes(public.modulus, "big")
    size = len(public.modulus)
    opened = pow(int(image.signature, 16), 65537, modulus).to_bytes(size, "big")
    digest = bytes.fromhex("3031300d060960864801650304020105000420") + hashlib.sha256(image.header).digest()
    assert opened == b"\x00\x01" + b"\xff" * (size - 3 - len(digest)) + b"\x00" + digest
    assert len(image.signature) == 2 * size
    assert image.key == hashlib.sha256(public.modulus).hexdigest()[:16]


def test_another_key_or_another_header_does_not_verify():
    image = decode(made())
    signature = bytes.fromhex(image.signature)
    assert key().public.verifies(image.header, signature)
    assert not key("stranger").public.verifies(image.header, signature)
    assert not key().public.verifies(image.header.replace(b'"host"', b'"most"'), signature)


def test_both_lines_fit_for_the_largest_key_and_the_longest_names():
    board = {"name": "a" * 64, "chip": "esp32c3"}
    image = of_firmware(board, "100.200.300-preview", b"", "0123456789ab").signed(key("large", 4096))
    header, seal, _ = image.encode().split(b"\n", 2)
    assert len(header) < images.MAX_HEADER_BYTES and len(seal) < images.MAX_SIGNATURE_BYTES
    with pytest.raises(ImageError, match="header of the image takes"):
        of_firmware({"name": "a" * 400, "chip": "esp32"}, "1", b"")


def test_the_same_files_and_key_make_the_same_bytes():
    assert made() == made()
    assert of_files(small_release(4)).signed(key()).encode() != made()


def test_an_image_without_a_key_is_whole_and_not_signed():
    image = decode(of_files(small_release(3)).encode())
    assert (image.key, image.signature) == ("", "")
    assert image.signed(key()).encode() == made()


@pytest.mark.parametrize("cut", [0, 1, 100, 700, -1])
def test_a_cut_image_is_refused(cut):
    with pytest.raises(ValueError):
        decode(made()[:cut])


def test_each_changed_byte_of_the_body_is_noticed():
    content = bytearray(made())
    content[-1] ^= 1
    with pytest.raises(ValueError, match="it is damaged"):
        decode(bytes(content))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n\n",
        b"\x00" * 4096,
        b"[]\n{}\n",
        b'{"evencell":2,"kind":"files"}\n{}\n',
        b'{"evencell":1,"kind":"else"}\n{}\n',
        b'{"evencell":1,"kind":"files"}\n{}\n',
        b"x" * 600 + b"\n{}\n",
    ],
)
def test_any_other_file_is_refused_in_one_sentence(content, tmp_path):
    path = tmp_path / "other"
    path.write_bytes(content)
    with pytest.raises(ImageError, match="make images") as error:
        read(path)
    assert str(path) in str(error.value)
    with pytest.raises(ImageError, match="No such file"):
        read(tmp_path / "missing")


def test_versions_are_compared_by_their_numbers():
    ordered = ["0.9.9", "0.10.0", "1.0.0-rc1", "1.0.1", "1.10", "2"]
    assert sorted(ordered, key=version_of) == ordered
    assert version_of("1.0.0-rc1") == version_of("1.0.0")


def test_devices_take_the_exponent_that_keys_have():
    assert isinstance(key().public.numbers, rsa.RSAPublicNumbers) and key().public.numbers.e == 65537
