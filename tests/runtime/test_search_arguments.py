"""What is typed behind `search`: options on the wrong side of `--`, and a picture's file, as words and as a picture."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.forked import run_forked
from tests.sample_library import SampleLibrary


def search(library: SampleLibrary, *arguments: str, folder: Path | None = None) -> "subprocess.CompletedProcess[str]":
    return run_forked("runtime", "search", *arguments, environment=library.environment, folder=folder)


@pytest.mark.parametrize(
    ("typed", "options", "words"),
    [
        ("-- a boat -sunset -k 3", "-k 3", "a boat -sunset"),
        ("-- a boat -sunset -k3 --json", "-k3 --json", "a boat -sunset"),
        ("-- --top-k 3 a boat", "--top-k 3", "a boat"),
        ("-- a boat --from=2019 -0", "--from=2019 -0", "a boat"),
    ],
)
def test_options_behind_two_dashes_are_refused_with_where_they_go(
    sample_library: SampleLibrary, typed: str, options: str, words: str
) -> None:
    ended = search(sample_library, *typed.split())
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.splitlines() == [
        f'error: {options} stands behind "--", where all are words of the query. '
        f"Put options before it: python -m runtime search {options} -- {words}"
    ]


@pytest.mark.parametrize("query", ["a boat -k", "a boat -kite", "-0 degrees outside", "a boat --sunset", "a boat --place"])
def test_behind_two_dashes_what_is_no_whole_option_stays_words(sample_library: SampleLibrary, query: str) -> None:
    found = search(sample_library, "--json", "--", *query.split())
    assert json.loads(found.stdout)["query"] == query


def test_what_is_quoted_behind_two_dashes_is_words(sample_library: SampleLibrary) -> None:
    found = search(sample_library, "--json", "--", "a boat -k 3")
    assert json.loads(found.stdout)["query"] == "a boat -k 3"


def test_a_picture_s_file_finds_itself_and_with_words_those_that_fit_both(sample_library: SampleLibrary) -> None:
    [name, *_] = search(sample_library, "a red boat", "-k", "1", "--paths").stdout.splitlines()
    found = json.loads(search(sample_library, "--image", name, "-k", "3", "--json").stdout)
    assert (found["query"], len(found["results"])) == ("", 3)
    assert Path(name).name == Path(found["results"][0]["image_path"]).name
    both = json.loads(search(sample_library, "a house", "--image", name, "--json").stdout)
    assert both["query"] == "a house"
    assert both["results"] != found["results"]


def test_a_file_that_is_no_picture_or_not_there_is_refused_by_name(sample_library: SampleLibrary, tmp_path: Path) -> None:
    (tmp_path / "notes.jpg").write_text("notes")
    for name, reason in (("notes.jpg", "cannot be read as a picture"), ("none.jpg", "there is no such file")):
        ended = search(sample_library, "--image", str(tmp_path / name))
        assert ended.returncode == 1
        assert ended.stderr.splitlines()[-1].startswith("error: ")
        assert name in ended.stderr
        assert reason in ended.stderr


def test_the_name_of_a_picture_s_file_is_searched_for_as_words_and_told_so(
    sample_library: SampleLibrary, tmp_path: Path
) -> None:
    shutil.copy(next(sample_library.images.glob("*.jpg")), tmp_path / "my boat.JPG")
    (tmp_path / "boat.txt").write_text("no picture")
    said = "'my boat.JPG' was searched for as words. To find pictures like the one in that file: --image 'my boat.JPG'"
    assert said in search(sample_library, "my boat.JPG", folder=tmp_path).stderr.splitlines()
    for query in ("boat.txt", "boat.jpg", "boat", "x" * 300 + ".jpg"):
        assert "--image" not in search(sample_library, query, folder=tmp_path).stderr


def test_neither_words_nor_a_picture_is_refused_before_anything_is_opened(sample_library: SampleLibrary) -> None:
    ended = search(sample_library, "-k", "3", "--index", "/nowhere")
    assert ended.returncode == 2
    assert "QUERY" in ended.stderr
    assert "--image FILE" in ended.stderr
