"""AES that encrypts nothing, as MicroPython's `cryptolib` is used: this port is built without a TLS library."""


class aes:
    """In place, as evencell uses it."""

    def __init__(self, _key, _mode, _iv):
        pass

    def encrypt(self, _data, output):
        """Leave it as it is."""
        return output

    decrypt = encrypt
