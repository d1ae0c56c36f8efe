"""taggram listens to music and names what it hears: instruments, genres, moods, voices, eras."""

__version__ = "0.1.0"
