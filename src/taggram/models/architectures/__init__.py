"""One architecture per file; the file's name is the architecture's name. Importing one needs torch."""
