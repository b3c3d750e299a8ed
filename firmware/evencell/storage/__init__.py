"""What the firmware reads and keeps: data files of the build."""
