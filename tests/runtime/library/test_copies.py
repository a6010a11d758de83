"""Groups of copies and bursts as a catalogue has them: in one of an earlier version, and in one that is damaged."""

import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from runtime.errors import ArtefactCorrupt
from runtime.library.catalog_file import CatalogFile
from runtime.library.copies import COPIES_NAMED, COPIES_SCHEMA, Copies, Copy
from runtime.library.image_rows import CATALOG_SCHEMA
from runtime.library.photos.photo_facts import PHOTO_FACTS_SCHEMA

INSERT = "INSERT INTO images (id, image_path, sha256, bytes, mtime_ns, width, height) VALUES (?, ?, '', ?, 0, 40, 30)"


def copies_of(folder: Path, script: str, pictures: int = 6) -> Copies:
    """The groups of a catalogue of some pictures, each of as many bytes as its id says, after a script."""
    file = folder / "catalog.sqlite"
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.executescript(CATALOG_SCHEMA)
        connection.executemany(INSERT, [(one, f"{one}.jpg", one) for one in range(1, pictures + 1)])
        connection.executescript(script)
    return Copies(CatalogFile(file))


@pytest.fixture
def copies(tmp_path: Path) -> Copies:
    rows = "INSERT INTO copies VALUES (1, 4), (2, 4); INSERT INTO bursts VALUES (6, 5)"
    return copies_of(tmp_path, COPIES_SCHEMA + rows)


def test_a_copy_has_a_first_and_a_first_has_a_count(copies: Copies) -> None:
    assert copies.firsts_of([1, 2, 3, 4, 5, 99]) == {1: 4, 2: 4}
    assert copies.counts_of([1, 4, 5]) == {4: 2}
    assert copies.firsts_of([]) == copies.counts_of([]) == {}


def test_the_others_of_a_group_are_its_first_and_then_the_rest(copies: Copies) -> None:
    assert copies.others_of(4, 4) == (Copy(1, "1.jpg"), Copy(2, "2.jpg"))
    assert copies.others_of(2, 4) == (Copy(4, "4.jpg"), Copy(1, "1.jpg"))


def test_of_very_many_copies_only_some_are_named(tmp_path: Path) -> None:
    count = COPIES_NAMED + 50
    rows = ", ".join(f"({one}, 1)" for one in range(2, count + 2))
    many = copies_of(tmp_path, f"{COPIES_SCHEMA} INSERT INTO copies VALUES {rows}", pictures=count + 1)
    assert (len(many.others_of(1, 1)), many.counts_of([1])) == (COPIES_NAMED, {1: count})
    [group] = many.groups("copies")
    assert len(group) == count + 1


def test_copies_stand_behind_the_first_of_their_group(copies: Copies) -> None:
    folded = copies.folded()
    assert (folded.ids.tolist(), folded.heads_of([1, 2, 3, 4, 99])) == ([1, 2], [4, 4, 3, 4, 99])
    assert [copies.group_of(one).tolist() for one in (1, 4, 3)] == [[1, 2, 4], [1, 2, 4], [3]]


@pytest.mark.parametrize(
    ("allowed", "ids", "heads"),
    [([1, 2, 3], [2], [1, 1, 3]), ([2, 3, 4], [2], [1, 4, 3]), ([2, 3], [], [1, 2, 3]), ([], [], [1, 2, 3])],
)
def test_where_a_filter_leaves_the_first_out_copies_stand_behind_the_smallest_id(
    copies: Copies, allowed: list[int], ids: list[int], heads: list[int]
) -> None:
    folded = copies.folded(np.array(allowed, np.int64))
    assert (folded.ids.tolist(), folded.heads_of([1, 2, 3])) == (ids, heads)


def test_without_groups_every_picture_stands_for_itself(tmp_path: Path) -> None:
    none = copies_of(tmp_path, "")
    assert (none.folded().heads_of([1, 2]), none.group_of(1).tolist()) == ([1, 2], [1])


def test_both_kinds_of_groups_begin_with_their_first(copies: Copies) -> None:
    assert [[picture.id for picture in group] for group in copies.groups("copies")] == [[4, 1, 2]]
    [[first, other]] = copies.groups("bursts")
    assert (first.id, first.bytes, first.width, first.height, first.taken) == (5, 5, 40, 30, None)
    assert other.image_path == "6.jpg"


def test_where_a_time_is_known_it_stands_in_the_group(tmp_path: Path) -> None:
    facts = PHOTO_FACTS_SCHEMA + "INSERT INTO photo_facts (id, taken) VALUES (2, '2019-06')"
    dated = copies_of(tmp_path, f"{COPIES_SCHEMA} {facts}; INSERT INTO copies VALUES (1, 2)")
    assert [picture.taken for picture in dated.groups("copies")[0]] == ["2019-06", None]


def test_a_catalogue_from_before_there_were_groups_has_none(tmp_path: Path) -> None:
    older = copies_of(tmp_path, "")
    assert not older.is_known
    assert (older.firsts_of([1]), older.counts_of([1]), older.groups("copies")) == ({}, {}, [])


@pytest.mark.parametrize("row", ["(1, 'x')", "(1, 2.5)", "(1, x'00')"])
def test_a_damaged_group_is_named_as_damage(tmp_path: Path, row: str) -> None:
    damaged = copies_of(tmp_path, f"{COPIES_SCHEMA} INSERT INTO copies VALUES {row}")
    with pytest.raises(ArtefactCorrupt, match="groups of copies"):
        damaged.firsts_of([1])
