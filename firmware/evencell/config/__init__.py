"""Configuration: loaded, checked against a table of keys."""
