"""What the plugin shows in docks of the napari window."""
