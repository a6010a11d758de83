"""What plans are measured on: the built-in scenes, or a person's own captioned pictures."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from export.console import SilentDisplay
from export.errors import CaptionsUnusable
from export.precision.calibration_set import QUERIES, draw_calibration_set, draw_textures, read_calibration_set
from tests.export.diary import Diary


def write_captions(folder: Path, *lines: object) -> Path:
    path = folder / "captions.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def test_the_drawn_set_is_the_same_each_time_and_holds_queries_and_captions() -> None:
    one, other = draw_calibration_set(3), draw_calibration_set(3)
    assert [np.asarray(image).tobytes() for image in one.images] == [np.asarray(image).tobytes() for image in other.images]
    assert set(QUERIES) <= set(one.texts)
    assert one.source == f"3 drawn scenes, and {len(one.texts)} queries and captions"


def test_textures_are_the_same_each_time_and_their_amplitudes_fall_with_the_frequency() -> None:
    side, [texture, other] = 256, draw_textures(2, 256)
    levels = np.asarray(texture).astype(float)
    assert levels.shape == (side, side, 3)
    assert np.array_equal(levels, np.asarray(draw_textures(1, 256)[0]))
    assert not np.array_equal(levels, np.asarray(other))
    assert np.allclose(levels.mean(axis=(0, 1)), 127.5, atol=3)
    amplitudes = np.abs(np.fft.rfft2(levels, axes=(0, 1)))[: side // 2].mean(axis=2)
    octaves = [amplitudes[low : 2 * low, low : 2 * low].mean() for low in (4, 8, 16, 32)]
    assert np.allclose(np.divide(octaves[:-1], octaves[1:]), 2, rtol=0.15), "half of it at twice the frequency"


def test_a_person_s_pictures_are_read_and_what_cannot_be_used_is_named(tmp_path: Path) -> None:
    Image.new("RGB", (8, 6), "red").save(tmp_path / "red.png")
    (tmp_path / "broken.png").write_text("no picture")
    path = write_captions(
        tmp_path,
        {"file": "red.png", "captions": ["a red field", "red"]},
        {"file": "broken.png", "captions": ["broken"]},
        {"file": "absent.png", "captions": ["absent"]},
        {"captions": ["no file"]},
    )
    diary = Diary()
    read = read_calibration_set(path, diary)
    assert ([image.size for image in read.images], list(read.texts)) == ([(8, 6)], ["a red field", "red"])
    assert [step.split(":")[0] for step in sorted(diary.steps)] == [f"{path}, line {line} is left out" for line in (2, 3, 4)]


def test_a_set_without_a_readable_picture_is_refused(tmp_path: Path) -> None:
    path = write_captions(tmp_path, {"file": "absent.png", "captions": ["absent"]})
    with pytest.raises(CaptionsUnusable, match="none of its pictures can be read"):
        read_calibration_set(path, SilentDisplay())


@pytest.mark.shared
def test_real_photos_give_pictures_and_one_caption_of_each_first(shared_photos: Path) -> None:
    read = read_calibration_set(shared_photos / "captions.jsonl", SilentDisplay())
    assert (len(read.images), len(read.texts)) == (50, 96)
    first = [json.loads(line)["captions"][0] for line in (shared_photos / "captions.jsonl").read_text().splitlines()]
    assert list(read.texts[:50]) == first
