"""A library's form in Milvus, without a server: rows that come back as they were, and expressions that hold no operator."""

import numpy as np
import pytest

from runtime.library.picture_text import read_words
from runtime.library.remote.filter_condition import Condition, TakenRange
from runtime.library.remote.rows import StoredPicture
from runtime.stores.milvus_schema import (
    expression_of,
    generation_name,
    generation_number,
    quoted,
    read_picture,
    read_vector,
    write_picture,
    write_vector,
)
from tests.runtime.stores.contract_library import CAPTIONS, DIMENSION, contract_facts, contract_rows, contract_texts, vectors


def test_every_row_comes_back_as_it_was() -> None:
    read = {sha256: read_words(words) for sha256, words in contract_texts().items()}
    for row in contract_rows():
        picture = read_picture(write_picture(StoredPicture(row, contract_facts()[row.id], read.get(row.sha256))))
        assert (picture.facts, picture.words) == (contract_facts()[row.id], read.get(row.sha256))
        assert (picture.row.id, picture.row.image_path, picture.row.caption) == (row.id, row.image_path, row.caption)
        assert (picture.row.caption_source, picture.row.other_captions) == (row.caption_source, row.other_captions)


def test_a_vector_comes_back_to_the_bit_and_a_damaged_one_is_refused() -> None:
    [vector] = vectors(CAPTIONS)[:1]
    assert read_vector(write_vector(vector.astype(np.float16)), DIMENSION).tobytes() == vector.tobytes()
    for damaged in ("", "=", "AAAA", "no base64"):
        with pytest.raises(ValueError, match=r"dimensions|base64|multiple"):
            read_vector(damaged, DIMENSION)


@pytest.mark.parametrize("text", ['"', '\\" or image_id > 0 or path == "', "\n", "\\", "ü", "'", "{x}", "%"])
def test_nothing_in_a_text_ends_its_literal(text: str) -> None:
    literal = quoted(text)
    inside = literal[1:-1].replace("\\\\", "").replace('\\"', "")
    assert literal[0] == literal[-1] == '"'
    assert '"' not in inside
    assert "\n" not in literal


def test_a_condition_is_all_of_its_parts() -> None:
    taken = TakenRange("2019-06", "2019-07~", ("2019",))
    condition = Condition(taken, (("Lisbon", "PT"), (None, "FR")), ("Pixel",), ("2019/",), has_text=True)
    assert expression_of(condition) == (
        '((taken >= "2019-06" and taken < "2019-07~") or taken in ["2019"])'
        ' and (place in ["Lisbon|PT", "|FR"]) and (camera in ["Pixel"]) and (folder in ["2019/"]) and (has_text == 2)'
    )
    assert expression_of(Condition(TakenRange(before="2020~"))) == '(taken > "" and taken < "2020~")'
    assert expression_of(Condition()) == ""


def test_a_generation_is_told_from_other_collections() -> None:
    assert generation_name("photos", 7) == "photos_g000007"
    assert generation_number("photos", "photos_g000007") == 7
    assert generation_number("photos", "photos_g1000000") == 1_000_000
    for other in ("photos", "photos_manifest", "photos_gx", "photos_old_g000001", "_g000001", "photos_g", ""):
        assert generation_number("photos", other) is None
