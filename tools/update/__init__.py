"""Updates over the air: keys, signed images, and sending one to a device (docs/update.md)."""
