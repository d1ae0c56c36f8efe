"""Twelve queries of a real collection, judged by the titles of the files that belong to them."""

from __future__ import annotations

from pathlib import Path

import pytest

from taggram.library import Library

QUERIES = Path(__file__).with_name("queries.tsv")
SLACK = 5  # ranks; other processors give slightly other scores


@pytest.mark.slow
def test_titles_are_found_where_they_were(shared: Path, tmp_path: Path) -> None:
    folders = [shared / "data" / name for name in ("music", "games", "originals")]
    rows = [line.split("\t") for line in QUERIES.read_text().splitlines()[1:]]
    with Library(tmp_path / "library.sqlite") as library:
        library.scan(folders, workers=2)
        for query, name, rank in rows:
            paths = [hit.track.path for hit in library.search(query, n=1000).hits]
            (found,) = (number for number, path in enumerate(paths, 1) if name in path)
            assert found <= int(rank) + SLACK, (query, name, found)
