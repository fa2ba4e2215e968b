"""Corrections in the window: strokes and boxes become edits, and results are updated."""
