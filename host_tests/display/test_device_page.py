"""The code on the page about the device: made once for each address."""

from evencell.display.pages import device
from evencell.display.render.canvas import Canvas


def test_qr_code_is_encoded_once_per_address():
    made = []

    def call(module: str, function: str, address: str):
        made.append(address)
        return really_call(module, function, address)

    really_call, device.call = device.call, call
    try:
        pictures = [picture(address) for address in ("http://a/", "http://a/", "http://b/", "http://b/", "http://a/")]
    finally:
        device.call = really_call
    a, b = pictures[0], pictures[2]
    assert a != b and pictures == [a, a, b, b, a]
    assert made == ["http://a/", "http://b/", "http://a/"]


def picture(address: str) -> bytes:
    canvas = Canvas(128, 64)
    device._draw_code(canvas, address, 0)
    return bytes(canvas.buffer)
