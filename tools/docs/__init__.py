"""Makes documents, drawings and pictures."""
