"""docs/fits.md: which set of features lives on which way onto a chip, from tools/build/memory_figures.json."""

from tools.bench import unix32
from tools.build.common import ROOT
from tools.build.memory_plan import in_order

_DOCUMENT = ROOT / "docs" / "fits.md"
_SETS = {
    "display": "`display`: a display, no network",
    "mqtt journal discovery": "`telemetry`: MQTT; no page, no display",
    "mqtt tls": "`telemetry` with TLS, without the backlog and Home Assistant discovery",
    "page history": "`full`: page and history",
    "page mqtt": "`full`: page and MQTT, without the backlog and Home Assistant discovery",
    "page mqtt discovery": "`full`: page and MQTT, without the backlog",
    "page mqtt journal discovery": "`full`: page and MQTT",
    "page history mqtt journal discovery": "`full`: page, history and MQTT",
    "page history display": "`full`: page, history and display",
    "page history mqtt journal discovery display": "`full`: page, history, MQTT and display",
    "page history mqtt tls journal discovery display": "the same with TLS",
}
_WAYS = (("files", False, "as files"), ("own", False, "own firmware"), ("files", True, "with PSRAM"))
_MODEL = "model of the chip's two heaps"
_TEXT = """\
# What fits on an ESP32

> **Nothing here was measured on a chip.** The figures come from a model of the chip's two heaps: MicroPython's unix port
> {version}, built for 32 bits, whose objects are as large as an ESP32's, and a model of the second heap. Its weights are
> those of a bare MicroPython in an emulator of the ESP32; what evencell itself did there comes out of the model as it did
> in the emulator ([memory](memory.md)). TLS and the access point exist in it as claims of memory only.

An ESP32 without PSRAM has two heaps. MicroPython's holds evencell's data, and its code where that is loaded from files.
Wi-Fi, sockets and TLS allocate from the second one. A set lives if the device stays reachable while everything is used
at once: {streams} browsers with the page open, page, history and metrics fetched again and again, the broker and the
access point gone for a while.

| set | firmware | lives | MicroPython's heap: peak of total, KB | network: free when idle, least in use, least largest block, KB |
|---|---|---|--:|--:|
{rows}
- *as files*: `make flash` with MicroPython as it is offered. *Own firmware*: [evencell frozen into MicroPython](firmware.md).
  *With PSRAM*: MicroPython's build for boards that have it, [the recommendation](boards.md).
- The profile `display` has no network; what it leaves free there is not listed.
- `make build` and `make flash` check a board, profile and configuration against this table, and so does the device at its
  start. ESP32-C3 and ESP32-S3 without PSRAM are not measured: nothing is refused there, and nothing promised.

## If it does not fit

1. **A smaller set**: `"display": {{"driver": "none"}}`, `"history": {{"enabled": false}}`, another profile.
2. **evencell's own firmware**: [how to build and flash it](firmware.md).
3. **A board with PSRAM**: [boards](boards.md).

## Measure it again

`.venv/bin/python -m tools.bench.chip` measures every set for {minutes:g} simulated minutes and writes this page and
`tools/build/memory_figures.json`. It needs Linux on x86_64 with `apt-get install build-essential gcc-multilib faketime mosquitto`,
and fetches MicroPython's sources from Debian, once.
"""  # noqa: E501 (prose, as in the other documents)


def write(rows: list[dict], streams: int, minutes: float):
    """Write the page from the rows of memory_figures.json."""
    _DOCUMENT.write_text(page(rows, streams, minutes), "utf-8")


def page(rows: list[dict], streams: int, minutes: float) -> str:
    """The page; a set that was not measured on a way has no line."""
    lines = []
    for features, name in _SETS.items():
        for delivery, psram, way in _WAYS:
            lines += [
                f"| {name} | {way} | {_verdict(row)} | {_heap(row)} | {_network(row)} |\n"
                for row in rows
                if is_of_model(row)
                and " ".join(in_order(row["features"])) == features
                and (row["delivery"], row["psram"]) == (delivery, psram)
            ]
    return _TEXT.format(version=unix32.VERSION, rows="".join(lines), streams=streams, minutes=minutes)


def is_of_model(row: dict) -> bool:
    """Whether a row comes from the model."""
    return row["evidence"].startswith(_MODEL)


def _verdict(row: dict) -> str:
    return "yes" if row["lives"] else "**no**"


def _heap(row: dict) -> str:
    if row["psram"]:
        return "in PSRAM"
    return "–" if row["gc_total"] is None else f"{_kb(row['gc_peak'])} of {_kb(row['gc_total'])}"


def _network(row: dict) -> str:
    if not row["network"]:
        return "–"
    if row["network_free"] is None:
        return "does not start"
    return f"{_kb(row['network_free_idle'])}, {_kb(row['network_free'])}, {_kb(row['network_largest'])}"


def _kb(size: int) -> str:
    return f"{size / 1000:.1f}"
