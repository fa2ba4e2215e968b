"""Many settings on one set: from the first changed stage on, side by side."""
