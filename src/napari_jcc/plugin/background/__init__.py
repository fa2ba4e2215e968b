"""Work beside the window, so that no turn of its event loop is long."""
