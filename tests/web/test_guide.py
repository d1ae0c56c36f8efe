"""The examples of the guide, run in their order against a server."""

from __future__ import annotations

import contextlib
import io
import re
import shutil
import subprocess
from pathlib import Path

import pytest

pytest.importorskip("fastapi")
from web_server import RunningServer

PAGE = Path(__file__).parents[2] / "docs" / "guide" / "serving.md"
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ADDRESS = "127.0.0.1:8420"


def settled(text: str) -> str:
    """Without decimals, which differ between processors."""
    return " ".join(re.sub(r"\d+\.\d+", "#", text).split())


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_examples_print_what_the_page_says(server: RunningServer, pieces: Path, tmp_path: Path) -> None:
    shutil.copy(pieces / "piano-prelude.opus", tmp_path / "song.opus")
    names: dict[str, object] = {}
    printed, compared = None, 0
    for kind, body in FENCE.findall(PAGE.read_text(encoding="utf-8")):
        body = body.replace(ADDRESS, "{}:{}".format(*server.address))
        if kind == "bash":
            done = subprocess.run(["/bin/sh", "-ec", body], cwd=tmp_path, capture_output=True, text=True, timeout=60)
            assert done.returncode == 0, done.stderr
            printed = done.stdout
        elif kind == "py":
            with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.chdir(tmp_path):
                exec(compile(body, str(PAGE), "exec"), names)  # noqa: S102 - our own page
            printed = out.getvalue()
        elif kind == "text":
            assert printed is not None
            assert settled(printed) == settled(body)
            compared += 1
    assert compared == 5
    assert (tmp_path / "faster.wav").read_bytes()[:4] == b"RIFF"


def test_every_endpoint_and_refusal_is_on_the_page(server: RunningServer) -> None:
    text = PAGE.read_text(encoding="utf-8")
    api = server.client.get("/openapi.json").json()["paths"]
    for path in api:
        assert path in text or path.replace("/v1", "") in text, path
    statuses = {code for methods in api.values() for operation in methods.values() for code in operation["responses"]}
    for code in statuses - {"200", "201", "204", "501"}:
        assert code in text, code
