"""Freezes what an ESP32's MicroPython has frozen in as well, the simulated radio, TLS and threads as claims, and
`machine` as far as boot.py asks it."""

include("$(MPY_DIR)/extmod/asyncio")
module("machine.py")
module("network.py")
module("tls.py")
module("_thread.py")
