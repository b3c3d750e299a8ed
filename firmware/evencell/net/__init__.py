"""The network: what all that sends over TCP has in common."""
