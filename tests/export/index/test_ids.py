"""Which picture is which: ids follow the content first, the path second, and are never given twice."""

import random

from export.index.catalog import IndexedImage
from export.index.ids import assign_ids


def rows(**sha256_by_path: str) -> list[IndexedImage]:
    return [
        IndexedImage(image_id, path, sha256, 1, 1, 1, None, 0)
        for image_id, (path, sha256) in enumerate(sha256_by_path.items(), start=1)
    ]


def test_two_pictures_that_swap_names_keep_their_ids() -> None:
    assigned = assign_ids(rows(a="A", b="B"), {"a": "B", "b": "A"}, 3)
    assert (assigned.ids, assigned.renamed, assigned.removed) == ({"a": 2, "b": 1}, frozenset({"a", "b"}), frozenset())


def test_a_picture_moved_over_another_keeps_its_own_id() -> None:
    assigned = assign_ids(rows(a="A", b="B"), {"b": "A"}, 3)
    assert (assigned.ids, assigned.renamed, assigned.removed) == ({"b": 1}, frozenset({"b"}), frozenset({"b"}))


def test_a_copy_gets_a_new_id_and_the_original_keeps_its_own() -> None:
    assigned = assign_ids(rows(m="A"), {"a": "A", "m": "A", "z": "A"}, 2)
    assert (assigned.ids, assigned.added) == ({"m": 1, "a": 2, "z": 3}, frozenset({"a", "z"}))


def test_of_two_copies_that_moved_each_keeps_one_of_the_ids_in_the_order_of_the_paths() -> None:
    assert assign_ids(rows(a="A", b="A"), {"y": "A", "z": "A"}, 3).ids == {"y": 1, "z": 2}


def test_any_two_states_of_a_folder_give_distinct_ids_and_groups_that_add_up() -> None:
    chance = random.Random(7)
    for _ in range(500):
        old = rows(**{path: chance.choice("ABCD") for path in chance.sample("abcdefgh", chance.randint(0, 8))})
        new = {path: chance.choice("ABCD") for path in chance.sample("abcdefgh", chance.randint(0, 8))}
        assigned = assign_ids(old, new, len(old) + 1)
        groups = [assigned.unchanged, assigned.renamed, assigned.changed, assigned.added]
        assert sorted(path for group in groups for path in group) == sorted(new) == sorted(assigned.ids)
        assert len(set(assigned.ids.values())) == len(new)
        assert len(old) - len(assigned.removed) == len(new) - len(assigned.added)
        assert assigned.next_id == len(old) + 1 + len(assigned.added)
        sha256_by_id = {row.id: row.sha256 for row in old}
        assert all(sha256_by_id[assigned.ids[path]] == new[path] for path in assigned.unchanged | assigned.renamed)
