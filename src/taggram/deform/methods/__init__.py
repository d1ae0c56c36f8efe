"""The deformations, one per file."""
