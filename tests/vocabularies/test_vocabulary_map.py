"""Vocabularies are joined so that no published tag is lost, and scores and labels follow the table."""

import csv
import re
from importlib import resources
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from taggram.errors import ModelError
from taggram.vocabularies import Category, Vocabulary, VocabularyMap

MUSIC = [name for name in Vocabulary.published() if name != "audioset"]  # most sounds of AudioSet are no music


@pytest.mark.parametrize("name", MUSIC)
def test_every_published_tag_has_exactly_one_of_ours(name):
    there = VocabularyMap.between("taggram", name)
    assert there.target.names == Vocabulary.from_names(name).names
    assert all(len(sources) == 1 for sources in there.sources.values())


def test_classes_of_audioset_are_for_tags_without_another_source():
    there = VocabularyMap.between("audioset", "taggram")
    assert there.sources["choir"] == ("Choir",)
    assert set(there.covered()) >= {"choir"}
    assert {name for names in there.sources.values() for name in names} <= set(there.source.names)
    assert not there.sources["guitar"]


def test_synonyms_are_one_tag():
    sources = VocabularyMap.between("mtat", "taggram").sources
    assert set(sources["no vocals"]) == {"no vocals", "no vocal", "no voice"}
    assert set(sources["female voice"]) == {"female", "female vocal", "female voice", "woman"}
    assert VocabularyMap.between("msd", "taggram").sources["female voice"] == ("female vocalists", "female vocalist")
    for name, spelled in (("msd", "Hip-Hop"), ("jamendo", "genre---hiphop")):
        assert VocabularyMap.between(name, "taggram").sources["hip hop"] == (spelled,)


def test_a_vocabulary_with_every_category():
    vocabulary = Vocabulary.from_names("taggram")
    assert 120 <= len(vocabulary) <= 160
    assert set(vocabulary.tags.values()) == set(get_args(Category))


def test_scores_are_the_highest_of_the_synonyms():
    there = VocabularyMap.between("mtat", "taggram")
    scores = np.random.default_rng(0).random((3, 2, 50), np.float32)
    mapped = there.scores(scores)
    assert mapped.shape == (3, 2, len(there.target)) and mapped.dtype == np.float32
    column, ours = Vocabulary.from_names("mtat").names.index, there.target.names.index
    assert np.array_equal(mapped[..., ours("beat")], scores[..., [column("beat"), column("beats")]].max(-1))
    assert np.isnan(mapped[..., ours("reggae")]).all()  # MagnaTagATune does not know it
    assert set(there.covered()) == {tag for tag, n in zip(there.target.names, mapped[0, 0], strict=True) if n == n}


def test_a_map_to_itself_changes_nothing():
    scores = np.random.default_rng(0).random((4, 50), np.float32)
    assert np.array_equal(VocabularyMap.between("mtat", "mtat").scores(scores), scores)
    own = Vocabulary.from_names("taggram")
    assert VocabularyMap.between("taggram", "taggram").sources == {tag: (tag,) for tag in own.names}


def test_labels_of_a_data_set_become_tags(tmp_path):
    table = tmp_path / "map.tsv"
    table.write_text("label\ttags\nr&b\trnb;soul\nholiday\t\nstage & screen\tsoundtrack\n")
    there = VocabularyMap.read(table)
    assert there.labels(["holiday", "r&b", "unheard of"]) == ["soul", "rnb"]
    assert there.ambiguous == {"r&b"}
    assert there.covered() == ("soul", "rnb", "soundtrack")
    assert there.inverse().sources == {"r&b": ("soul", "rnb"), "holiday": (), "stage & screen": ("soundtrack",)}
    assert there.inverse().inverse().sources == there.sources


def test_tags_that_hold_together_are_not_ambiguous(tmp_path):
    table = tmp_path / "map.tsv"
    table.write_text("label\ttags\nrap\thip hop + rapping\njazz\tjazz\n")
    there = VocabularyMap.read(table)
    assert there.labels(["rap"]) == ["hip hop", "rapping"] and not there.ambiguous


@pytest.mark.parametrize(
    "text",
    [
        "label,tags\nr&b,rnb;soul\ncafé,\n",
        '\ufefflabel; tags\r\n r&b; "rnb; soul"\r\ncafé;\r\n',
        "\ufefflabel\ttags\ncafe\N{COMBINING ACUTE ACCENT}\t\n\nr&b\t rnb ; soul \n",
    ],
)
def test_a_table_with_another_delimiter(tmp_path, text):
    table = tmp_path / "map.csv"
    table.write_bytes(text.encode())
    read = VocabularyMap.read(table)
    assert read.labels(["r&b", "café"]) == ["soul", "rnb"] and set(read.source.names) == {"r&b", "café"}


@pytest.mark.parametrize(
    ("tags", "named"), [(["rock", False], "tag 2 .* False"), ([80], "tag 1 .* 80"), ([None], "None")]
)
def test_tags_are_text(tags, named):
    with pytest.raises(ModelError, match=f"{named}, not text: put it in quotes"):
        Vocabulary.from_names(tags)


def test_tags_have_one_unicode_form():
    assert Vocabulary.from_names(["cafe\N{COMBINING ACUTE ACCENT}"]).names == ("café",)


@pytest.mark.parametrize("text", ["label\ttags\njazz\tjaz\n", "name\ttags\njazz\tjazz\n", "label\ttags\njazz\n"])
def test_a_wrong_table_is_named(tmp_path, text):
    table = tmp_path / "map.tsv"
    table.write_text(text)
    with pytest.raises(ModelError, match=r"map\.tsv: a map has the columns"):
        VocabularyMap.read(table)


def test_a_missing_table_or_vocabulary_is_named(tmp_path):
    with pytest.raises(ModelError, match=r"nowhere\.tsv cannot be read"):
        VocabularyMap.read(tmp_path / "nowhere.tsv")
    with pytest.raises(ModelError, match="no vocabulary is named 'openmic'"):
        VocabularyMap.between("openmic", "taggram")


def labels(name: str, *tags: str) -> Vocabulary:
    return Vocabulary(name=name, tags=dict.fromkeys(tags, "genre"))


def test_labels_are_mapped_by_the_tables():
    to = VocabularyMap.to_labels
    mer4q = labels("mer4q-genres", "rap", "pop/rock", "vocal", "jazz")
    assert to(Vocabulary.from_names("msd"), mer4q).sources == {
        "rap": ("Hip-Hop",),
        "pop/rock": ("rock", "pop"),
        "vocal": (),  # a genre, which no tag of voices means
        "jazz": ("jazz",),
    }
    assert to(Vocabulary.from_names("mtat"), mer4q).sources["vocal"] == ()
    assert to(Vocabulary.from_names("jamendo"), mer4q).sources["jazz"] == ("genre---jazz",)
    emotions = labels("emotify-emotions", "calmness", "tension", "amazement")
    assert to(Vocabulary.from_names("taggram"), emotions).sources == {
        "calmness": ("relaxing", "calm"),
        "tension": ("tense",),
        "amazement": (),
    }
    latin = labels("mer4q-genres", "latin")
    assert to(Vocabulary.from_names("audioset"), latin).sources["latin"] == ("Music of Latin America", "Salsa music")


def test_labels_without_a_table_are_mapped_by_their_names():
    to = VocabularyMap.to_labels
    own = labels("mine", "Hip-Hop", "female vocal", "polka")
    assert to(Vocabulary.from_names("taggram"), own).sources == {
        "Hip-Hop": ("hip hop",),
        "female vocal": ("female voice",),
        "polka": (),
    }
    jamendo = labels("mtg_jamendo-genre", "genre---jazz", "genre---house")
    assert to(Vocabulary.from_names("msd"), jamendo).sources == {"genre---jazz": ("jazz",), "genre---house": ("House",)}


def test_published_vocabularies_are_mapped_with_all_synonyms():
    mtat, msd = Vocabulary.from_names("mtat"), Vocabulary.from_names("msd")
    assert VocabularyMap.to_labels(mtat, msd).sources == VocabularyMap.between("mtat", "msd").sources
    few = mtat.replace(tags={tag: mtat.tags[tag] for tag in ("female", "rock")})
    assert VocabularyMap.to_labels(few, msd).sources["female vocalists"] == ("female",)


def test_tags_of_a_custom_vocabulary_mean_what_they_are_called():
    custom = Vocabulary.from_names(["mer4q/jazz", "vocal", "Hip-Hop", "mer4q/pop/rock"])
    assert VocabularyMap.to_labels(custom, labels("mer4q-genres", "jazz", "vocal", "rap", "pop/rock")).sources == {
        "jazz": ("mer4q/jazz",),
        "vocal": ("vocal",),
        "rap": ("Hip-Hop",),
        "pop/rock": ("mer4q/pop/rock",),
    }


def test_the_table_of_labels_names_tags_and_agrees_with_the_recipe():
    """The recipe of the default model names the same tags, and more of them: it can learn what it is asked."""
    ours = set(Vocabulary.from_names("taggram").names)
    with (resources.files("taggram.vocabularies") / "labels.tsv").open(encoding="utf-8") as text:
        rows = list(csv.DictReader(text, delimiter="\t"))
    assert len({(row["vocabulary"], row["label"]) for row in rows}) == len(rows)
    assert all(set(filter(None, row["tags"].split(";"))) <= ours for row in rows)
    names = {"mer4q-genres": "mer4q", "mer4q-moods": "mer4q", "emotify-genres": "emotify"}
    shared = {f"{names[row['vocabulary']]}/{row['label']}": row["tags"] for row in rows if row["vocabulary"] in names}
    recipe = Path(__file__).parents[2] / "recipes" / "default-labels.tsv"
    with recipe.open(encoding="utf-8") as text:
        taught = {row["label"]: set(re.split("[;+]", row["tags"])) for row in csv.DictReader(text, delimiter="\t")}
    assert all(set(tags.split(";")) - {""} <= taught[label] for label, tags in shared.items())
