"""Corrections by the user, and how they teach the whole set."""
