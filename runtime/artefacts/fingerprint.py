"""What decides each part of an index: which files of the models, and which of their rules. Of two, what differs.

A fingerprint is a mapping of texts: the sha256 of each file of the models, by its path, and rules that stand in no file,
under names of the same form. An index's manifest keeps the one of the models that made it. Each entry decides one part: the
image tower and its preprocessing the pictures' vectors, the captioner, its preprocessing and its search the captions, the
text tower the captions' vectors and the calibration. So another model costs only what depends on it.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Literal, get_args

from runtime.artefacts.model_records import BlipRecord, EncoderRecord

Part = Literal["pictures", "captions", "texts"]
PARTS: tuple[Part, ...] = get_args(Part)
CAPTIONER_FOLDER = "blip"  # of the captioner's files
IMAGE_TOWER = "image"  # the name of the image tower's files, before the dot
CAPTION_SEARCH = f"{CAPTIONER_FOLDER}/search"
PREPROCESSING = ".preprocessing"  # in place of a graph's suffix
PADDING = ".padding"

Fingerprint = Mapping[str, str]


def fingerprint_of(encoder: EncoderRecord, captioner: BlipRecord | None) -> dict[str, str]:
    """Return the fingerprint of models.

    A greedy search and padding only beside longer texts are left out, so that indexes from before either was named have the
    fingerprint that they always had.
    """
    files = [*encoder.files(), *(captioner.files() if captioner else [])]
    rules = {_beside(encoder.image.path, PREPROCESSING): encoder.preprocessing.rule}
    if encoder.padded_to is not None:
        rules[_beside(encoder.text.path, PADDING)] = f"to {encoder.padded_to} tokens, with {encoder.pad_token_id}"
    if captioner:
        rules[_beside(captioner.vision.path, PREPROCESSING)] = captioner.preprocessing.rule
        if captioner.num_beams > 1:
            rules[CAPTION_SEARCH] = captioner.search
    return {file.path: file.sha256 for file in files} | rules


def entries_of(part: Part, fingerprint: Fingerprint) -> dict[str, str]:
    """Return what of a fingerprint decides one part of an index."""
    return {entry: value for entry, value in fingerprint.items() if _part_of(entry) == part}


def differing_entries(part: Part, one: Fingerprint, other: Fingerprint) -> list[str]:
    """Return which entries of a part are not the same in two fingerprints, sorted; empty where the part is the same.

    A preprocessing that one of them does not tell counts as the same: indexes from before it was named lack it.
    """
    ours, theirs = entries_of(part, one), entries_of(part, other)
    untold = {entry for entry in ours.keys() ^ theirs.keys() if entry.endswith(PREPROCESSING)}
    return sorted(entry for entry in (ours.keys() | theirs.keys()) - untold if ours.get(entry) != theirs.get(entry))


def are_same_models(one: Fingerprint, other: Fingerprint) -> bool:
    """Return whether the same models made all parts."""
    return not any(differing_entries(part, one, other) for part in PARTS)


def captioner_fingerprint(models: Fingerprint) -> str:
    """Return what decides a picture's caption, as one sha256 in hexadecimal, from a fingerprint of models."""
    return _sha256_of(entries_of("captions", models))


def captioner_fingerprints(models: Fingerprint) -> tuple[str, str]:
    """Return `captioner_fingerprint`, and the one that versions from before preprocessing was named wrote in its place."""
    return captioner_fingerprint(models), captioner_fingerprint(without_preprocessing(models))


def without_preprocessing(models: Fingerprint) -> dict[str, str]:
    """Return the fingerprint of models as versions from before preprocessing was named had it."""
    return {entry: value for entry, value in models.items() if not entry.endswith(PREPROCESSING)}


def part_fingerprint(part: Part, models: Fingerprint) -> str:
    """Return what decides one part of an index, as one sha256 in hexadecimal."""
    return _sha256_of(entries_of(part, models))


def _part_of(entry: str) -> Part:
    if entry.startswith(f"{CAPTIONER_FOLDER}/"):
        return "captions"
    return "pictures" if PurePosixPath(entry).stem == IMAGE_TOWER else "texts"


def _beside(path: str, suffix: str) -> str:
    return PurePosixPath(path).with_suffix(suffix).as_posix()


def _sha256_of(entries: Fingerprint) -> str:
    return hashlib.sha256(json.dumps(dict(entries), sort_keys=True).encode()).hexdigest()
