"""The progress bar passes items on unchanged, and shows on a terminal how many or how many bytes."""

from __future__ import annotations

import io
import sys

import pytest

from taggram._progress import no_progress, progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_without_a_terminal_nothing_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(progress(range(3), 3, "counting")) == [0, 1, 2]
    assert list(no_progress(range(3), 3, "counting", size=int, done=1)) == [0, 1, 2]
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(("size", "shown"), [(None, "0/3"), (lambda _: 500_000, "1.0/2.5 MB")])
def test_a_bar_on_a_terminal(size, shown: str, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    total, done = (3, 0) if size is None else (2_500_000, 1_000_000)
    assert list(progress("abc", total, "[title]", size=size, done=done)) == ["a", "b", "c"]
    assert shown in terminal.getvalue() and "[title]" in terminal.getvalue()
    assert list(progress("a", 1, "one item", size=None)) == ["a"]
    assert "one item" not in terminal.getvalue()
