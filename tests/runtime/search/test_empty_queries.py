"""Which queries name nothing to look for: signs alone, invisible letters, a denial of nothing."""

import pytest

from runtime.errors import QueryEmpty
from runtime.search.query import RequestLimits

LIMITS = RequestLimits()
SIGNS = ["?", "...", '""', "“”", "-", "(", "_", "\u200b", "\u200d\u200d", "\ufeff", "\u0301"]
UNNAMING = [*SIGNS, "no", "not", "without", "Not any!"]


@pytest.mark.parametrize("query", UNNAMING)
def test_a_query_that_names_nothing_is_refused_as_an_empty_one(query: str) -> None:
    with pytest.raises(QueryEmpty):
        LIMITS.check_search(query, 1)
    with pytest.raises(QueryEmpty):
        LIMITS.check_explain(query, [1])


@pytest.mark.parametrize("query", UNNAMING)
def test_beside_a_picture_words_that_name_nothing_count_for_nothing(query: str) -> None:
    assert LIMITS.check_search(query, 1, like=3).query.is_empty
    assert LIMITS.check_image_search(query, 1).query.is_empty


@pytest.mark.parametrize("query", ["🐶", "♥", "8", "船", "C++", "no entry", "the"])
def test_a_sign_or_a_word_is_enough_to_look_for(query: str) -> None:
    assert LIMITS.check_search(query, 1).query.wanted.text == query
