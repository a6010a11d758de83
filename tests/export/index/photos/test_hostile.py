"""Hostile and damaged metadata: it costs its own facts, little time and memory, and nothing is ever raised."""

import os
import random
import struct
import zlib
from pathlib import Path

import pytest

from export.index.photos.blocks import find_blocks
from export.index.photos.exif import EXIF_TAGS, FIRST_TAGS, GPS_TAGS, read_exif
from export.index.photos.iptc import read_iptc
from export.index.photos.takeout import read_takeout
from export.index.photos.texts import clean, clean_all
from export.index.photos.tiff import VALUE_BYTES_MAX, open_tiff, read_within
from export.index.photos.xmp import XMP_BYTES_MAX, read_xmp
from tests.export.index.photos.photo_files import BERLIN, chunk, draw, exif, facts_in, put, xmp

BLOCK = exif(original="2019:07:04 15:30:00", gps=BERLIN, maker="Canon", model="R5")[6:]
CHANGES = 300


def read_all(content: bytes) -> None:
    blocks = find_blocks(read_within(content), len(content))
    if blocks.first:
        read_exif(blocks.first, blocks.exif, blocks.gps)
    read_xmp(blocks.xmp)
    read_iptc(blocks.iptc)


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "avif", "tif"])
def test_whatever_is_changed_or_cut_nothing_is_raised(suffix: str, tmp_path: Path) -> None:
    options = {} if suffix == "tif" else {"xmp": xmp(xmp_Rating="3")}
    whole = draw(tmp_path / f"a.{suffix}", exif=b"Exif\0\0" + BLOCK, **options).read_bytes()
    chance = random.Random(suffix)
    for _ in range(CHANGES):
        content = bytearray(whole)
        for _ in range(chance.randint(1, 8)):
            content[chance.randrange(len(content))] = chance.choice([0, 1, 0x7F, 0xFF, chance.randrange(256)])
        read_all(bytes(content[: chance.choice([len(content), chance.randrange(len(content))])]))


def test_a_directory_that_names_itself_and_values_without_end_cost_nothing() -> None:
    entries = [(0x8769, 4, 1, 8), (0x8825, 4, 1, 8), (0x010F, 2, 2**32 - 1, 8), (0x0110, 2, VALUE_BYTES_MAX + 1, 0)]
    directory = struct.pack("<H", 0xFFFF) + b"".join(struct.pack("<HHII", *entry) for entry in entries)
    block = open_tiff(read_within(b"II*\0\x08\0\0\0" + directory))
    assert block is not None
    assert read_exif(block).camera is None


@pytest.mark.parametrize("number", [float("inf"), float("-inf"), float("nan"), -1.0, 1e300])
@pytest.mark.parametrize("tag", sorted(FIRST_TAGS | EXIF_TAGS | GPS_TAGS))
def test_a_tag_that_holds_no_usable_number_costs_itself_alone(tag: int, number: float) -> None:
    wrong = struct.pack("<HHII", tag, 12, 1, 8 + 2 + 12 + 4) + b"\0\0\0\0" + struct.pack("<d", number)
    block = open_tiff(read_within(b"II*\0\x08\0\0\0\1\0" + wrong))
    assert block is not None
    facts = read_exif(block, gps=block)
    assert facts.position is None
    assert facts.rating is None


def test_lists_without_end_are_cut() -> None:
    assert clean_all(f"{number}" for number in range(10**9)) == tuple(map(str, range(100)))
    longest = struct.pack("<HHII", 0x4746, 3, 400_000, 26) + b"\0\0\0\0" + b"\1\0" * 400_000
    block = open_tiff(read_within(b"II*\0\x08\0\0\0\1\0" + longest))
    assert block is not None
    assert read_exif(block).rating is None


def test_no_more_of_a_file_is_read_than_the_limits_allow() -> None:
    asked: list[int] = []

    def read(at: int, length: int) -> bytes:
        asked.append(length)
        return (b"\xff\xd8" + b"\xff\xe1\xff\xff" * 8)[at % 4 : at % 4 + min(length, 4)] if at else b"\xff\xd8\xff\xe1"

    find_blocks(read, 2**40)
    assert sum(asked) < 40_000_000
    assert max(asked) <= 2**16


def test_a_json_or_a_packet_nested_without_end_says_nothing() -> None:
    assert read_takeout(b'{"photoTakenTime":' * 50_000) is None
    assert read_xmp(b"<a>" * 50_000 + b"</a>" * 50_000).rating is None
    assert read_xmp(b" " * (XMP_BYTES_MAX + 1)).rating is None


def test_a_packet_that_was_blown_up_is_not_unpacked(tmp_path: Path) -> None:
    content = draw(tmp_path / "a.png").read_bytes()
    packed = b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(b" " * 20_000_000)
    put(tmp_path / "a.png", content[:33] + chunk(b"iTXt", packed) + content[33:])
    assert facts_in(tmp_path)["a.png"].rating is None


def test_a_fifo_in_the_place_of_a_sidecar_keeps_nobody_waiting(tmp_path: Path) -> None:
    draw(tmp_path / "a.jpg")
    os.mkfifo(tmp_path / "a.jpg.xmp")
    assert facts_in(tmp_path)["a.jpg"].taken_source == "mtime"


@pytest.mark.parametrize("text", ["\ud800", "a\0b", "a\x1b[31mb", "\u202egnp.exe", "  a \n b  ", "\u2028"])
def test_texts_are_fit_for_a_catalogue_and_a_terminal(text: str) -> None:
    assert clean(text).isprintable()
    clean(text).encode("utf-8")
