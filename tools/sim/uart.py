"""What a UART makes of bits that were sent at another rate than its own."""

import termios
import tty

_DATA_BITS = 8
_STOP_SAMPLE = 9
_IDLE = 1

# Terminal speeds are code numbers on Linux, and plain rates on macOS.
_RATES = {
    getattr(termios, name): int(name[1:]) for name in dir(termios) if name.startswith("B") and name[1:].isdecimal()
}


def terminal_baud(fd: int) -> int:
    """The rate that a terminal is set to; 0 for one without a name of its own."""
    return _RATES.get(termios.tcgetattr(fd)[tty.OSPEED], 0)


def heard(data: bytes, sent_baud: int, heard_baud: int) -> bytes:
    """What a receiver at `heard_baud` takes `data`, sent without a pause at `sent_baud`, for (8N1, LSB first).

    As a simple UART does it: a falling edge starts a byte, each bit is looked at once, in its middle. A start bit that
    is gone by then was a glitch; a stop bit of 0 is a framing error, but the byte is handed on, as Linux and the
    ESP32 do unless asked otherwise.
    """
    bits = _wire_bits(data)
    received = bytearray()
    at = _falling_edge(bits, 0)
    while at >= 0:
        samples = [_sample(bits, at, number, sent_baud, heard_baud) for number in range(_STOP_SAMPLE + 1)]
        if samples[0] == 0:
            received.append(sum(bit << number for number, bit in enumerate(samples[1:_STOP_SAMPLE])))
        last = _STOP_SAMPLE if samples[0] == 0 else 0
        at = _falling_edge(bits, _position(at, last, sent_baud, heard_baud))
    return bytes(received)


def _wire_bits(data: bytes) -> list[int]:
    """An idle bit, then start bit, data bits and stop bit of each byte."""
    bits = [_IDLE]
    for byte in data:
        bits += [0, *(byte >> number & 1 for number in range(_DATA_BITS)), 1]
    return bits


def _falling_edge(bits: list[int], after: int) -> int:
    """The first bit behind `after` that is 0 and follows a 1, or -1."""
    for at in range(after + 1, len(bits)):
        if bits[at - 1] and not bits[at]:
            return at
    return -1


def _position(edge: int, number: int, sent_baud: int, heard_baud: int) -> int:
    """Which sent bit is on the wire in the middle of the receiver's bit `number` behind an edge."""
    return edge + (2 * number + 1) * sent_baud // (2 * heard_baud)


def _sample(bits: list[int], edge: int, number: int, sent_baud: int, heard_baud: int) -> int:
    position = _position(edge, number, sent_baud, heard_baud)
    return bits[position] if position < len(bits) else _IDLE
