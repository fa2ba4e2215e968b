"""A session as a project, and a project as a session."""
