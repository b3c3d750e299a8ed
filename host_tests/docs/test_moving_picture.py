"""The README's moving picture: its file, and the container that `make pictures` writes."""

import struct

import pytest

from tools.docs import webp
from tools.docs.moving_picture import LARGEST_BYTES, TARGET


def test_the_picture_in_the_repository_moves_and_is_small_enough_to_load():
    content = TARGET.read_bytes()
    frames = webp.frames_of(content)
    assert len(content) <= LARGEST_BYTES
    assert len(frames) >= 12 and len(set(frames)) > len(frames) // 2


def test_frames_come_out_as_they_went_in():
    first = b"RIFF" + struct.pack("<I", 20) + b"WEBPVP8 " + struct.pack("<I", 7) + b"picture\0"
    second = b"RIFF" + struct.pack("<I", 20) + b"WEBPVP8L" + struct.pack("<I", 8) + b"pictures"
    moving = webp.animated([(first, 500), (second, 250)], (640, 480))
    assert webp.frames_of(moving) == [first, second]
    assert struct.unpack_from("<I", moving, 4)[0] == len(moving) - 8
    assert moving[24:30] == bytes([0x7F, 0x02, 0, 0xDF, 0x01, 0])  # width and height, less one


def test_something_else_than_a_webp_file_is_refused():
    with pytest.raises(ValueError, match="no WebP file"):
        webp.animated([(b"\x89PNG\r\n\x1a\n", 500)], (1, 1))
