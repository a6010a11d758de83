"""CAPTIONS.jsonl: every line that cannot be used is named with the reason, and the others are used."""

import json
from pathlib import Path

import pytest

from export.errors import CaptionsUnusable
from export.index.captions.file import GIVEN_MAX_CHARS, GOOD_LINE, read_captions, read_given_captions


def line(file: object = "a.jpg", captions: object = ("a boat",), **others: object) -> bytes:
    return json.dumps({"file": file, "captions": captions, **others}).encode()


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    (tmp_path / "photos" / "sub").mkdir(parents=True)
    for name in ("photos/a.jpg", "photos/sub/b.jpg", "secret.jpg"):
        (tmp_path / name).write_bytes(b"x")
    return tmp_path / "photos"


def write(photos: Path, *lines: bytes) -> Path:
    path = photos / "captions.jsonl"
    path.write_bytes(b"\n".join(lines))
    return path


def test_other_fields_empty_lines_and_a_byte_order_mark_are_left_alone(photos: Path) -> None:
    path = write(photos, b"\xef\xbb\xbf" + line(boxes=[1], licence=None), b"", line("sub/b.jpg", ["x", "y"]), b"  ")
    read = read_captions(path)
    assert [(one.line, one.name, one.captions) for one in read.pictures] == [
        (1, "a.jpg", ("a boat",)),
        (3, "sub/b.jpg", ("x", "y")),
    ]
    assert not read.skipped


def test_pictures_may_lie_elsewhere(photos: Path, tmp_path: Path) -> None:
    path = write(photos, line("secret.jpg"))
    assert not read_captions(path).pictures
    assert [one.path for one in read_captions(path, tmp_path).pictures] == [tmp_path / "secret.jpg"]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (b"{", "it is not JSON"),
        (b"[" * 100_000, "it is not JSON"),
        (b'{"file": "\xff"}', "it is not UTF-8"),
        (b"[1]", "it is not a JSON object"),
        (b'{"captions": ["x"]}', 'it has no "file"'),
        (line(""), 'it has no "file"'),
        (line(7), 'it has no "file"'),
        (line("none.jpg"), "its picture is not there"),
        (line("sub"), "its picture is not there"),
        (line("x" * 5000), 'its "file" is no path'),
        (line("../secret.jpg"), 'its "file" leads out of the folder of pictures'),
        (line("sub/../a.jpg"), 'its "file" leads out of the folder of pictures'),
        (line("/etc/hostname"), 'its "file" leads out of the folder of pictures'),
        (line("a.jpg\0"), 'its "file" is no path'),
        (line("\ud800.jpg"), 'its "file" is no path'),
        (b'{"file": "a.jpg"}', 'it has no "captions"'),
        (line(captions=[]), 'it has no "captions"'),
        (line(captions=7), 'it has no "captions"'),
        (b'{"image": "a.jpg", "captions": ["x"]}', 'it has no "file"'),
        (b'{"file": "a.jpg", "captions": [], "caption": "x"}', 'it has no "captions"'),
    ],
)
def test_a_line_that_cannot_be_used_is_named_and_the_next_is_used(photos: Path, bad: bytes, reason: str) -> None:
    read = read_captions(write(photos, bad, line("sub/b.jpg")))
    assert [(one.line, one.reason) for one in read.skipped] == [(1, reason)]
    assert [one.name for one in read.pictures] == ["sub/b.jpg"]


@pytest.mark.parametrize("file_field", ["file", "image_path", "file_name", "filename"])
@pytest.mark.parametrize("captions_field", ["captions", "caption"])
@pytest.mark.parametrize("captions", ["a boat", ["a boat"]])
def test_fields_may_have_other_names_and_one_caption_needs_no_list(
    photos: Path, file_field: str, captions_field: str, captions: object
) -> None:
    path = write(photos, json.dumps({file_field: "a.jpg", captions_field: captions}).encode())
    assert read_given_captions(path, photos) == {"a.jpg": ("a boat",)}


def test_a_fault_of_form_is_told_with_a_good_line_which_can_be_read(photos: Path) -> None:
    for bad in (b"file,caption", b"[", b"[]", b'{"captions": ["x"]}', b'{"file": "a.jpg"}'):
        with pytest.raises(CaptionsUnusable) as refused:
            read_given_captions(write(photos, bad), photos)
        assert str(refused.value).endswith(f". Each line must look like this: {GOOD_LINE}.")
    with pytest.raises(CaptionsUnusable) as refused:
        read_given_captions(write(photos, line("../secret.jpg")), photos)
    assert GOOD_LINE not in str(refused.value)
    assert read_given_captions(write(photos, GOOD_LINE.encode()), photos) == {"2019/boat.jpg": ("a red boat at sea",)}


def test_a_caption_that_cannot_be_used_is_left_out_alone(photos: Path) -> None:
    read = read_captions(write(photos, line(captions=["a boat", 7, None, " ", "\ud800"])))
    assert read.pictures[0].captions == ("a boat",)
    assert [one.reason for one in read.skipped] == [
        "its caption 2 is not text",
        "its caption 3 is not text",
        "its caption 4 is empty",
        "its caption 5 has half a character in it",
    ]


def test_a_line_without_one_usable_caption_is_left_out(photos: Path) -> None:
    read = read_captions(write(photos, line(captions=[""])))
    assert not read.pictures
    assert read.skipped[-1].reason == "none of its captions can be used"


@pytest.mark.parametrize("again", ["a.jpg", "./a.jpg"])
def test_a_picture_that_comes_twice_counts_once(photos: Path, again: str) -> None:
    read = read_captions(write(photos, line(), line(again, ["another"])))
    assert [one.captions for one in read.pictures] == [("a boat",)]
    assert [(one.line, one.reason) for one in read.skipped] == [(2, "its picture was described on line 1 already")]


def test_a_link_out_of_the_folder_is_not_followed(photos: Path) -> None:
    (photos / "link.jpg").symlink_to(photos.parent / "secret.jpg")
    assert read_captions(write(photos, line("link.jpg"))).skipped[0].reason.endswith("leads out of the folder of pictures")


def test_a_missing_file_and_a_missing_folder_are_one_error(photos: Path) -> None:
    with pytest.raises(CaptionsUnusable, match=r"none\.jsonl cannot be used"):
        read_captions(photos / "none.jsonl")
    with pytest.raises(CaptionsUnusable, match=r"it is no regular file"):
        read_captions(photos)
    with pytest.raises(CaptionsUnusable, match=r"the folder of its pictures, .*nowhere, is not there"):
        read_captions(write(photos, line()), photos / "nowhere")


def test_captions_for_an_index_are_those_of_each_path_once_and_in_one_line(photos: Path, tmp_path: Path) -> None:
    path = write(
        tmp_path / "photos",
        line("./a.jpg", [" a\n boat\t", "a ship", "a boat"]),
        line(str(photos / "sub" / "b.jpg"), ["a dog"]),
        line("not/there.jpg", ["a cat"]),
    )
    assert read_given_captions(path, photos) == {
        "a.jpg": ("a boat", "a ship"),
        "sub/b.jpg": ("a dog",),
        "not/there.jpg": ("a cat",),
    }


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ([b"{"], "line 2: it is not JSON."),
        ([line("../secret.jpg")], 'line 2: its "file" leads out of the folder of pictures.'),
        ([line("b.jpg", [])], 'line 2: it has no "captions".'),
        ([line("b.jpg", ["x", 7])], "line 2: its caption 2 is not text."),
        ([line("b.jpg", ["x" * (GIVEN_MAX_CHARS + 1)])], "line 2: a caption has more than 1,000 characters."),
        ([line("a.jpg")], "line 2: its picture was described on line 1 already."),
        ([line("b.jpg"), b"{", b"[]", line("c.jpg", [7])], "line 3: it is not JSON (2 more lines cannot be used)."),
        ([b"{", b"[]"], "line 2: it is not JSON (1 more line cannot be used)."),
    ],
)
def test_one_bad_line_refuses_captions_for_an_index(photos: Path, bad: list[bytes], said: str) -> None:
    with pytest.raises(CaptionsUnusable) as refused:
        read_given_captions(write(photos, line("a.jpg"), *bad), photos)
    assert said in str(refused.value)
