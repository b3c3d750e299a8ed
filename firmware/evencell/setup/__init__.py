"""Setup mode: first contact by phone through the device's own access point."""
