"""What is kept for the next time: bounded, and the least used goes first."""

from runtime.models.lru import Lru


def test_a_kept_value_is_given_back_for_its_key_alone() -> None:
    cache = Lru[str](2)
    cache.put(("a boat", 1), "It fits.")
    assert (cache.get(("a boat", 1)), cache.get(("a boat", 2))) == ("It fits.", None)


def test_past_the_limit_the_least_recently_used_goes() -> None:
    cache = Lru[str](2)
    cache.put("first", "1")
    cache.put("second", "2")
    cache.get("first")
    cache.put("third", "3")
    assert [cache.get(key) for key in ("first", "second", "third")] == ["1", None, "3"]


def test_a_value_put_again_takes_the_place_of_the_old_one() -> None:
    cache = Lru[str](2)
    cache.put("other", "1")
    cache.put("same", "old")
    cache.put("same", "new")
    assert (cache.get("same"), cache.get("other")) == ("new", "1")


def test_a_cache_of_no_size_keeps_nothing() -> None:
    cache = Lru[str](0)
    cache.put("key", "It fits.")
    assert cache.get("key") is None
