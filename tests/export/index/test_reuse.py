"""What another index has of the same pictures is taken over where these models would make it alike."""

import shutil
from pathlib import Path

import pytest

from export.errors import FolderUnusable
from export.index.build import BuildOptions
from runtime.library.caption_file import CaptionFile
from runtime.library.previews.preview_files import PREVIEWS_NAME
from tests.export.index.counted_models import COUNT, MODELS, Counted
from tests.export.index.small_library import (
    build,
    catalog_of,
    draw,
    draw_many,
    manifest_of,
    said_by,
    told_by,
)


def test_two_indexes_side_by_side_share_captions_and_previews(tmp_path: Path, out: Path) -> None:
    folder = draw_many(tmp_path / "many", [f"{number:02}.png" for number in range(COUNT)])
    draw(folder / "large.png", 77, (1800, 900))
    build(folder, out, Counted().models)
    beside, others = out.with_name("beside"), Counted({"clip/image.onnx": "9" * 64, "clip/text.onnx": "8" * 64})
    told = said_by(folder, beside, others.models, BuildOptions(reuse=out))
    assert f"Taken over from {out}: 25 captions, 0 pictures' vectors, the text in 0 pictures, the previews of 25." in told
    assert others.made == (COUNT + 1, 0)
    previews = [{file.name: file.stat().st_ino for file in (one / PREVIEWS_NAME).rglob("*.jpg")} for one in (out, beside)]
    assert previews[0] == previews[1] != {}, "the very files, linked"
    build(folder, out.with_name("alone"), others.models)
    assert told_by(beside) == told_by(out.with_name("alone"))
    again = Counted({"clip/image.onnx": "9" * 64, "clip/text.onnx": "8" * 64})
    assert "Taken over" not in said_by(folder, beside, again.models, BuildOptions(reuse=out))
    assert (again.made, manifest_of(beside).generation) == ((0, 0), "g000001")
    shutil.rmtree(out)
    assert all((beside / PREVIEWS_NAME / name[:2] / name).stat().st_size for name in previews[1])


def test_vectors_and_live_captions_of_another_index_are_taken_over_where_the_models_are_the_same(
    many: Path, out: Path
) -> None:
    build(many, out, Counted().models, BuildOptions(captions_later=True))
    row = catalog_of(out).rows[3]
    CaptionFile(out, MODELS).write(row.sha256, "made while searching")
    beside, others = out.with_name("beside"), Counted({"clip/text.onnx": "8" * 64})
    told = said_by(many, beside, others.models, BuildOptions(reuse=out))
    assert f"1 captions, {COUNT} pictures' vectors" in told
    assert others.made == (0, COUNT - 1)
    assert catalog_of(beside).rows[3].caption == "made while searching"


def test_models_without_a_captioner_take_captions_over(many: Path, out: Path) -> None:
    build(many, out, Counted().models)
    lacking = {entry: None for entry in MODELS if entry.startswith("blip/")}
    beside, others = out.with_name("beside"), Counted({**lacking, "clip/image.onnx": "9" * 64}, captions=False)
    build(many, beside, others.models, BuildOptions(reuse=out))
    assert [row.caption for row in catalog_of(beside).rows] == [row.caption for row in catalog_of(out).rows]
    again = Counted({"clip/image.onnx": "9" * 64})
    build(many, beside, again.models)
    assert again.made == (0, 0)


def test_captions_of_another_captioner_are_not_taken_over(many: Path, out: Path) -> None:
    build(many, out, Counted().models)
    beside, others = out.with_name("beside"), Counted({"blip/search": "5 beams"})
    assert "0 captions, 24 pictures' vectors" in said_by(many, beside, others.models, BuildOptions(reuse=out))
    assert others.made == (0, COUNT)


def test_previews_are_copied_where_they_cannot_be_linked(many: Path, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    build(many, out, Counted().models)
    monkeypatch.setattr("os.link", refuse)
    beside = out.with_name("beside")
    build(many, beside, Counted().models, BuildOptions(reuse=out))
    contents = [{file.name: file.read_bytes() for file in (one / PREVIEWS_NAME).rglob("*.jpg")} for one in (out, beside)]
    assert contents[0] == contents[1] != {}


def test_without_previews_none_are_taken_over(many: Path, out: Path) -> None:
    build(many, out, Counted().models)
    beside = out.with_name("beside")
    build(many, beside, Counted().models, BuildOptions(reuse=out, previews=False))
    assert not (beside / PREVIEWS_NAME).exists()


def test_a_folder_without_an_index_has_nothing_to_take_over(many: Path, out: Path, tmp_path: Path) -> None:
    with pytest.raises(FolderUnusable, match=r"nowhere.*--reuse takes the folder of one"):
        build(many, out, Counted().models, BuildOptions(reuse=tmp_path / "nowhere"))
