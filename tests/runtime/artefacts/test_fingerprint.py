"""Which part of an index each entry of a fingerprint decides, and what counts as the same."""

from collections.abc import Mapping

import pytest

from runtime.artefacts.fingerprint import (
    PARTS,
    are_same_models,
    captioner_fingerprint,
    captioner_fingerprints,
    differing_entries,
    entries_of,
    fingerprint_of,
    part_fingerprint,
    without_preprocessing,
)
from runtime.artefacts.manifest import read_models_manifest
from runtime.artefacts.model_records import BlipRecord, EncoderRecord
from tests.sample_library import MODELS

SAMPLE = read_models_manifest(MODELS)


@pytest.fixture
def captioner() -> BlipRecord:
    assert SAMPLE.blip is not None
    return SAMPLE.blip


def differing_parts(one: Mapping[str, str], other: Mapping[str, str]) -> list[str]:
    return [part for part in PARTS if differing_entries(part, one, other)]


def encoder(**changed: object) -> EncoderRecord:
    return SAMPLE.clip.model_copy(update=changed)


def test_every_entry_decides_one_part() -> None:
    models = SAMPLE.fingerprint()
    parts = {part: set(entries_of(part, models)) for part in PARTS}
    assert parts["pictures"] == {file.path for file in SAMPLE.clip.image.files()} | {"clip/image.preprocessing"}
    assert parts["texts"] == {file.path for file in (*SAMPLE.clip.text.files(), SAMPLE.clip.tokenizer)}
    assert {"blip/vision.preprocessing", "blip/search", "blip/tokenizer.json"} <= parts["captions"]
    assert set.union(*parts.values()) == set(models)
    assert sum(map(len, parts.values())) == len(models)


@pytest.mark.parametrize(
    ("changed", "parts"),
    [
        ({"image": SAMPLE.clip.image.model_copy(update={"sha256": "0" * 64})}, ["pictures"]),
        ({"preprocessing": SAMPLE.clip.preprocessing.model_copy(update={"fit": "stretch"})}, ["pictures"]),
        ({"preprocessing": SAMPLE.clip.preprocessing.model_copy(update={"std": (0.5, 0.5, 0.5)})}, ["pictures"]),
        ({"text": SAMPLE.clip.text.model_copy(update={"sha256": "0" * 64})}, ["texts"]),
        ({"tokenizer": SAMPLE.clip.tokenizer.model_copy(update={"sha256": "0" * 64})}, ["texts"]),
        ({"padded_to": 77}, ["texts"]),
        ({"name": "another name of the same", "logit_scale": 1.0}, []),
    ],
)
def test_a_change_of_the_encoder_is_one_of_what_depends_on_it(
    changed: dict[str, object], parts: list[str], captioner: BlipRecord
) -> None:
    models = fingerprint_of(encoder(**changed), captioner)
    assert differing_parts(SAMPLE.fingerprint(), models) == parts
    assert are_same_models(SAMPLE.fingerprint(), models) is not bool(parts)
    for part in PARTS:
        is_same = part_fingerprint(part, SAMPLE.fingerprint()) == part_fingerprint(part, models)
        assert is_same == (part not in parts)


def test_a_change_of_the_captioner_is_one_of_the_captions(captioner: BlipRecord) -> None:
    prepared = captioner.preprocessing.model_copy(update={"resample": "bilinear"})
    for changed in ({"num_beams": 1}, {"length_penalty": 2.0}, {"preprocessing": prepared}):
        models = fingerprint_of(SAMPLE.clip, captioner.model_copy(update=changed))
        assert differing_parts(SAMPLE.fingerprint(), models) == ["captions"]
        assert captioner_fingerprint(models) != captioner_fingerprint(SAMPLE.fingerprint())
    assert differing_parts(SAMPLE.fingerprint(), fingerprint_of(SAMPLE.clip, None)) == ["captions"]


def test_a_fingerprint_from_before_preprocessing_was_named_is_the_same() -> None:
    models = SAMPLE.fingerprint()
    older = without_preprocessing(models)
    assert older.keys() == models.keys() - {"clip/image.preprocessing", "blip/vision.preprocessing"}
    assert are_same_models(older, models)
    assert captioner_fingerprints(models) == (captioner_fingerprint(models), captioner_fingerprint(older))
    assert captioner_fingerprint(models) != captioner_fingerprint(older)


def test_what_is_lacking_is_another_but_for_the_preprocessing() -> None:
    models = SAMPLE.fingerprint()
    lacking = {entry: value for entry, value in models.items() if entry not in {"clip/text.onnx", "blip/search"}}
    assert differing_entries("texts", lacking, models) == ["clip/text.onnx"]
    assert differing_entries("captions", models, lacking) == ["blip/search"]
