"""Network: station, joining, reachability check, TCP, backoff of clients."""
