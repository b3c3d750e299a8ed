"""Storage on the flash: atomic files, record rings, key-value store, data files of the build."""
