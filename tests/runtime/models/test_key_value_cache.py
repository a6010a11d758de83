"""The cache of a decoder, beside one that is joined and indexed anew after each step."""

import numpy as np
import pytest

from runtime.artefacts.manifest import read_models_manifest
from runtime.artefacts.model_records import BlipRecord
from runtime.artefacts.package_data import sample_models_dir
from runtime.models.key_value_cache import KeyValueCache

BEAMS, PICTURES, TOKENS = 3, 4, 7


@pytest.fixture
def record() -> BlipRecord:
    blip = read_models_manifest(sample_models_dir()).blip
    assert blip is not None
    shape = {"layers": 2, "heads": 2, "head_width": 5, "num_beams": BEAMS, "max_tokens": TOKENS}
    return blip.model_copy(update=shape)


@pytest.mark.parametrize("beams_change", [True, False])
def test_it_holds_what_was_decoded_before_of_the_chosen_rows(record: BlipRecord, *, beams_change: bool) -> None:
    rng = np.random.default_rng(5)
    cache, rows = KeyValueCache(record, PICTURES), PICTURES
    names = list(cache.past())
    assert names == ["past_key_0", "past_value_0", "past_key_1", "past_value_1"]
    expected = {name: np.empty((PICTURES, record.heads, 0, record.head_width), np.float32) for name in names}
    for step in range(TOKENS):
        assert {name: past.shape for name, past in cache.past().items()} == {
            name: past.shape for name, past in expected.items()
        }
        assert all(np.array_equal(past, expected[name]) for name, past in cache.past().items())
        for name, present in cache.present().items():
            past_name = name.replace("present", "past")
            step_s_own = rng.normal(size=(rows, record.heads, 1, record.head_width)).astype(np.float32)
            expected[past_name] = np.concatenate([expected[past_name], step_s_own], axis=2)
            present[:] = expected[past_name]  # as the graph does, which reads the past while it writes
        first = np.repeat(np.arange(PICTURES), BEAMS) if step == 0 else np.arange(rows)
        chosen = rng.permutation(np.append(first, first[0]))[: max(1, len(first) - step)]  # one may be there twice
        kept = chosen if beams_change else np.arange(rows)
        cache.keep(kept)
        expected, rows = {name: past[kept] for name, past in expected.items()}, len(kept)


def test_an_array_that_was_given_stays_what_a_step_reads_until_rows_are_kept(record: BlipRecord) -> None:
    cache = KeyValueCache(record, PICTURES)
    for present in cache.present().values():
        present[:] = 1
    cache.keep(np.arange(PICTURES))
    past = cache.past()
    for present in cache.present().values():
        present[:] = 2
    assert all((each == 1).all() for each in past.values())
