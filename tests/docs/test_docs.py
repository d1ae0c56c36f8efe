"""The documentation says what the program does: built, regenerated, run and looked up."""

from __future__ import annotations

import contextlib
import importlib.util
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

import taggram
from taggram.features import FrontEnd
from taggram.models import ModelCard
from taggram.models.card import Provenance, Score, Segments

PROJECT = Path(__file__).resolve().parents[2]
DOCS = PROJECT / "docs"
TEXTS = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "examples/README.md"]
SOURCES = {file.name for file in (PROJECT / "src").rglob("*.py")}
FOLDERS = ("src/", "docs/", "tests/", "examples/", "benchmarks/")
PLACES_MADE_LATER = ("docs/_build",)
# Numbers may differ a little between processors, bars with them, and speed always.
NUMBER = re.compile(r"-?\d+\.\d+")
TIMING = re.compile(r"in [\d.]+ s \(\d+ x real time\)")
BLOCKS = re.compile("[\u2581-\u258f]+")


def load_generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


generate = load_generator()
PAGES = generate.pages()
ALL = [*PAGES, *(PROJECT / text for text in TEXTS)]
EXAMPLES = [page for page in PAGES if re.search(r"^```(python|console)$", page.read_text(), re.M)]


def name(page: Path) -> str:
    return page.relative_to(PROJECT).as_posix()


def settled(text: str) -> str:
    return " ".join(NUMBER.sub("#", BLOCKS.sub(" ", TIMING.sub("", text))).split())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, examples: Path, published: Callable[[str], Path]) -> Path:
    """Where the examples run: the example pieces and the default model are there."""
    published("musicnn_pons.mtat-pons2019")
    made = tmp_path_factory.mktemp("docs")
    (made / "examples").symlink_to(examples)
    return made


def test_it_builds_without_a_warning(tmp_path: Path) -> None:
    pytest.importorskip("sphinx")
    build = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", "-d", tmp_path / "trees"]
    done = subprocess.run([*build, DOCS, tmp_path / "html"], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("page", [page for page in PAGES if "<!-- generated" in page.read_text()], ids=name)
def test_generated_parts_are_up_to_date(page: Path) -> None:
    text = page.read_text()
    made = generate.filled(text)
    if page.name == "cli.md" and text.split("As Typer")[1].split()[0] != made.split("As Typer")[1].split()[0]:
        # Another Typer lays the help out in its own way; then only the options are compared.
        text, made = (" ".join(re.findall(r"^│ .*?(--[a-z-]+)", version, re.M)) for version in (text, made))
    assert text == made, "run: python docs/generate.py"


@pytest.mark.parametrize("page", EXAMPLES, ids=name)
def test_examples_print_what_the_page_says(page: Path, folder: Path) -> None:
    text = page.read_text()
    made = generate.answered(text, folder)
    assert settled(made) == settled(text), "run: python docs/generate.py --run"
    for said, found in zip(NUMBER.findall(TIMING.sub("", text)), NUMBER.findall(TIMING.sub("", made)), strict=True):
        assert float(said) == pytest.approx(float(found), abs=0.02)


def test_examples_of_the_readme(folder: Path) -> None:
    """Its sessions may leave lines out, and of its other commands none is run."""
    text = (PROJECT / "README.md").read_text()
    generate.answered(text.replace("```console", "```sh"), folder)
    said, found = generate.SESSION.finditer(text), generate.SESSION.finditer(generate.sessions(text, folder))
    for shown, made in zip(said, found, strict=True):
        printed = [settled(line) for line in made[0].splitlines()]
        assert len(shown[0].splitlines()) > 5, f"no output of {shown[2]}; run: python docs/generate.py --run"
        assert all(settled(line) in printed for line in shown[0].splitlines()), shown[2]


def shown_commands() -> Iterator[tuple[str, list[str]]]:
    """Every `taggram ...` in a block of shell, with where it stands."""
    for page in ALL:
        for kind, body in generate.FENCE.findall(page.read_text()):
            if kind in ("console", "sh", "bash"):
                for line in body.replace("\\\n", " ").splitlines():
                    lexer = shlex.shlex(line.removeprefix("$ "), posix=True, punctuation_chars=True)
                    lexer.whitespace_split = True
                    with contextlib.suppress(ValueError):  # an apostrophe in the output
                        yield from ((name(page), words) for words in split_commands(list(lexer)))


def split_commands(words: list[str]) -> Iterator[list[str]]:
    command: list[str] = []
    for word in [*words, ";"]:
        if set(word) <= set("|&;<>()"):
            if command and Path(command[0]).name == "taggram":
                yield command[1:]
            command = []
        else:
            command.append(word)


def test_shown_commands_are_understood() -> None:
    from typer import Exit
    from typer.main import get_command

    from taggram.cli import app

    shown = list(shown_commands())
    assert len(shown) > 10
    for page, words in shown:
        command, rest = get_command(app), list(words)
        while commands := getattr(command, "commands", {}):
            if not rest or rest[0].startswith("-"):
                break
            assert rest[0] in commands, f"{page}: no command taggram {' '.join(words)}"
            command = commands[rest.pop(0)]
        try:
            command.make_context("taggram", rest)
        except Exit:
            pass
        except Exception as error:
            pytest.fail(f"{page}: taggram {' '.join(words)}: {error}")


@pytest.mark.parametrize("page", ALL, ids=name)
def test_links_and_named_files_exist(page: Path) -> None:
    text = page.read_text()
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
        assert ":" in target or (page.parent / target).exists(), target
    for target in re.findall(r"`([\w./-]+)`", text):
        if target.startswith(FOLDERS) and not target.startswith(PLACES_MADE_LATER):
            assert (PROJECT / target).exists(), target
        elif re.fullmatch(r"\w+\.py", target) and page.is_relative_to(DOCS):
            assert target in SOURCES, target


def test_every_field_of_a_card_is_explained() -> None:
    text = (DOCS / "guide" / "models.md").read_text()
    for model in (ModelCard, Segments, Score, Provenance, FrontEnd):
        for field in model.model_fields:
            assert f"`{field}`" in text, f"{model.__name__}.{field}"


def test_reference_has_every_public_name() -> None:
    text = (DOCS / "reference" / "api.md").read_text()
    for room in ("taggram", "taggram.audio", "taggram.features", "taggram.models", "taggram.tagging", "taggram.errors"):
        for public in importlib.import_module(room).__all__:
            assert re.search(rf":: (taggram\.\w+\.)?{public}$", text, re.M), f"{room}.{public}"


def test_citation() -> None:
    yaml = pytest.importorskip("yaml")
    citation = yaml.safe_load((PROJECT / "CITATION.cff").read_text())
    assert citation["version"] == taggram.__version__
    assert {"cff-version", "message", "title", "authors"} <= set(citation)
