"""Tags written into files: what would change, the changes with a journal, and undo."""
