"""MQTT, and Home Assistant through it."""
