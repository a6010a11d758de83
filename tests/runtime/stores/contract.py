"""The contract of a store: a class of tests that each kind's test module takes over, with a fixture `opened`."""

import numpy as np
import pytest
from numpy.typing import NDArray

from runtime.errors import ImageNotFound
from runtime.library.image_rows import ImageRow
from runtime.library.photos.where import FilterInvalid, Where, check_where
from runtime.library.picture_text import read_words
from tests.runtime.stores.contract_library import (
    CAPTIONS,
    COUNT,
    DIMENSION,
    PICTURES,
    QUERIES,
    OpenedStore,
    captioned,
    contract_facts,
    contract_rows,
    contract_texts,
    ids_at,
    vectors,
)

FILTERS: list[dict[str, object]] = [
    {"from": "2019-06"},
    {"from": "2019-06-02", "to": "2019-06-30"},
    {"to": "2019"},
    {"from": "2019", "to": "2019"},
    {"place": "lisboa"},
    {"place": "Lisbon, US"},
    {"place": "France"},
    {"place": "Atlantis"},
    {"folder": "holiday"},
    {"folder": "2019/HOLIDAY PARTY"},
    {"folder": 'café\'s "best"'},
    {"camera": "pixel"},
    {"has_text": True},
    {"has_text": False},
    {"place": "Portugal", "from": "2019", "folder": "2019", "has_text": True},
]


def places_of(where: Where, opened_files: "OpenedStore") -> list[int]:
    """Return where the pictures stand that a filter leaves, as a catalogue in files says it."""
    left = opened_files.library.filters.ids(where)
    return [at for at, row in enumerate(contract_rows()) if row.id in set(left.tolist())]


class StoreContract:
    """Tests over the fixture `opened`."""

    def test_it_holds_every_picture(self, opened: OpenedStore) -> None:
        assert opened.pictures.count == opened.library.count == COUNT
        assert opened.pictures.dimension == opened.captions.dimension == DIMENSION
        assert opened.captions.count == len(captioned())

    def test_neighbours_are_those_of_a_plain_product_best_first(self, opened: OpenedStore) -> None:
        queries = vectors(QUERIES)[:20]
        ids, scores = opened.pictures.search(queries, 10)
        assert ids.shape == scores.shape == (20, 10)
        assert (ids.dtype, scores.dtype) == (np.dtype(np.int64), np.dtype(np.float32))
        assert ids.tolist() == nearest(queries, list(range(COUNT)), 10)
        np.testing.assert_allclose(scores, -np.sort(-queries @ vectors(PICTURES).T)[:, :10], atol=1e-5)

    def test_none_asked_for_are_none_and_no_query_has_no_answer(self, opened: OpenedStore) -> None:
        assert opened.pictures.search(vectors(QUERIES)[:2], 0)[0].shape == (2, 0)
        assert opened.pictures.search(vectors(QUERIES)[:0], 5)[0].shape[0] == 0

    def test_vectors_come_back_by_id_in_the_order_asked_for(self, opened: OpenedStore) -> None:
        places = [7, 399, 0, 7, 31]
        np.testing.assert_array_equal(opened.pictures.vectors_of(ids_at(places)), vectors(PICTURES)[places])
        some = captioned()[:40:7]
        np.testing.assert_array_equal(opened.captions.vectors_of(ids_at(some)), vectors(CAPTIONS)[some])
        assert opened.pictures.vectors_of([]).shape == (0, DIMENSION)

    @pytest.mark.parametrize("unknown", [0, 101, 10**12])
    def test_an_unknown_id_has_no_vector_and_no_row(self, opened: OpenedStore, unknown: int) -> None:
        known = contract_rows()[0].id
        with pytest.raises(KeyError):
            opened.pictures.vectors_of([known, unknown])
        with pytest.raises(KeyError):
            opened.captions.vectors_of([unknown])
        with pytest.raises(ImageNotFound):
            opened.library.rows([known, unknown])

    @pytest.mark.parametrize("unknown", [-1, 2**63, 2**70])
    def test_a_number_that_no_id_can_be_is_unknown(self, opened: OpenedStore, unknown: int) -> None:
        with pytest.raises(ImageNotFound):
            opened.library.rows([unknown])

    def test_rows_and_facts_are_as_they_were_written(self, opened: OpenedStore) -> None:
        places = [5, 399, 4, 3, 0, 5, *range(20, 60)]
        ids = ids_at(places)
        assert [shown(row) for row in opened.library.rows(ids)] == [shown(contract_rows()[at]) for at in places]
        assert opened.library.facts.of(ids) == [contract_facts()[one] for one in ids]
        dates = {one: contract_facts()[one].taken for one in ids}
        assert opened.library.filters.taken_of(ids) == {one: taken for one, taken in dates.items() if taken}

    def test_words_in_pictures_are_as_they_were_written(self, opened: OpenedStore) -> None:
        texts = contract_texts()
        words = {row.id: read_words(texts[row.sha256]) for row in contract_rows() if row.sha256 in texts}
        ids = ids_at(list(range(50)))
        assert opened.library.texts.of_pictures(ids) == {one: words[one] for one in ids if words.get(one)}

    def test_a_row_is_found_by_its_path_letter_for_letter_and_by_its_content(self, opened: OpenedStore) -> None:
        for at in (0, 4, 399):
            row = contract_rows()[at]
            assert shown(opened.library.row_by_path(row.image_path)) == shown(row)
            assert [shown(one) for one in opened.library.rows_of_content(row.sha256)] == [shown(row)]
        for unknown in ("picture 1.JPG", "", 'x" or path != "', "\udc80", "a\\", "%"):
            with pytest.raises(ImageNotFound):
                opened.library.row_by_path(unknown)
        assert opened.library.rows_of_content("0") == []

    @pytest.mark.parametrize("given", FILTERS, ids=str)
    def test_a_filter_leaves_what_it_leaves_in_files(
        self, opened: OpenedStore, opened_files: OpenedStore, given: dict[str, object]
    ) -> None:
        where = check_where(given)
        assert where is not None
        places = places_of(where, opened_files)
        allowed = opened.library.filters.ids(where)
        assert allowed.size == len(places)
        if places:
            queries = vectors(QUERIES)[:5]
            ids, _ = opened.pictures.search(queries, 10, allowed=allowed)
            assert ids.tolist() == nearest(queries, places, 10)
            some = ids_at([*range(50), 399])
            assert opened.library.filters.among(some, allowed) == [one for one in some if one in set(ids_at(places))]

    def test_a_filter_by_no_date_leaves_no_undated_picture(self, opened: OpenedStore) -> None:
        where = check_where({"to": "2030"})
        assert where is not None
        dated = [facts for facts in contract_facts().values() if facts.taken]
        assert opened.library.filters.ids(where).size == len(dated)

    def test_a_sample_is_spread_and_the_same_each_time(self, opened: OpenedStore) -> None:
        sample = opened.library.some_ids(50)
        assert sample == sorted(set(sample)) == opened.library.some_ids(50)
        assert 25 <= len(sample) <= 100
        assert set(sample) <= {row.id for row in contract_rows()}
        assert len(opened.library.some_ids(5 * COUNT)) == COUNT

    def test_cosines_are_of_the_nearest_in_the_order_of_ids(self, opened: OpenedStore) -> None:
        query = vectors(QUERIES)[0]
        ids, cosines = opened.pictures.cosines(query)
        assert ids.tolist() == sorted(set(ids.tolist()))
        exact = dict(zip([row.id for row in contract_rows()], (vectors(PICTURES) @ query).tolist(), strict=True))
        np.testing.assert_allclose(cosines, [exact[one] for one in ids.tolist()], atol=1e-5)
        found = ids[np.argsort(-cosines, kind="stable")][:50].tolist()
        assert found == nearest(query[None], list(range(COUNT)), 50)[0]

    def test_cosines_of_allowed_pictures_can_be_asked_for(self, opened: OpenedStore, opened_files: OpenedStore) -> None:
        where = check_where({"folder": "holiday"})
        assert where is not None
        allowed = opened.library.filters.ids(where)
        ids, _ = opened.pictures.cosines(vectors(QUERIES)[0], allowed=allowed)
        wanted = set(ids_at(places_of(where, opened_files)))
        assert set(ids.tolist()) == wanted or opened.pictures.compares_all

    def test_a_value_that_no_filter_may_have_is_refused_alike(self, opened: OpenedStore) -> None:
        with pytest.raises(FilterInvalid):
            check_where({"from": "yesterday"})
        opened.library.check()


def nearest(queries: NDArray[np.float32], places: list[int], k: int) -> list[list[int]]:
    """Return the ids, (n, k), of the nearest of some pictures, by exact cosines."""
    scores = queries @ vectors(PICTURES)[places].T
    return [ids_at([places[at] for at in order]) for order in np.argsort(-scores, axis=1, kind="stable")[:, :k].tolist()]


def shown(row: ImageRow) -> tuple[object, ...]:
    """Return what must be the same of a row, wherever it is held."""
    size = (row.bytes, row.width, row.height, row.mtime_ns)
    return row.id, row.image_path, row.sha256, *size, row.caption, row.caption_source, row.other_captions
