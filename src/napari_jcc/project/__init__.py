"""One file that holds a session: inputs, settings, results, edits."""
