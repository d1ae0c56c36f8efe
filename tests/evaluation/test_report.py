"""The report of a comparison: one file, whatever the names, labels and scores are."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_line import run
from numpy.typing import NDArray

from taggram.errors import TaggramError
from taggram.evaluation import (
    Comparison,
    ComparisonTable,
    EvaluationInfo,
    EvaluationResult,
    LabelledScores,
    Protocol,
    compare,
    report,
)
from taggram.evaluation.comparison.calibration import level_shares, probabilities, reliability
from taggram.evaluation.comparison.conclusions import conclusions, limitations
from taggram.evaluation.comparison.figures import comparison_figures, order_tags
from taggram.evaluation.evaluation_result import EvaluationCost, write_result
from taggram.models import ModelCard
from taggram.models.directories import find_model
from taggram.reporting import inline_svg, plots, theme
from taggram.vocabularies import Vocabulary

pytest.importorskip("matplotlib")
pytest.importorskip("jinja2")

HOSTILE = ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "_a$x$ & {{ 7 * 7 }}", "x" * 300]
VOID = {"meta", "br", "img", "link", "input"}


class Page(HTMLParser):
    """A page whose elements are closed in the reverse order; with its ids, references, and texts by element."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.references: list[str] = []
        self.elements: list[str] = []
        self.text = ""
        self.feed(html)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        if tag not in VOID:
            self.open.append(tag)
        self._attributes(attrs)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self._attributes(attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> in line {self.getpos()[0]}"

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in {"script", "style"}:
            self.text += f" {' '.join(data.split())}"

    def _attributes(self, attrs: list[tuple[str, str | None]]) -> None:
        assert len(dict(attrs)) == len(attrs)
        for name, value in attrs:
            assert not name.startswith("on"), name
            if name == "id":
                self.ids.append(value or "")
            if name in {"href", "src", "xlink:href", "clip-path"}:
                self.references.append(value or "")


def result(
    model: str, scores: NDArray[np.float32], truth: NDArray[np.bool_], tags: list[str] | None = None, **changes: Any
) -> EvaluationResult:
    names = tags or [f"tag {i}" for i in range(truth.shape[1])]
    protocol = Protocol(
        name="mtat-full", dataset="mtat", subset="full", split_hash="1", vocabulary=Vocabulary.from_names(names)
    )
    groups = changes.pop("groups", np.array([f"artist {i // 2}" for i in range(len(truth))]))
    labelled = LabelledScores(np.array([str(i) for i in range(len(truth))]), groups, tuple(names), scores, truth)
    fields = {"mode": "own", "model_hash": model, "sources": {tag: (tag,) for tag in names}} | changes
    info = EvaluationInfo(protocol=protocol, protocol_hash=protocol.hash, model=model, **fields)
    return EvaluationResult(Path(), info.sealed({}), labelled, None)


def labels(clips: int = 80, tags: int = 4) -> NDArray[np.bool_]:
    return np.random.default_rng(0).random((clips, tags)) < 0.3


def scored(truth: NDArray[np.bool_], quality: float, seed: int = 0) -> NDArray[np.float32]:
    noise = np.random.default_rng(seed).normal(size=truth.shape)
    return (1 / (1 + np.exp(1 - quality * truth - noise))).astype(np.float32)


def compared(*results: EvaluationResult, **options: Any) -> Comparison:
    return compare(results, **{"resamples": 100, "metrics": ["roc_auc"]} | options)


def page(comparison: Comparison, folder: Path) -> Page:
    report(comparison, folder / "report.html")
    return Page((folder / "report.html").read_text(encoding="utf-8"))


def sentences(*results: EvaluationResult, **options: Any) -> str:
    comparison = compared(*results, **options)
    (table,) = comparison.tables
    return " ".join([*conclusions(comparison, table), *limitations(comparison, table)])


def test_a_report_is_one_valid_file_without_references(tmp_path: Path) -> None:
    truth = labels()
    costs = [EvaluationCost(parameters=n, machine="m", device="cpu") for n in (1000, 3000)]
    comparison = compared(
        result("good", scored(truth, 3), truth, cost=costs[0], versions={"numpy": "2.9"}, trained_on="MSD"),
        result("fair", scored(truth, 1, 1), truth, cost=costs[1]),
        result("good", scored(truth, 2), truth, mode="probe"),
        metrics=["roc_auc", "average_precision"],
    )
    found = page(comparison, tmp_path)
    assert len(set(found.ids)) == len(found.ids)
    local = {f"#{name}" for name in found.ids} | {f"url(#{name})" for name in found.ids}
    assert set(found.references) <= local
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "url(http" not in html and "@import" not in html and found.elements.count("script") == 1
    assert found.elements.count("svg") == html.count('role="img"') == html.count('role="img"><title>')
    for text in (comparison.protocol.hash, "80", "numpy 2.9", "MSD", "Probe of the embedding", "Not measured here"):
        assert text in found.text
    assert "good is best: it has a mean ROC-AUC of" in found.text and "cannot be reproduced" in found.text
    assert 'data-value=""' not in html.partition("<h2>Tags")[0]  # every model has values


def test_names_are_escaped(tmp_path: Path) -> None:
    truth = labels(40, 5)
    tags = ["<b>rock</b>", "a\"b'c", "{{ tag }}", "None", "\u202e\x07\u65e5\u672c"]
    comparison = compared(*(result(name, scored(truth, i), truth, tags) for i, name in enumerate(HOSTILE)))
    found = page(comparison, tmp_path)
    assert found.elements.count("script") == 1 and not {"img", "b"} & set(found.elements) - {"b"}
    assert found.elements.count("b") == 5  # of the tiles
    assert "<script>alert(1)</script>" in found.text and "{{ 7 * 7 }}" in found.text and "<b>rock</b>" in found.text
    svgs = re.findall("<svg.*?</svg>", (tmp_path / "report.html").read_text(encoding="utf-8"), re.DOTALL)
    assert not any("\x07" in svg or "\u202e" in svg for svg in svgs)
    assert any("\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}\u65e5\u672c" in svg for svg in svgs)
    assert any("\N{ZERO WIDTH SPACE}_a$x$ &amp; {{ 7 * 7 }}" in svg for svg in svgs)  # in the legend, not as a formula


def test_one_model_without_any_value(tmp_path: Path) -> None:
    truth = np.zeros((6, 2), bool)
    scores = np.full((6, 2), np.nan, np.float32)
    scores[:, 0] = 7  # not a probability
    found = page(compared(result("a", scores, truth, groups=np.array(["x"] * 6))), tmp_path)
    for text in ("No model has a ROC-AUC", "No model has scores between 0 and 1", "All clips are of one artist"):
        assert text in found.text
    assert "Means are over 1 of the 2 tags, which all models have. Left out: tag 1." in found.text
    assert "nan" not in found.text.lower().split()


def test_many_tags_stay_small(tmp_path: Path) -> None:
    truth = labels(60, 200)
    tags = [f"{'long ' * 20}{i}" for i in range(200)]
    found = page(compared(result("a", scored(truth, 1), truth, tags)), tmp_path)
    assert found.elements.count("svg") == 1 + 2 + 5 + 1  # mean, curves, tags in columns, reliability
    assert (tmp_path / "report.html").stat().st_size < 500_000


def test_the_best_model_is_named_or_ties_are() -> None:
    truth = labels(200)
    good, fair, poor = (scored(truth, quality, seed) for quality, seed in ((3, 1), (2.9, 2), (0.1, 3)))
    assert sentences(result("a", good, truth), result("b", poor, truth)).startswith(
        "a is best: it has a mean ROC-AUC of 0.9"
    )
    tie = sentences(result("a", good, truth), result("b", fair, truth), result("c", poor, truth))
    assert re.search(r"^(a|b) is tied with (a|b)\. .*these clips do not show that it is better", tie)
    assert re.search(r"c is clearly worse than (a|b), by 0\.\d+ \(0\.\d+ to 0\.\d+\)\.", tie)
    alone = sentences(result("a", good, truth))
    assert re.search(r"^a has a mean ROC-AUC of 0\.\d+ \(.*\)\. There is no other model", alone)
    artist = np.array(["x"] * 200)
    one_artist = sentences(result("a", good, truth, groups=artist), result("b", poor, truth, groups=artist))
    assert "chance cannot be excluded" in one_artist and "is best" not in one_artist
    both = sentences(result("a", good, truth), result("b", poor, truth), metrics=["roc_auc", "average_precision"])
    assert "By mean AP, a is also first with" in both and "clearly above all others" in both


def test_tags_without_positives_are_last_and_counted() -> None:
    truth = labels()
    truth[:, 1] = False
    comparison = compared(result("a", scored(truth, 1), truth))
    (table,) = comparison.tables
    assert order_tags(table)[-1] == 1
    assert "1 tag has no value" in " ".join(limitations(comparison, table))


def test_reliability_is_that_of_all_tags_with_scores() -> None:
    scores = np.full((40, 2), 0.25, np.float32)
    scores[20:] = 0.95
    scores[:, 1] = np.nan
    truth = np.zeros((40, 2), bool)
    truth[:5] = truth[20:] = True
    diagram = reliability(scores, truth)
    assert diagram is not None
    assert diagram.mean == pytest.approx([0.25, 0.95]) and diagram.share == pytest.approx([0.25, 1])
    assert diagram.error == pytest.approx(0.025)
    rare = scores.copy()
    rare[:9, 0] = 0.55  # a bin of nine values is not drawn
    assert len(reliability(rare, truth).mean) == 2  # type: ignore[union-attr]
    assert reliability(scores * 2, truth) is None
    assert reliability(np.full_like(scores, np.nan), truth) is None


def levels_table(**changes: Any) -> ComparisonTable:
    card = ModelCard.read(find_model("default"))
    names = list(card.vocabulary.names[:3])
    truth = np.zeros((9, 3), bool)
    truth[:3] = True
    scores = np.full((9, 3), 0.5, np.float32)
    assert card.levels is not None
    for tag, name in enumerate(names):  # three clips of each level
        for level, probability in enumerate((0.95, 0.75, 0.5)):
            scores[3 * level : 3 * level + 3, tag] = card.levels.score(name, probability)
    fields = {"model_hash": card.files["model.onnx"], "sources": {name: (name,) for name in names}} | changes
    (table,) = compared(result(card.name, scores, truth, names, **fields)).tables
    return table


def test_levels_are_those_of_the_card() -> None:
    table = levels_table()
    likely = probabilities(table.models[0], table.tags)
    assert likely is not None
    assert likely == pytest.approx(np.repeat([[0.95], [0.75], [0.5]], 3, axis=0).repeat(3, axis=1), abs=1e-4)
    shares = level_shares(table.models[0], table, likely)
    assert [(share.level, share.shown, share.confirmed.value) for share in shares] == [
        ("sure", 9, 1),
        ("likely", 9, 0),
        ("maybe", 9, 0),
    ]
    assert all(share.judged is not None for share in shares)


def test_no_levels_of_another_model_a_probe_or_several_tags() -> None:
    for changes in ({"model_hash": "0"}, {"mode": "probe"}, {"origin": "scores"}):
        table = levels_table(**changes)
        assert probabilities(table.models[0], table.tags) is None
    first, second, third = list(ModelCard.read(find_model("default")).vocabulary.names[:3])
    table = levels_table(sources={first: (first, second), second: (second,)})  # and none of the third
    assert third in table.tags
    likely = probabilities(table.models[0], table.tags)
    assert np.isnan(likely).all(axis=0).tolist() == [True, False, True]  # type: ignore[arg-type]


def test_confusion_matrices_need_one_tag_per_clip(tmp_path: Path) -> None:
    truth = np.eye(3, dtype=bool)[np.arange(30) % 3]
    scores = truth.astype(np.float32)
    scores[0] = [0, 0.5, 0]
    found = page(compared(result("a", scores, truth)), tmp_path)
    assert "accuracy 0.967, balanced accuracy 0.967" in found.text
    assert "Confusion matrix of a" in found.text
    truth[0, 1] = True
    assert "Confusion matrix" not in page(compared(result("a", scores, truth)), tmp_path).text


def test_figures_have_the_colours_of_the_page_and_ids_of_their_own() -> None:
    truth = labels()
    (table,) = compared(result("a", scored(truth, 2), truth), result("b", scored(truth, 1), truth)).tables
    with theme():
        kinds = {}
        for figure in comparison_figures(table, {"a": 4, "b": 0}):
            kinds.setdefault(figure.kind, []).append(inline_svg(figure.figure, figure.name, figure.title))
    (tags_of_a, tags_of_b) = kinds["tags"]
    assert "var(--s4)" in tags_of_a and "var(--s0)" not in tags_of_a
    assert "var(--s0)" in tags_of_b and "var(--s4)" not in tags_of_b
    for svg in (svg for svgs in kinds.values() for svg in svgs):
        assert not re.search("#[0-9a-f]{6}", svg) and "<style" not in svg and "<metadata" not in svg


def test_series_differ_in_colour_marker_or_dashes() -> None:
    looks = {(plots._colour(i), plots._marker(i), str(plots._line(i))) for i in range(28)}
    assert len(looks) == 28


def test_on_the_command_line(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    truth = labels(20)
    stored = result("a", scored(truth, 2), truth)
    write_result(tmp_path / "results" / "a", stored.info, stored.test, None)
    done = run("report", "results", "-o", "a.html", "--metric", "roc_auc", "--files", "files", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "a.html\n"), done.stderr
    assert Page((tmp_path / "a.html").read_text(encoding="utf-8")).elements.count("svg") == 5
    assert {"own-ranking.csv", "own-ranking.tex", "own-roc.png", "own-roc.svg"} <= {
        file.name for file in (tmp_path / "files").iterdir()
    }
    missing = run("report", "none", cwd=tmp_path)
    assert missing.returncode == 1 and "none has no results of taggram evaluate" in missing.stderr


def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    truth = labels(20)
    with pytest.raises(TaggramError, match="none/a.html cannot be written"):
        report(compared(result("a", scored(truth, 2), truth)), tmp_path / "none" / "a.html")
