"""A library over an engine's rows: asked for once, and honest about what it has not."""

from pathlib import Path

import pytest

from runtime.library.photos.where import FilterInvalid, PhotoFactsMissing, check_where
from runtime.library.remote import naming
from runtime.library.remote.faults import StoreLacks
from runtime.library.remote.library import RemoteLibrary
from tests.runtime.stores.contract_library import OpenedStore, contract_rows
from tests.runtime.stores.played_engine import PlayedRows, open_played


@pytest.fixture
def opened(tmp_path: Path) -> OpenedStore:
    return open_played(tmp_path)


def rows_of(opened: OpenedStore) -> PlayedRows:
    rows = opened.pictures.rows  # type: ignore[attr-defined]  # of the played store
    assert isinstance(rows, PlayedRows)
    return rows


def test_a_picture_is_asked_for_once_whatever_is_wanted_of_it(opened: OpenedStore) -> None:
    ids = [row.id for row in contract_rows()[:5]]
    opened.library.rows(ids)
    opened.library.facts.of(ids)
    opened.library.filters.taken_of(ids)
    opened.library.texts.of_pictures(ids)
    opened.library.rows(list(reversed(ids)))
    assert rows_of(opened).calls == 1


def test_what_needs_rows_in_files_is_refused_by_name(opened: OpenedStore) -> None:
    where = check_where({"folder": "holiday"})
    for ask in (
        lambda: opened.library.pages.page("date", 10),
        lambda: opened.library.pages.page("path", 10, where=where),
        lambda: opened.library.pages.timeline(where),
        lambda: opened.library.folders.of(where),
    ):
        with pytest.raises(StoreLacks, match="not available with this STORE"):
            ask()


def test_counts_need_no_rows(opened: OpenedStore) -> None:
    assert opened.library.pages.timeline(None).pictures == len(contract_rows())
    assert opened.library.folders.of(None)[0].pictures > 0
    assert rows_of(opened).calls == 0


def test_there_is_no_full_text_and_no_copy(opened: OpenedStore) -> None:
    library = opened.library
    assert library.text.find(["boat"], 10, last="boat", names_only=False) == []
    assert library.copies.firsts_of([contract_rows()[0].id]) == {}
    assert not library.copies.groups("copies")
    assert library.judged_least > 0


def test_a_filter_by_text_is_refused_where_none_was_read(opened: OpenedStore) -> None:
    rows = rows_of(opened)
    rows.pictures = {one: picture for one, picture in rows.pictures.items() if picture.words is None}
    where = check_where({"has_text": True})
    assert where is not None
    with pytest.raises(FilterInvalid, match="no text was read"):
        opened.library.filters.ids(where)


def test_a_filter_that_names_too_much_is_refused(opened: OpenedStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(naming, "NAMES_MAX", 1)
    where = check_where({"place": "Portugal"})
    assert where is not None
    with pytest.raises(StoreLacks, match="more than 1 places"):
        opened.library.filters.ids(where)


def test_a_library_without_facts_refuses_a_filter_by_them(opened: OpenedStore, tmp_path: Path) -> None:
    library = opened.library
    assert isinstance(library, RemoteLibrary)
    library.filters.counts.has_facts = False
    where = check_where({"from": "2019"})
    assert where is not None
    with pytest.raises(PhotoFactsMissing):
        library.filters.ids(where)


def test_a_closed_library_lets_go_of_the_engine(opened: OpenedStore) -> None:
    opened.library.close()
    assert rows_of(opened).pictures == {}
