"""`lookwhy.open` as a notebook uses it: over a real library with the sample models."""

import re
import subprocess
import sys
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import lookwhy
from runtime.errors import (
    ArtefactMissing,
    IdsOutOfRange,
    ImageNotFound,
    ImageUnreadable,
    LookwhyError,
    QueryEmpty,
    RequestMalformed,
    SettingInvalid,
    TopKOutOfRange,
)
from runtime.library.photos.where import FilterInvalid
from runtime.programs.opened_library import OpenedLibrary
from tests.conftest import ROOT
from tests.sample_library import MODELS, SCENES, SampleLibrary

PYTHON_BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def pictures(sample_library: SampleLibrary) -> OpenedLibrary:
    return lookwhy.open(sample_library.index, MODELS)


def test_a_search_answers_what_the_api_does_best_first(pictures: OpenedLibrary) -> None:
    answer = pictures.search("a boat", 3)
    assert (answer.query, answer.top_k) == ("a boat", 3)
    probabilities = [result.match_probability or 0 for result in answer.results]
    assert probabilities == sorted(probabilities, reverse=True)
    assert "boat" in answer.results[0].caption
    assert answer.results[0].explanation
    assert not pictures.search("a boat", 1, explain=False).results[0].explanation


def test_a_picture_of_the_library_or_a_file_finds_what_is_like_it(pictures: OpenedLibrary) -> None:
    file = pictures.file(7)
    assert pictures.search(picture=file, top_k=1).results[0].id == 7
    likes = [result.id for result in pictures.search(like=7, top_k=5).results]
    found = [result.id for result in pictures.search(picture=str(file), top_k=6).results]
    assert found == [7, *likes]


def test_vectors_and_texts_give_the_scores_of_a_search(pictures: OpenedLibrary) -> None:
    ids = pictures.ids()
    vectors, texts = pictures.vectors(ids), pictures.embed(["a red boat", "a boat"])
    assert vectors.shape == (SCENES, texts.shape[1])
    assert vectors.dtype == texts.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    np.testing.assert_array_equal(pictures.embed(["a boat"])[0], texts[1])  # a text's vector does not depend on others
    scores = {result.id: result.score for result in pictures.search("a red boat", SCENES).results}
    cosines = dict(zip(ids, vectors @ texts[0], strict=True))
    assert scores.keys() == cosines.keys()
    for one in ids:
        assert scores[one] == pytest.approx(cosines[one], abs=1e-5)


def test_nothing_asked_for_is_nothing_of_the_same_form(pictures: OpenedLibrary) -> None:
    assert pictures.vectors([]).shape == pictures.embed([]).shape == (0, pictures.vectors([1]).shape[1])
    assert pictures.rows([]) == []


def test_rows_come_in_the_order_of_their_ids_which_numpy_may_have_made(pictures: OpenedLibrary) -> None:
    assert [row.id for row in pictures.rows([3, 1, 3])] == [3, 1, 3]
    assert [row.id for row in pictures.rows(list(np.array([5, 2])))] == [5, 2]
    row = pictures.rows([1])[0]
    with Image.open(pictures.file(1)) as original:
        assert (row.width, row.height) == original.size
    assert row.caption


def test_rows_are_read_in_parts_where_there_are_many(pictures: OpenedLibrary, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = pictures.ids(order="path")
    whole = pictures.rows(ids)
    monkeypatch.setattr("runtime.programs.opened_library.READ_AT_ONCE", 7)
    assert pictures.rows(ids) == whole
    assert [row.image_path for row in whole] == sorted(row.image_path for row in whole)


def test_a_filter_leaves_ids_and_results(pictures: OpenedLibrary) -> None:
    assert pictures.ids(where={"to": "1999"}) == []
    assert len(pictures.ids(where={"from": "2000"})) == len(pictures) == SCENES
    assert pictures.search("a boat", where={"to": "1999"}).results == []


def test_explaining_says_what_each_word_counts_and_where(pictures: OpenedLibrary) -> None:
    [result] = pictures.explain("a boat", [7], heatmap=True).results
    assert [word.word for word in result.evidence.words] == ["boat"]
    assert result.evidence.heatmap
    assert result.evidence.occlusion
    assert pictures.explain("a boat", [7]).results[0].evidence.heatmap is None


def test_a_preview_is_a_jpeg_no_larger_than_asked_for(pictures: OpenedLibrary) -> None:
    for edge in (320, 512, 1600):
        with Image.open(BytesIO(pictures.preview(7, edge))) as shown:
            assert shown.format == "JPEG"
            assert max(shown.size) <= edge


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (lambda pictures: pictures.search(""), QueryEmpty, "The query is empty"),
        (lambda pictures: pictures.search("a boat", 0), TopKOutOfRange, "from 1 to 100"),
        (lambda pictures: pictures.search("a boat", where={"form": "2019"}), FilterInvalid, "one of from, to"),
        (lambda pictures: pictures.search(picture="gone.jpg"), ImageUnreadable, "gone.jpg cannot be read"),
        (lambda pictures: pictures.search(picture=__file__), ImageUnreadable, "no picture"),
        (lambda pictures: pictures.explain("a boat", []), IdsOutOfRange, "0 ids were given"),
        (lambda pictures: pictures.explain("a boat", list(range(1, 12)), heatmap=True), IdsOutOfRange, "from 1 to 10"),
        (lambda pictures: pictures.vectors([1, 999]), ImageNotFound, "id 999"),
        (lambda pictures: pictures.rows([0]), ImageNotFound, "id 0"),
        (lambda pictures: pictures.rows([2**70]), ImageNotFound, str(2**70)),
        (lambda pictures: pictures.file(999), ImageNotFound, "id 999"),
        (lambda pictures: pictures.preview(1, 600), RequestMalformed, "one of 320, 512, 1600"),
    ],
)
def test_what_cannot_be_answered_is_refused_with_what_is_allowed(
    pictures: OpenedLibrary, call: Callable[[OpenedLibrary], object], error: type[LookwhyError], said: str
) -> None:
    with pytest.raises(error, match=re.escape(said)):
        call(pictures)


@pytest.mark.parametrize("ids", [["1"], [1.0], [None]])
def test_an_id_is_a_whole_number(pictures: OpenedLibrary, ids: list[int]) -> None:
    with pytest.raises(TypeError, match="cannot be interpreted as an integer"):
        pictures.rows(ids)


def test_a_setting_that_there_is_not_is_refused_by_name(sample_library: SampleLibrary) -> None:
    with pytest.raises(SettingInvalid, match=r"imagedir='/x' cannot be used: there is no such setting"):
        lookwhy.open(sample_library.index, "sample", imagedir="/x")
    with pytest.raises(SettingInvalid, match="THREADS"):
        lookwhy.open(sample_library.index, "sample", threads=0)


def test_a_setting_counts_and_models_go_by_name(sample_library: SampleLibrary, tmp_path: Path) -> None:
    pictures = lookwhy.open(str(sample_library.index), "sample", images_dir=tmp_path, top_k_max=7)
    with pytest.raises(ImageNotFound):
        pictures.file(1)
    with pytest.raises(TopKOutOfRange, match="from 1 to 7"):
        pictures.search("a boat", 8)


def test_an_index_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        ArtefactMissing, match=re.escape(f"There is no index in {tmp_path}/none (manifest.json is not there)")
    ):
        lookwhy.open(tmp_path / "none")


@pytest.fixture
def notebook(sample_library: SampleLibrary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the index where the page of the documents has it."""
    (tmp_path / "artifacts").mkdir()
    (tmp_path / "artifacts" / "index").symlink_to(sample_library.index)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("notebook")
def test_the_example_of_the_documents_works_as_it_stands(capsys: pytest.CaptureFixture[str]) -> None:
    [example] = PYTHON_BLOCK.findall((ROOT / "docs" / "python.md").read_text("utf-8"))
    names: dict[str, object] = {}
    exec(compile(example, "docs/python.md", "exec"), names)
    assert len(capsys.readouterr().out.splitlines()) == 3
    rows, ids = names["rows"], names["ids"]
    assert isinstance(rows, list)
    assert [row["id"] for row in rows] == ids


def test_importing_it_loads_nothing_before_a_library_is_opened() -> None:
    heavy = ("typer", "pydantic", "numpy", "runtime", "export")
    script = f"import sys, lookwhy; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
