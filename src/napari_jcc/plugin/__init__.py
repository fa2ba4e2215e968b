"""The napari plugin: the only part that knows napari and Qt."""
