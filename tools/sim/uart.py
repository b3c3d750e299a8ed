"""Reception at another baud rate than the sender's."""

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
    """Baud rate of a terminal; 0 for a rate without a name."""
    return _RATES.get(termios.tcgetattr(fd)[tty.OSPEED], 0)


def resampled(data: bytes, tx_baud: int, rx_baud: int) -> bytes:
    """Bytes that a receiver at `rx_baud` gets from `data`, sent without a pause at `tx_baud` (8N1, LSB first).

    As in a simple UART: a falling edge starts a byte, each bit is sampled once, in its middle. A start bit that has
    ended by then is a glitch; a stop bit of 0 is a framing error, but the byte is kept, as Linux and the ESP32 do by
    default.
    """
    bits = _wire_bits(data)
    received = bytearray()
    at = _falling_edge(bits, 0)
    while at >= 0:
        samples = [_sample(bits, at, number, tx_baud, rx_baud) for number in range(_STOP_SAMPLE + 1)]
        if samples[0] == 0:
            received.append(sum(bit << number for number, bit in enumerate(samples[1:_STOP_SAMPLE])))
        last = _STOP_SAMPLE if samples[0] == 0 else 0
        at = _falling_edge(bits, _position(at, last, tx_baud, rx_baud))
    return bytes(received)


def _wire_bits(data: bytes) -> list[int]:
    """An idle bit, then start bit, data bits and stop bit of each byte."""
    bits = [_IDLE]
    for byte in data:
        bits += [0, *(byte >> number & 1 for number in range(_DATA_BITS)), 1]
    return bits


def _falling_edge(bits: list[int], after: int) -> int:
    """Index after `after` of the first 0 that follows a 1, or -1."""
    for at in range(after + 1, len(bits)):
        if bits[at - 1] and not bits[at]:
            return at
    return -1


def _position(edge: int, number: int, tx_baud: int, rx_baud: int) -> int:
    """Index of the sent bit in the middle of the receiver's bit `number` after an edge."""
    return edge + (2 * number + 1) * tx_baud // (2 * rx_baud)


def _sample(bits: list[int], edge: int, number: int, tx_baud: int, rx_baud: int) -> int:
    position = _position(edge, number, tx_baud, rx_baud)
    return bits[position] if position < len(bits) else _IDLE
