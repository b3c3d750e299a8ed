"""Updates over the air (docs/update.md). Everything is loaded on demand."""
