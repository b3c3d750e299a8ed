"""Pictures of the displays: every page, in every size, in every language."""
