"""What a file is, by its first bytes, whatever it is called."""

import struct

import pytest

from runtime.errors import ImageUnreadable
from runtime.images import decode_image, reasons
from runtime.images.file_types import HEIC, JPEG_XL, PAGE, PDF, PICTURE, SVG, VIDEO, ZEROS, Kind, Reader, kind_of
from runtime.images.foreign import unwrapping
from tests.runtime.images.foreign.raw_pictures import preview, raw_tiff
from tests.runtime.images.odd_pictures import ODD_PICTURES


def boxed(major: bytes, *others: bytes) -> bytes:
    body = b"ftyp" + major + bytes(4) + b"".join(others)
    return struct.pack(">I", len(body) + 4) + body + bytes(40)


def psd_head(*, depth: int = 8, flattened: bool = True, version: int = 1) -> bytes:
    info = b"8BIM\x04\x21\0\0" + struct.pack(">IIBx", 5, 1, flattened)
    head = b"8BPS" + struct.pack(">H6xHIIHH", version, 3, 2, 2, depth, 3)
    return head + bytes(4) + struct.pack(">I", len(info)) + info + bytes(100)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (boxed(b"heic", b"mif1", b"heic"), HEIC),
        (boxed(b"mif1", b"mif1", b"heic"), HEIC),
        (boxed(b"heix", b"mif1"), HEIC),  # 10 bits
        (boxed(b"msf1", b"hevc"), HEIC),  # a burst
        (boxed(b"heic", b"mif1", b"avif"), HEIC),
        (boxed(b"avif", b"mif1"), PICTURE),
        (boxed(b"mif1", b"avif", b"heic"), PICTURE),
        (boxed(b"qt  "), VIDEO),
        (boxed(b"mp42", b"isom"), VIDEO),
        (bytes(4) + b"moov" + bytes(100), VIDEO),
        (b"RIFF\0\0\0\0AVI LIST", VIDEO),
        (b"RIFF\0\0\0\0WEBPVP8 ", PICTURE),
        (b"\x1aE\xdf\xa3" + bytes(100), VIDEO),
        ((b"G" + bytes(187)) * 6, VIDEO),
        (b"\xff\x0a" + bytes(9), JPEG_XL),
        (b"\0\0\0\x0cJXL \r\n\x87\n", JPEG_XL),
        (b'<?xml version="1.0"?>\n<!-- drawn --><svg xmlns="x">', SVG),
        (b"\xef\xbb\xbf <SVG>", SVG),
        (b"\n\n<!DOCTYPE html><html><svg>", PAGE),
        (b"%PDF-1.7", PDF),
        (bytes(5000), ZEROS),
        (bytes(5000) + b"x", PICTURE),
        (b"", PICTURE),
        (b"BM" + bytes(60), PICTURE),
        (psd_head(), PICTURE),
        (psd_head(depth=16), Kind("PSD of 16 bits a colour", Reader.NONE)),
        (psd_head(version=2), Kind("PSB", Reader.NONE)),
        (b"FUJIFILMCCD-RAW 0201", Kind("RAF", Reader.RAW)),
        (b"IIRO\x08\0\0\0", Kind("ORF", Reader.RAW)),
        (b"II*\0\x10\0\0\0CR\2\0", Kind("CR2", Reader.RAW)),
        (boxed(b"crx ", b"isom"), Kind("CR3", Reader.RAW)),
    ],
)
def test_content_says_what_a_file_is(content: bytes, kind: Kind) -> None:
    assert kind_of(content, "IMG_0001.JPG") == kind


@pytest.mark.parametrize("kind", ODD_PICTURES)
def test_what_pillow_reads_is_left_to_it_under_any_name(kind: str) -> None:
    names = ["a", "a.heic"] if kind == "tiff" else ["a", "a.heic", "a.cr2"]
    assert {kind_of(ODD_PICTURES[kind](), name) for name in names} == {PICTURE}


def test_raw_inside_tiff_is_known_by_its_directories_else_by_its_suffix() -> None:
    assert kind_of(raw_tiff("Lookwhy", "Test", dng=True), "a.tif") == Kind("DNG", Reader.RAW)
    assert kind_of(raw_tiff("NIKON CORPORATION", "NIKON D70", jpeg=preview()), "a.JPG") == Kind("RAW", Reader.RAW)
    assert kind_of(ODD_PICTURES["tiff"](), "a.NEF") == Kind("NEF", Reader.RAW)


@pytest.mark.parametrize(
    "directory",
    [
        struct.pack("<I", 8) + b"\xff\xff" * 30,  # more entries than there are
        struct.pack("<IHHHIII", 8, 1, 330, 4, 1, 8, 8),  # a directory of itself
        struct.pack("<IHHHIII", 8, 1, 330, 4, 0xFFFFFFFF, 0xFFFFFFF0, 0),
        struct.pack("<I", 0xFFFFFFF0),
        b"",
    ],
)
def test_broken_directories_are_left_to_the_decoder(directory: bytes) -> None:
    assert kind_of(b"II*\0" + directory, "a.tif") == PICTURE


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"version https://git-lfs.github.com/spec/v1\n", "it is no picture but a Git LFS pointer; git lfs pull"),
        (b"/annex/objects/SHA256E-s1--a.jpg\n", "it is no picture but a git-annex pointer"),
        (bytes(9000), "it is no picture but zeros alone, as a cloud leaves"),
        (b"<!DOCTYPE html>", "it is no picture but a web page"),
        (b'{"error": "no access"}', "it is no picture but JSON"),
        (b'<?xml version="1.0"?><Error>', "it is no picture but XML"),
        (b"\0\5\x16\7\0\2\0\0", "it is no picture but macOS's attributes"),
        (b"PK\3\4", "it is no picture but an archive"),
        (boxed(b"mp42"), "it is of a kind that is not read: video"),
        (psd_head(flattened=False), "PSD without a flattened copy; save it again with maximized compatibility"),
        (b"", reasons.EMPTY),
        (b"some words", reasons.UNKNOWN_FORMAT),
    ],
)
def test_what_is_no_picture_is_named_as_what_it_is(content: bytes, reason: str) -> None:
    with pytest.raises(ImageUnreadable) as refused:
        decode_image(content, "IMG_0001.JPG")
    assert reason in refused.value.reason


@pytest.mark.parametrize(
    ("content", "kind"), [(boxed(b"heic"), "HEIC"), (raw_tiff("Lookwhy", "Test", dng=True), "DNG"), (boxed(b"crx "), "CR3")]
)
def test_without_the_extra_a_heic_or_raw_is_named_with_what_to_install(
    content: bytes, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unwrapping, "can_read", lambda reader: reader is Reader.PILLOW)
    with pytest.raises(ImageUnreadable) as refused:
        decode_image(content, "IMG_0002.JPG")
    assert refused.value.reason.endswith(f": {kind}; pip install 'lookwhy[photos]'")
    assert not refused.value.reason.startswith(reasons.LASTING_REASONS)  # it is tried again once the extra is there
