"""Smooth maps between two images, registered to grid points that may belong together."""
