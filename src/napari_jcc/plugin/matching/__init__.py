"""Matched pairs, landmarks and training in the window."""
