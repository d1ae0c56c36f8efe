"""The documentation is true: it builds, its generated parts and examples are current, its links and names exist."""

from __future__ import annotations

import contextlib
import importlib
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import generate
import picture
import pytest
import recipe_settings
from command_line import run

import taggram
from taggram.features import FrontEnd, HarmonicFrontEnd, RawFrontEnd
from taggram.models import ModelCard
from taggram.models.card import Calibration, Provenance, Score, Segments
from taggram.training import Recipe

PROJECT = Path(__file__).resolve().parents[2]
DOCS = PROJECT / "docs"
TEXTS = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "examples/README.md", "tests/pieces/README.md"]
SOURCES = {file.name for file in (PROJECT / "src").rglob("*.py")}
FOLDERS = ("src/", "docs/", "tests/", "examples/", "benchmarks/")
PLACES_MADE_LATER = (
    *("docs/_build", "docs/models/tiny_cnn.md", "src/taggram/models/architectures/tiny_cnn.py"),
    "src/taggram/datasets/published/drones.py",
)
# Numbers may differ a little between processors, bars with them, and speed always.
NUMBER = re.compile(r"-?\d+\.\d+")
TIMING = re.compile(r"in [\d.]+ s \(\d+ x real time\)")
BLOCKS = re.compile("[\u2581-\u258f]+")


PAGES = generate.pages()
ALL = [*PAGES, *(PROJECT / text for text in TEXTS)]
MODEL_PAGES = [page for page in PAGES if page.parent == generate.MODELS and page.stem != "index"]
EXAMPLES = [page for page in PAGES if re.search(r"^```(python|console)$", page.read_text(), re.M)]


def name(page: Path) -> str:
    return page.relative_to(PROJECT).as_posix()


def settled(text: str) -> str:
    return " ".join(NUMBER.sub("#", BLOCKS.sub(" ", TIMING.sub("", text))).split())


@pytest.fixture
def folder(tmp_path: Path, project: Path) -> Path:
    """A folder with the example pieces, one per page, because pages write files of the same name."""
    (tmp_path / "examples").symlink_to(project / "examples")
    return tmp_path


def test_it_builds_without_a_warning(tmp_path: Path) -> None:
    pytest.importorskip("sphinx")
    build = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", "-d", tmp_path / "trees"]
    done = subprocess.run([*build, DOCS, tmp_path / "html"], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr


def shell_in_process(command: str, folder: Path) -> str:
    """Print the help of a command like `generate.shell`, without a process for each."""
    done = run(*shlex.split(command)[1:], cwd=folder, COLUMNS=str(generate.WIDTH), TERM="dumb", NO_COLOR="1")
    return "\n".join(line.rstrip() for line in done.stdout.splitlines()) + "\n"


@pytest.mark.parametrize("page", [page for page in PAGES if "<!-- generated" in page.read_text()], ids=name)
def test_generated_parts_are_up_to_date(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generate, "shell", shell_in_process)
    text = page.read_text()
    made = generate.filled(text)
    if page.name == "cli.md" and text.split("As Typer")[1].split()[0] != made.split("As Typer")[1].split()[0]:
        # Another Typer lays the help out in its own way; then only the options are compared.
        text, made = (" ".join(re.findall(r"^│ .*?(--[a-z-]+)", version, re.M)) for version in (text, made))
    assert text == made, "run: python docs/generate.py"


def test_pages_and_pictures_of_the_architectures_are_up_to_date() -> None:
    made = generate.model_files()
    found = {file for file in generate.MODELS.iterdir() if file.name != "index.md"}
    assert found == set(made), "run: python docs/generate.py"
    for file, text in made.items():
        assert file.read_text() == text, f"{file.name}; run: python docs/generate.py"


@pytest.mark.parametrize(
    "page", [page for page in PAGES if page.parent == generate.MODELS and page.stem != "index"], ids=name
)
def test_the_recipe_on_a_page_is_one(page: Path) -> None:
    text = page.read_text()
    (yaml,) = (body for kind, body in generate.FENCE.findall(text) if kind == "yaml")
    recipe = Recipe.parse(yaml)
    assert recipe.model.architecture == page.stem
    rate = int((re.findall(r"--sample-rate (\d+)", text) or ["16000"])[0])
    assert taggram.create_model(recipe.model.architecture, "mtat", **recipe.model.options).front_end.sample_rate == rate
    if file := recipe_settings.recipe_of(page.stem):
        published = Recipe.read(file)
        assert recipe.optim == published.optim
        assert {getattr(recipe.data, key) == getattr(published.data, key) for key in recipe_settings.SEGMENTS} == {True}


def test_a_recipe_of_the_architecture_precedes_a_sweep_that_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    sweep = {"model": {"architecture": "a"}, "sweep": {"grid": [{"model.architecture": ["a", "b", "c"]}]}}
    recipes = {Path("sweep"): sweep, Path("b"): {"model": {"architecture": "b"}}}
    monkeypatch.setattr(recipe_settings, "_recipes", lambda: recipes)
    found = [recipe_settings.recipe_of(architecture) for architecture in "abcd"]
    assert found == [Path("sweep"), Path("b"), Path("sweep"), None]


def test_a_picture_has_the_layers_of_its_network() -> None:
    """The shapes that the docstring of musicnn states, and what sees what."""
    found = {cell.name: cell for cell in picture.cells(taggram.create_model("musicnn", "mtat"))}
    assert [*found] == [
        *("waveform", "front end", "vertical", "horizontal", "middle 1", "middle 2", "middle 3", "dense", "tags")
    ]
    assert found["vertical"].shapes == [(204, 188)] * 2
    assert found["horizontal"].shapes == [(51, 188)] * 3
    assert found["horizontal"].before == [found["front end"]]
    assert found["middle 1"].before == [found["vertical"], found["horizontal"]]
    assert found["middle 3"].lines == ["conv 7", "+ middle 1"]
    assert len(found["dense"].before) == 5
    assert found["tags"].shapes == [(50,)]


def test_a_picture_names_a_block_without_its_dimensions() -> None:
    found = {cell.name: cell for cell in picture.cells(taggram.create_model("sample_cnn_se", "mtat"))}
    assert found["block 2"].lines[0] == "excitation block"


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
    whole = get_command(app)
    for page, words in shown:
        command, rest = whole, list(words)
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
    for model in (ModelCard, Segments, Calibration, Score, Provenance, FrontEnd, HarmonicFrontEnd, RawFrontEnd):
        for field in model.__struct_fields__:
            assert f"`{field}`" in text, f"{model.__name__}.{field}"


def test_reference_has_every_public_name() -> None:
    text = (DOCS / "reference" / "api.md").read_text()
    rooms = "audio deform features metrics models sonification tagging errors".split()
    for room in ("taggram", *(f"taggram.{name}" for name in rooms)):
        for public in importlib.import_module(room).__all__:
            assert re.search(rf":: (taggram\.\w+\.)?{public}$", text, re.M), f"{room}.{public}"
