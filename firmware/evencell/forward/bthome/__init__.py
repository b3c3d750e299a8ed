"""BTHome beacons: a reading over Bluetooth, for Home Assistant without Wi-Fi and broker."""
