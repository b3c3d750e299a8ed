"""Freezes what an ESP32's MicroPython has frozen in as well, the simulated radio, TLS and threads as claims,
`machine` as far as boot.py asks it, and AES without an effect."""

include("$(MPY_DIR)/extmod/asyncio")
module("machine.py")
module("network.py")
module("tls.py")
module("cryptolib.py")
module("_thread.py")
