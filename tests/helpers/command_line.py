"""Runs ``taggram`` in this process, which saves its start, or in one of its own, where that is what is tested."""

from __future__ import annotations

import contextlib
import gc
import io
import os
import subprocess
import sys
import warnings
from pathlib import Path
from unittest import mock

from taggram.cli import main

PROGRAM = Path(sys.executable).with_name("taggram")
# A background job of a shell ignores SIGINT, and so do all that it starts; a user's terminal does not.
INTERRUPTIBLE = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from taggram.cli import main
if __name__ == "__main__":
    main()
"""


def run(
    *arguments: object, stdin: str = "", cwd: Path | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run the command line in this process.

    Parameters
    ----------
    *arguments
        What follows ``taggram``.
    stdin
        What it reads; it is no terminal.
    cwd
        The current folder meanwhile.
    **environment
        Variables that are added to the environment meanwhile.

    Returns
    -------
    subprocess.CompletedProcess
        The exit code and what Python code wrote to stdout and stderr. An exception that would be a traceback for the
        user is raised.
    """
    command = ["taggram", *map(str, arguments)]
    stdout, stderr = io.StringIO(), io.StringIO()
    thresholds = gc.get_threshold()
    code: object = 0
    with (
        mock.patch.object(sys, "argv", command),
        mock.patch.object(sys.modules["__main__"], "__package__", None),  # else the program is python -m pytest
        mock.patch.object(sys, "stdin", io.StringIO(stdin)),
        mock.patch.dict(os.environ, {"COLUMNS": "80", **environment}),
        contextlib.chdir(cwd or Path.cwd()),
        contextlib.redirect_stdout(stdout),
        contextlib.redirect_stderr(stderr),
        warnings.catch_warnings(),
    ):
        _warn_as_python_does()
        try:
            main()
        except SystemExit as end:
            code = end.code or 0
        finally:
            gc.set_threshold(*thresholds)
    assert isinstance(code, int)
    return subprocess.CompletedProcess(command, code, stdout.getvalue(), stderr.getvalue())


def run_process(
    *arguments: object, program: tuple[object, ...] = (PROGRAM,), stdin: str = "", **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run the command line, or another program, in a process of its own, as a person does."""
    return subprocess.run(
        [*map(str, program), *map(str, arguments)],
        input=stdin,
        capture_output=True,
        text=True,
        env={**os.environ, "COLUMNS": "80", **environment},
        timeout=120,
    )


def _warn_as_python_does() -> None:
    """Replace the filters of pytest with those of a Python that runs a program."""
    warnings.resetwarnings()
    for hidden in (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning):
        warnings.simplefilter("ignore", hidden)
