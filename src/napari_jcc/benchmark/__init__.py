"""The published image sets, the published methods, and tables of both."""
