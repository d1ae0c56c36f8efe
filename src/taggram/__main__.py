"""``python -m taggram``: the command line."""

from taggram.cli import main

if __name__ == "__main__":
    main()
