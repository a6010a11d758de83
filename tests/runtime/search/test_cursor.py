"""Cursors: which texts are one, of which search and which index, and that a forged one can ask for nothing unbounded."""

import base64
import zlib
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from runtime.engine import Engine
from runtime.search.cursor import CHECKSUM, CURSOR_MAX_CHARS, HEAD, Cursor, CursorInvalid, read_cursor
from runtime.search.query import AHEAD_MAX
from runtime.search.similarity_order import START
from tests.runtime.search.paged_library import PIXELS, Ask, asking, paged_engine


@pytest.fixture(scope="module")
def flat(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    return paged_engine(tmp_path_factory.mktemp("alone"))


def cursor_of(engine: Engine, query: str = "red", **options: Any) -> str:
    cursor = asking(query, **options)(engine, None, 5).next
    assert cursor is not None
    return cursor


@pytest.mark.parametrize(
    "other",
    [asking("green"), asking("red", like=3), asking("red", picture_weight=0.7), asking("red", where={"folder": "holiday"})],
)
def test_a_cursor_of_another_search_is_refused(flat: Engine, other: Ask) -> None:
    with pytest.raises(CursorInvalid, match=r"another search.* search again without a cursor"):
        other(flat, cursor_of(flat), 5)


def test_a_cursor_of_a_search_with_another_picture_is_refused(flat: Engine) -> None:
    cursor = cursor_of(flat, "", upload=True)
    request = flat.limits.check_page(flat.limits.check_image_search("", 5), cursor)
    with pytest.raises(CursorInvalid, match="another picture"):
        flat.search_by_image(request, np.stack([PIXELS[0] * 0, PIXELS[0] * 0, PIXELS[0]]))
    smaller = PIXELS + np.float32(0.02)  # as the same picture is, made smaller anew
    assert flat.search_by_image(request, smaller).hits


def test_a_cursor_of_other_models_or_another_form_of_index_is_refused(tmp_path: Path, flat: Engine) -> None:
    clustered = paged_engine(tmp_path / "0", clustered=True)
    other_models = paged_engine(tmp_path / "1")
    other_models.release = cast(Any, SimpleNamespace(models_name="played 2"))
    for another in (clustered, other_models):
        with pytest.raises(CursorInvalid, match="replaced since"):
            asking("red")(another, cursor_of(flat), 5)


def test_a_cursor_is_read_as_it_was_written(flat: Engine) -> None:
    text = cursor_of(flat)
    search = flat.limits.check_search("red", 5).fingerprint
    read = read_cursor(text, search, ahead_max=5)
    assert (str(read), read.shown, len(read.ahead)) == (text, 5, 5)
    assert text.replace("-", "").replace("_", "").isalnum()
    with pytest.raises(CursorInvalid, match="damaged"):
        read_cursor(text, search, ahead_max=4)


def test_no_text_that_is_changed_or_cut_is_a_cursor(flat: Engine) -> None:
    text, search = cursor_of(flat), flat.limits.check_search("red", 5).fingerprint
    changed = [text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :] for at in range(len(text) - 1)]
    cut = [text[:length] for length in range(1, len(text) - 1)]
    longer = [text + "AAAA", text + "=", text + "==", text * 2, "A" * (CURSOR_MAX_CHARS + 1)]
    foreign = ["é", "\ud800", "\0", " ", "next", "null", *longer]
    for one in [*changed, *cut, *foreign]:
        with pytest.raises(CursorInvalid):
            read_cursor(one, search, ahead_max=AHEAD_MAX)


def forged(engine: Engine, **changes: Any) -> str:
    """A cursor with other values and a right checksum."""
    request = engine.limits.check_page(engine.limits.check_search("red", 5), cursor_of(engine))
    assert request.cursor is not None
    return str(replace(request.cursor, **changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"direction": np.full(4, np.nan, np.float32)},
        {"direction": np.full(4, np.inf, np.float32)},
        {"direction": np.zeros(4, np.float32)},
        {"direction": np.full(4, 60_000, np.float32)},
        {"direction": np.empty(0, np.float32)},
        {"ahead": (0,)},
        {"ahead": (-1,)},
        {"ahead": tuple(range(1, AHEAD_MAX + 2))},
    ],
    ids=str,
)
def test_a_forged_cursor_is_refused_before_any_work(flat: Engine, changes: dict[str, Any]) -> None:
    with pytest.raises(CursorInvalid, match="damaged"):
        asking("red")(flat, forged(flat, **changes), 5)


def test_a_forged_cursor_of_another_dimension_is_refused(flat: Engine) -> None:
    with pytest.raises(CursorInvalid, match="replaced since"):
        asking("red")(flat, forged(flat, direction=np.eye(1, 512, dtype=np.float32)[0]), 5)


def test_a_forged_cursor_that_is_well_formed_gets_a_page_or_the_end(flat: Engine) -> None:
    unknown = asking("red")(flat, forged(flat, ahead=tuple(range(10**6, 10**6 + AHEAD_MAX))), 5)
    assert len(unknown.hits) == 5
    assert len(unknown.next or "") < 6000
    many = asking("red")(flat, forged(flat, shown=2**32 - 1), 5)
    assert len(many.hits) == 5
    assert many.next is not None


def test_a_cursor_of_another_version_is_refused(flat: Engine) -> None:
    content = base64.urlsafe_b64decode(cursor_of(flat) + "==")[: -CHECKSUM.size]
    _, *rest = HEAD.unpack_from(content)
    content = HEAD.pack(2, *rest) + content[HEAD.size :]
    text = base64.urlsafe_b64encode(content + CHECKSUM.pack(zlib.crc32(content))).decode().rstrip("=")
    with pytest.raises(CursorInvalid, match="another version"):
        asking("red")(flat, text, 5)


def test_cursors_are_no_longer_than_may_be_sent() -> None:
    ahead, direction = tuple(range(1, 5001)), np.eye(1, 2048, dtype=np.float32)[0]
    cursor = Cursor(b"", b"", 1, START, direction, ahead)
    assert len(str(cursor)) < CURSOR_MAX_CHARS
