"""Display controllers, one file each."""
