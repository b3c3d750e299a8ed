"""Freezes what an ESP32's MicroPython has frozen in as well, the simulated radio, TLS and threads as claims."""

include("$(MPY_DIR)/extmod/asyncio")
module("network.py")
module("tls.py")
module("_thread.py")
