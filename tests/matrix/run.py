"""Try the wheel on every supported Python that is installed, with the newest and with the lowest dependencies.

For each pair an empty environment gets the wheel, and `smoke.py` runs in it: pieces, public names, help of each
command, without network. On the newest Python the test suite runs, too, without the training extra.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
# What one Python shows as well as all of them: the page in a browser, and odd requests.
ONCE = ("test_page.py", "test_library_page.py", "test_fuzz.py")
SMOKE = [str(PROJECT / path) for path in ("tests/matrix/smoke.py", "tests/pieces", "tests/matrix/golden.json")]
SUPPORTED = ("3.11", "3.12", "3.13", "3.14")
RESOLUTIONS = {"newest": "highest", "lowest": "lowest-direct"}
UV = Path(sys.executable).with_name("uv")


@dataclass
class Trial:
    """One environment: a Python, and which versions of the dependencies it gets."""

    python: str
    interpreter: Path
    dependencies: str
    passed: bool = False
    output: str = ""
    seconds: float = 0.0

    def __str__(self) -> str:
        return f"Python {self.python}, {self.dependencies} dependencies"


def find_interpreters() -> dict[str, Path]:
    """Find an interpreter that runs for each supported version, on PATH or among those of pyenv."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions")
    interpreters = {}
    for version in SUPPORTED:
        on_path = shutil.which(f"python{version}")
        candidates = [*([on_path] if on_path else []), *sorted(pyenv.glob(f"{version}.*/bin/python"), reverse=True)]
        for candidate in candidates:
            program = "import sys; print(sys.base_prefix, '%d.%d' % sys.version_info[:2])"
            answer = subprocess.run([candidate, "-c", program], capture_output=True, text=True, check=False)
            if answer.returncode == 0 and answer.stdout.split()[-1:] == [version]:
                interpreters[version] = Path(candidate)
                break
    return interpreters


def run(*command: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command that must not see the environment variables of this one's virtual environment."""
    variables = {key: value for key, value in os.environ.items() if key not in ("VIRTUAL_ENV", "PYTHONPATH")}
    return subprocess.run(
        [str(part) for part in command],
        capture_output=True, text=True, check=False, cwd=PROJECT, env=variables | environment,
    )  # fmt: skip


def install(trial: Trial, folder: Path, *requirements: object) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """Make an environment and install into it; only wheels, as most users have no compiler."""
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    done = run(UV, "venv", "--quiet", "--no-project", "--python", trial.interpreter, folder)
    if done.returncode == 0:
        flags = ("--quiet", "--only-binary", ":all:", "--resolution", RESOLUTIONS[trial.dependencies])
        done = run(UV, "pip", "install", *flags, "--python", python, *requirements)
    return python, done


def try_wheel(trial: Trial, wheel: Path, folder: Path) -> Trial:
    """Install the wheel and run the smoke test."""
    begin = time.perf_counter()
    python, done = install(trial, folder, f"taggram[plot,pandas,report,deform,tags,web] @ {wheel.as_uri()}")
    if done.returncode == 0:
        done = run(python, "-I", *SMOKE)
    trial.passed, trial.output = done.returncode == 0, (done.stdout + done.stderr).strip()
    trial.seconds = time.perf_counter() - begin
    return trial


def run_suite(trial: Trial, wheel: Path, folder: Path) -> Trial:
    """Run the tests that need no training extra against the installed wheel."""
    begin = time.perf_counter()
    group = ("--group", f"{PROJECT / 'pyproject.toml'}:test")
    python, done = install(trial, folder, f"taggram[plot,pandas,report,deform,tags,web] @ {wheel.as_uri()}", *group)
    if done.returncode == 0:
        options = ("-q", "-n", "2", "--dist", "worksteal", "-m", "not slow", "-p", "no:cacheprovider")
        once = (f"--ignore=tests/web/{name}" for name in ONCE)
        done = run(python, "-m", "pytest", *options, *once, "tests", OMP_NUM_THREADS="1")
    lines = (done.stdout + done.stderr).strip().splitlines()
    trial.passed = done.returncode == 0
    trial.output = lines[-1] if trial.passed and lines else "\n".join(lines[-60:])
    trial.seconds = time.perf_counter() - begin
    return trial


def report(trial: Trial, what: str) -> None:
    print(f"{'passed' if trial.passed else 'FAILED'}  {trial}: {what} ({trial.seconds:.0f} s)", flush=True)
    for line in trial.output.splitlines():
        print(f"        {line}", flush=True)


def main() -> int:
    """Run the matrix; the exit code is 1 if anything failed."""
    begin = time.perf_counter()
    interpreters = find_interpreters()
    for version in SUPPORTED:
        print(f"{version}: {interpreters.get(version, 'not installed here, not tried')}", flush=True)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        built = run(UV, "build", "--quiet", "--wheel", "--out-dir", folder / "dist")
        if built.returncode:
            print(f"FAILED  the wheel could not be built\n{built.stdout}{built.stderr}")
            return 1
        wheel = next((folder / "dist").glob("*.whl"))
        trials = [
            Trial(version, interpreter, dependencies)
            for version, interpreter in interpreters.items()
            for dependencies in RESOLUTIONS
        ]
        with ThreadPoolExecutor(2) as pool:
            done = [pool.submit(try_wheel, trial, wheel, folder / f"env{i}") for i, trial in enumerate(trials)]
            for future in done:
                report(future.result(), "pieces, names, help")
        newest = list(interpreters)[-1]
        suite = Trial(newest, interpreters[newest], "newest")
        report(run_suite(suite, wheel, folder / "suite"), "suite without the training extra")
    failed = [trial for trial in [*trials, suite] if not trial.passed]
    print(f"{len(trials) + 1 - len(failed)} passed, {len(failed)} failed, {time.perf_counter() - begin:.0f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
