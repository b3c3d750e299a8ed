"""A model of an ESP32's two heaps: MicroPython's own, which grows, and ESP-IDF's, which Wi-Fi, sockets and TLS need.

MicroPython's unix port, built for 32 bits with port/, models the second heap. Nothing here is a chip.
"""
