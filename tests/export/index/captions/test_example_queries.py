"""Examples of what to ask: short, varied, said by captions; each finds something when it is asked for real."""

from dataclasses import replace
from pathlib import Path

import pytest

from export.index.captions.example_queries import CHARS_MAX, EXAMPLES, WORDS_MAX, WORDS_MIN, make_examples, write_examples
from export.index.captions.words import read_used_words
from export.index.catalog import Catalog, IndexedImage, write_catalog
from runtime.artefacts.match_calibration import MatchCalibration, MatchWeights
from runtime.bootstrap import open_engine
from runtime.errors import ArtefactCorrupt
from runtime.library.catalog import Library
from runtime.search.noun_phrases import noun_phrases
from runtime.settings import Settings
from tests.export.index.probabilities.test_fit_calibration import calibrated, stores_of
from tests.export.index.word_world import NOUNS, World, make_world
from tests.sample_library import MODELS, SampleLibrary


@pytest.fixture
def few_questions() -> None:
    """Fit to all of them here."""


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(120)


@pytest.fixture(scope="module")
def calibration(world: World) -> MatchCalibration:
    fitted = calibrated(world)
    assert fitted
    return fitted


def written(folder: Path, world: World) -> tuple[Path, list[IndexedImage]]:
    rows = [
        IndexedImage(at, f"{at}.jpg", str(at), 1, 1, 1, caption, 1) for at, caption in enumerate(world.captions, start=1)
    ]
    used = read_used_words(world.captions, world.encoder.embed_texts)
    write_catalog(folder / "catalog.sqlite", Catalog(rows), used)
    return folder / "catalog.sqlite", rows


def test_examples_are_short_varied_said_by_captions_and_the_same_each_time(
    tmp_path: Path, world: World, calibration: MatchCalibration
) -> None:
    catalog, rows = written(tmp_path, world)
    stores = stores_of(world)
    examples = make_examples(catalog, rows, stores, calibration, world.encoder.embed_texts)
    assert len(examples) == EXAMPLES
    for example in examples:
        assert WORDS_MIN <= len(example.split()) <= WORDS_MAX
        assert len(example) <= CHARS_MAX
        assert any(f" {example} " in f" {caption} " for caption in world.captions)
    nouns = [phrase.noun for example in examples for phrase in noun_phrases(example)]
    assert len(set(nouns)) == len(nouns)
    assert make_examples(catalog, rows, stores, calibration, world.encoder.embed_texts) == examples


def test_without_verdicts_there_are_none_and_what_finds_nothing_is_none(
    tmp_path: Path, world: World, calibration: MatchCalibration
) -> None:
    catalog, rows = written(tmp_path, world)
    stores, embed = stores_of(world), world.encoder.embed_texts
    assert make_examples(catalog, rows, stores, None, embed) == []
    silent = [IndexedImage(row.id, row.image_path, row.sha256, 1, 1, 1, None, 1) for row in rows]
    assert make_examples(catalog, silent, stores, calibration, embed) == []
    doubtful = MatchWeights(bias=-20, score=0, mean_score=0)
    doubting = calibration.model_copy(update={"agreeing": doubtful, "with_caption": doubtful})
    assert make_examples(catalog, rows, stores, doubting, embed) == []


def test_what_is_read_otherwise_than_it_stands_is_no_example(
    tmp_path: Path, world: World, calibration: MatchCalibration
) -> None:
    odd = ["no band", "a band without a colt", "a picture of a band", "show me a belt", "", "?!", "the"]
    told = replace(world, captions=[odd[at % len(odd)] for at in range(len(world.captions))])
    catalog, rows = written(tmp_path, told)
    examples = make_examples(catalog, rows, stores_of(world), calibration, world.encoder.embed_texts)
    assert set(examples) <= {"a band", "a belt", "a colt"}
    assert examples


@pytest.mark.parametrize("joining", ["above", "next to", "in front of"])
def test_no_example_begins_or_ends_in_the_middle(
    tmp_path: Path, world: World, calibration: MatchCalibration, joining: str
) -> None:
    told = replace(world, captions=[caption.replace(" and ", f" {joining} ") for caption in world.captions])
    catalog, rows = written(tmp_path, told)
    examples = make_examples(catalog, rows, stores_of(world), calibration, world.encoder.embed_texts)
    assert examples
    for example in examples:
        assert example.split()[0] == "a"
        assert example.split()[-1] in NOUNS


def test_each_example_of_a_built_index_is_a_strong_match_when_it_is_asked(sample_library: SampleLibrary) -> None:
    engine = open_engine(Settings.read(models_dir=MODELS, index_dir=sample_library.index))
    examples = engine.library.examples.all
    assert 3 <= len(examples) <= EXAMPLES
    for example in examples:
        answer = engine.search(engine.limits.check_search(example, 5, explain=False))
        assert (answer.verdict, answer.hits[0].evidence.verdict) == ("strong", "strong"), example


def test_a_catalogue_without_the_table_has_none_and_a_damaged_one_is_named(tmp_path: Path, world: World) -> None:
    catalog, _ = written(tmp_path, world)
    assert Library(catalog, tmp_path).examples.all == ()
    write_examples(catalog, [b"\xff"])  # type: ignore[list-item]  # as damage would
    with pytest.raises(ArtefactCorrupt, match="an example is no text"):
        _ = Library(catalog, tmp_path).examples.all
