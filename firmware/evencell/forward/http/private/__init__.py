"""Lazy handlers that need a login (lazy_response.py)."""
