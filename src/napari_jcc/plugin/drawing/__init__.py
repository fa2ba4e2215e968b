"""What the user draws on shown results: seen, kept as edits, answered, taught."""
