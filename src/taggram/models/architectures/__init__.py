"""Architectures, one per file, named as the file. Importing one needs torch."""
