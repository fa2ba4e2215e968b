"""What is varied in a sweep, its work in a thread, and its points in the canvas."""
