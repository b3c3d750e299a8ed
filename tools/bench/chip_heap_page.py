"""docs/fits.md: which combination fits a chip, from the figures of chip_heap.py."""

from tools.making import ROOT

# Combination → profile, what of the configuration differs from heap.py's, and how it is said.
COMBINATIONS = {
    "display": ("display", {}, "`display`: a display, no network"),
    "telemetry": ("telemetry", {}, "`telemetry`: MQTT; no page, no display"),
    "full": ("full", {}, "`full`: page and 4 browsers, history, MQTT, display"),
    "full, no display": ("full", {"display": {"driver": "none"}}, "`full`, no display"),
    "full, no MQTT": ("full", {"mqtt": {"enabled": False}}, "`full`, no MQTT"),
}
WAYS = ("files", "romfs", "frozen")
# Free on a plain ESP32 with MicroPython 1.24, as an emulator had it: at the prompt, and with Wi-Fi up.
OFFLINE_KB = 165
ONLINE_KB = 146
_DOCUMENT = ROOT / "docs" / "fits.md"
_TEXT = """\
# What fits on an ESP32

**Nothing here was measured on a chip.** Measured is the smallest heap in which each combination lived {minutes} minutes
without a failure, on MicroPython's unix port {version} built for 32 bits, whose objects are as large as an ESP32's. The
balancer was simulated. It is found in steps of 4 KiB, and another run may find one step more or less.

A plain ESP32 with MicroPython 1.24 had {offline_kb} KB of heap free at the start in an emulator, and {online_kb} KB with Wi-Fi up.
Where "left" is negative, the combination does not fit.

| combination | firmware | smallest heap here, KiB | an ESP32 needs free, KB | left, KB |
|---|---|---:|---:|---:|
{rows}
- `files`: compiled, on the flash, as `make flash` brings it. `romfs` and `frozen` need a MicroPython of your own: the code
  runs where it lies on the flash, in [an image](frozen.md#in-romfs) or as [a part of MicroPython](firmware.md).
- "An ESP32 needs free" is what was free in the smallest heap before the start, and what an ESP32 loads and a computer does
  not: the modules for Wi-Fi, time, pins and an SSD1306. They were weighed on the same port, but never ran.
- "Left" is of {online_kb} KB, with `display` of {offline_kb} KB.

**Not in it**, and from the same memory:

- Sockets; TLS (`mqtt.tls`), which takes tens of KB while it is connected; files that are open.
- A colour display, a second balancer, InfluxDB, commands, syslog: [what their modules take](heap.md).
- Room to spare. A heap that is nearly full gets scattered; then a large piece is not to be had, and the log says `MemoryError`.

## What to do if it does not fit

1. **No display?** `"display": {{"driver": "none"}}`. **No broker?** Leave `mqtt` off, as it is unless you say otherwise.
2. **A smaller profile**: `"profile": "telemetry"` or `"display"`, also as `make flash … PROFILE=…`.
3. **Run the code from the flash**: [evencell's own firmware](firmware.md), or from [ROMFS](frozen.md#in-romfs).
4. **A chip with PSRAM**, as many an ESP32-S3 and the ESP32-WROVER have: MicroPython's builds for these use it as heap, which then
   is megabytes. [Boards](boards.md).

## Measure it again

For maintainers: `.venv/bin/python -m tools.bench.chip_heap` measures all of it and writes this page, in about half an hour. It
fetches MicroPython's sources from Debian, once, and needs Linux on x86_64 with `apt-get install build-essential gcc-multilib`.
"""  # noqa: E501 (prose, as in the other documents)


def write(figures: dict[str, dict], version: str, lives_s: int):
    """Write the page. `figures`: what `chip_heap.measured` found, by combination and way."""
    _DOCUMENT.write_text(page(figures, version, lives_s))


def page(figures: dict[str, dict], version: str, lives_s: int) -> str:
    """The whole text."""
    rows = "".join(row(name, way, figures[f"{name} {way}"]) for name in COMBINATIONS for way in WAYS)
    free = {"offline_kb": OFFLINE_KB, "online_kb": ONLINE_KB}
    return _TEXT.format(minutes=lives_s // 60, version=version, rows=rows, **free)


def row(name: str, way: str, figure: dict) -> str:
    """A line of the table."""
    profile, _, words = COMBINATIONS[name]
    needed_kb = round((figure["free_bytes"] + figure["more_bytes"]) / 1000)
    left_kb = (OFFLINE_KB if profile == "display" else ONLINE_KB) - needed_kb
    return f"| {words} | {way} | {figure['kib']} | {needed_kb} | {left_kb} |\n"
