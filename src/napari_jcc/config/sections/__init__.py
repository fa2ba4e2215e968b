"""One file per section of the settings."""
