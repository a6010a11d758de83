"""`lookwhy index --cluster`, `load` and `shards`: what is refused in one line, and what that line says."""

from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.export.index.small_library import draw
from tests.forked import run_forked

MODELS = ("--models", "sample")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("index", "{pictures}", "--cluster", "auto", "--keep", "2"), "--keep means nothing with --cluster"),
        (("index", "{pictures}", "--cluster", "auto", "--forget-below", "x"), "--forget-below means nothing with --cluster"),
        (("load", "{pictures}", "--store", "milvus://x/y", "--forget"), "--forget means nothing with --store milvus"),
        (("index", "{pictures}", "--actors", "2"), "--actors means nothing without --cluster"),
        (("load", "{pictures}", "--store", "lance:x"), "--store 'lance:x' names no engine. Allowed: faiss:FOLDER"),
        (("load", "{pictures}", "--store", "faiss:"), "--store 'faiss:' names no engine"),
        (("load", "{pictures}", "--store", "milvus://x/y", "--keep", "2"), "--keep means nothing with --store milvus://x/y"),
    ],
)
def test_what_means_nothing_is_refused_in_one_line(arguments: tuple[str, ...], said: str, tmp_path: Path) -> None:
    draw(tmp_path / "a.png", 1)
    ended = run_forked("export", *(one.format(pictures=tmp_path) for one in arguments), *MODELS)
    assert ended.returncode == 1
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.skipif(find_spec("pyarrow") is not None, reason="the extra `cluster` is installed here")
@pytest.mark.parametrize(
    "arguments",
    [
        ("index", "{pictures}", "--cluster", "auto", "--out", "{pictures}/shards", *MODELS),
        ("load", "{pictures}", "--store", "faiss:{pictures}/index", *MODELS),
        ("shards", "--index", "{pictures}", "--out", "{pictures}/shards"),
    ],
)
def test_without_the_extra_each_command_says_what_to_install(arguments: tuple[str, ...], tmp_path: Path) -> None:
    draw(tmp_path / "a.png", 1)
    ended = run_forked("export", *(one.format(pictures=tmp_path) for one in arguments))
    assert ended.returncode == 1
    assert "pip install 'lookwhy[cluster]'" in ended.stderr
    assert "Traceback" not in ended.stderr
