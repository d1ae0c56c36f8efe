"""Published data sets, one per file; each registers itself."""
