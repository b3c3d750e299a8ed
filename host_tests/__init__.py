"""The tests. Those of protocol, pack, link, system and hub run on every interpreter there is, the same files."""
