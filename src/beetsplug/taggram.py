"""A plugin of beets that tags music with taggram: genres, moods, and the probabilities of tags to query."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import mediafile
from beets.dbcore import types
from beets.plugins import BeetsPlugin
from beets.ui import Subcommand, UserError, should_write

from taggram import Tagger, TaggramError
from taggram.library import Policy
from taggram.library.writing.plan import read_names
from taggram.models import ModelCard
from taggram.models.card import LEVELS
from taggram.models.directories import find_model

PREFIX = "taggram_"
FIELDS = {"genre": "genres", "mood": "mood"}  # of taggram, and of beets


class TaggramPlugin(BeetsPlugin):  # type: ignore[misc]
    """Sets ``genres``, ``mood``, ``taggram_tags``, and ``taggram_TAG`` to the probability of a tag."""

    def __init__(self) -> None:
        super().__init__()
        self.config.add(
            {
                "auto": True,
                "force": False,
                "fields": list(FIELDS),
                "min": "likely",
                "max": 3,
                "map": None,
                "model": "default",
                "workers": 1,
            }
        )
        # The frames that taggram write and Picard use; beets has no such field of its own.
        mood = mediafile.ListMediaField(
            mediafile.MP3ListStorageStyle("TMOO"),
            mediafile.MP4ListStorageStyle("----:com.apple.iTunes:MOOD"),
            mediafile.ListStorageStyle("MOOD"),
            mediafile.ASFStorageStyle("WM/Mood"),
        )
        self.add_media_field("mood", mood)
        if self.config["auto"].get(bool):
            self.import_stages = [self.imported]

    @property
    def item_types(self) -> dict[str, types.Type[Any, Any]]:
        """Types of the attributes, by which beets queries and sorts them."""
        tags = {_attribute(tag): types.FLOAT for tag in self._card.vocabulary.names}
        return {**tags, "mood": types.MULTI_VALUE_DSV, f"{PREFIX}tags": types.MULTI_VALUE_DSV}

    def commands(self) -> list[Subcommand]:
        """Return ``beet taggram``."""
        command = Subcommand("taggram", help="tag music: genres, moods, instruments, voices, eras")
        parser = command.parser
        parser.add_option("-f", "--force", action="store_true", help="tag again, and replace genres and moods")
        parser.add_option("-w", "--write", action="store_true", default=None, help="write into the files")
        parser.add_option("-W", "--nowrite", action="store_false", dest="write", help="write nothing into the files")
        command.func = lambda library, options, query: self.tag(
            list(library.items(query)),
            force=options.force or self.config["force"].get(bool),
            write=should_write(options.write),
        )
        return [command]

    def imported(self, _session: Any, task: Any) -> None:
        """Tag what is imported; beets writes the files."""
        self.tag(task.imported_items(), force=self.config["force"].get(bool), write=False)

    def tag(self, items: Sequence[Any], *, force: bool, write: bool) -> None:
        """Tag items of beets, except those that the model has tagged."""
        wanted = [item for item in items if force or item.get(f"{PREFIX}model") != self._model]
        try:
            policy, tagger = self._policy(force), Tagger(self._model)
            paths = [os.fsdecode(item.path) for item in wanted]
            results = tagger.tag_many(paths, workers=self.config["workers"].get(int))
            for item, result in zip(wanted, results, strict=True):
                if result.prediction is None:
                    self._log.error("{}", result.error)
                    continue
                self._set(item, result.prediction, policy)
                if write:
                    item.try_write()
                item.store()
        except TaggramError as error:
            raise UserError(f"taggram: {error}") from error
        self._set_albums(wanted, policy)

    @cached_property
    def _model(self) -> str:
        return str(self.config["model"].get(str))

    @cached_property
    def _card(self) -> ModelCard:
        try:
            return ModelCard.read(find_model(self._model))
        except TaggramError as error:
            raise UserError(f"taggram: {error}") from error

    def _policy(self, force: bool) -> Policy:
        names = self.config["map"].get()
        fields = tuple(self.config["fields"].as_str_seq())
        if unknown := set(fields) - FIELDS.keys():
            raise UserError(f"taggram: no field is named {min(unknown)}; there are: {', '.join(FIELDS)}")
        return Policy(
            fields=fields,
            level=self.config["min"].as_str(),
            most=self.config["max"].get(int),
            mode="replace" if force else "missing",
            names=read_names(Path(self.config["map"].as_filename())) if names else None,
        )

    def _set(self, item: Any, prediction: Any, policy: Policy) -> None:
        """Set the attributes of an item."""
        for key in [key for key in item if key.startswith(PREFIX)]:
            del item[key]
        item[f"{PREFIX}model"] = self._model
        if prediction.silent:
            return
        vocabulary = prediction.vocabulary
        values = prediction.probabilities if prediction.probabilities is not None else prediction.clip_scores()
        for field in policy.fields:
            name = FIELDS[field]
            before = list(item.get(name) or [])
            item[name] = policy.after(field, before, policy.tags(vocabulary, values, field))
        order = (-values).argsort(kind="stable")
        shown = [i for i in order if values[i] >= LEVELS["maybe"]]
        item[f"{PREFIX}tags"] = [vocabulary.names[i] for i in shown]
        for i in shown:
            item[_attribute(vocabulary.names[i])] = round(float(values[i]), 4)
        self._log.info("{}: {}", item, ", ".join(item[f"{PREFIX}tags"]) or "no tags")

    def _set_albums(self, items: Iterable[Any], policy: Policy) -> None:
        """Set the genres of albums to the most frequent ones of their tracks."""
        if "genre" not in policy.fields:
            return
        albums = {item.album_id: item.get_album() for item in items if item.album_id is not None}
        for album in albums.values():
            if policy.mode == "replace" or not album.genres:
                counts = Counter(genre for track in album.items() for genre in track.genres)
                album.genres = [genre for genre, _ in counts.most_common(policy.most)]
                album.store(inherit=False)


def _attribute(tag: str) -> str:
    return PREFIX + tag.replace(" ", "_")
