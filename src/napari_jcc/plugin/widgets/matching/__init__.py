"""The docks Match, Landmarks and Train."""
