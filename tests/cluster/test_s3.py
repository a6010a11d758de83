"""Pictures and shards on S3, played by moto: the same shards as of a folder, and failures with their reasons."""

import io
import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

if not all(find_spec(name) for name in ("pyarrow", "moto", "flask")):
    pytest.skip("pyarrow and moto's server are in the environment of make cluster-test alone", allow_module_level=True)

import boto3
from moto.server import ThreadedMotoServer

from export.cluster.errors import ShardsUnusable, SourceUnusable
from export.cluster.load.to_faiss import LoadOptions, load_faiss
from export.cluster.shards import read_shards, read_shards_manifest
from export.index.chosen_models import open_models
from tests.export.cluster.here import build_here
from tests.export.index.small_library import FEW_QUESTIONS, draw_many
from tests.sample_library import MODELS

NAMES = ["b.png", "a.jpg", "sub/deeper/c.webp", "sub/d.bmp"]
MADE = {"path", "sha256", "width", "height", "bytes", "caption", "embedding", "caption_embedding", "greys", "image_id"}


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    settings = {"AWS_ENDPOINT_URL": f"http://{host}:{port}", "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}
    for name, value in (settings | {"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1"}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("export.index.probabilities.fit_calibration.QUESTIONS", FEW_QUESTIONS)
    client = boto3.client("s3")
    client.create_bucket(Bucket="photos")
    try:
        yield client
    finally:
        server.stop()


@pytest.fixture
def folder(tmp_path: Path, s3: Any) -> Path:
    folder = draw_many(tmp_path / "photos", NAMES)
    for path in folder.rglob("*.*"):
        s3.upload_file(str(path), "photos", f"all/{path.relative_to(folder).as_posix()}")
    s3.put_object(Bucket="photos", Key="all/broken.jpg", Body=b"\xff\xd8 no picture")
    s3.put_object(Bucket="photos", Key="all/../../outside.jpg", Body=b"\xff\xd8 no picture")
    return folder


def rows_of(shards: str) -> dict[str, dict[str, Any]]:
    rows = [row for batch in read_shards(shards) for row in batch.to_pylist()]
    return {row["path"]: {name: row[name] for name in MADE} for row in rows}


def test_pictures_on_s3_make_the_rows_that_they_make_in_a_folder(folder: Path, tmp_path: Path) -> None:
    of_s3, _, said = build_here("s3://photos/all", "s3://photos/shards")
    build_here(folder, tmp_path / "shards")
    assert rows_of("s3://photos/shards") == rows_of(str(tmp_path / "shards"))
    assert (of_s3.count, of_s3.failed) == (4, 1)
    assert "broken.jpg" in said


def test_shards_on_s3_are_loaded_with_their_previews(folder: Path, tmp_path: Path) -> None:
    build_here("s3://photos/all", "s3://photos/shards")
    out = tmp_path / "index"
    console = Console(file=io.StringIO())
    load_faiss("s3://photos/shards", out, models=open_models(MODELS), options=LoadOptions(), console=console)
    assert len(list(out.glob("previews/*/*.jpg"))) == 8
    assert read_shards_manifest("s3://photos/shards").pictures_dir == "s3://photos/all"


def test_a_second_build_fetches_no_picture_again(folder: Path, s3: Any) -> None:
    build_here("s3://photos/all", "s3://photos/shards")
    s3.delete_object(Bucket="photos", Key="all/a.jpg")
    manifest, cluster, _ = build_here("s3://photos/all", "s3://photos/shards")
    assert cluster.looked_at == []
    assert manifest.count == 3
    assert "a.jpg" not in rows_of("s3://photos/shards")


def test_an_address_without_pictures_and_one_without_shards_say_so(s3: Any) -> None:
    with pytest.raises(SourceUnusable, match="holds no picture"):
        build_here("s3://photos/none", "s3://photos/shards")
    with pytest.raises(ShardsUnusable, match="it has no manifest"):
        read_shards_manifest("s3://photos/none")
    assert os.environ["AWS_ENDPOINT_URL"].startswith("http://127.0.0.1")
