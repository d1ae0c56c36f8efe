"""One data set per file; each registers itself."""
