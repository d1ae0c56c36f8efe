"""Works through the steps of a tutorial in one process, so that what its commands import is imported once.

Takes the steps as JSON on standard input: of each the file that it writes, the kind of its block, and the block.
"""

from __future__ import annotations

import json
import os
import runpy
import shlex
import subprocess
import sys
from pathlib import Path
from unittest import mock


def main() -> None:
    """Write the files and run the commands, until one fails."""
    for file, kind, block in json.load(sys.stdin):
        if kind == "sh":
            for command in block.splitlines():
                _run(shlex.split(command))
        elif kind != "text":
            Path(file).parent.mkdir(parents=True, exist_ok=True)
            Path(file).write_text(block, encoding="utf-8")


def _run(words: list[str]) -> None:
    code: object = 0
    try:
        with mock.patch.dict(os.environ), mock.patch.object(sys, "path", list(sys.path)):
            match words:
                case ["python", "-m", module, *arguments]:
                    sys.argv = [module, *arguments]
                    runpy.run_module(module, run_name="__main__")
                case ["python", script, *arguments]:
                    sys.argv = [script, *arguments]
                    sys.path.insert(0, str(Path(script).parent))
                    runpy.run_path(script, run_name="__main__")
                case ["taggram", *_]:
                    from taggram.cli import main as taggram

                    sys.argv = words
                    taggram()
                case _:
                    code = subprocess.run(words).returncode
    except SystemExit as end:
        code = end.code
    sys.stdout.flush()
    if code:
        sys.exit(f"{shlex.join(words)} ended with {code}")


if __name__ == "__main__":
    main()
