"""Releases of the sample library that differ in models, index and pictures; all are generation g000001, as fresh builds."""

import hashlib
import json
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from PIL import Image

from export.publish.release import ReleaseContents
from runtime.artefacts.file_record import record_file
from runtime.artefacts.manifest import MANIFEST_NAME, read_index_manifest, read_models_manifest
from tests.sample_library import MODELS, SampleLibrary

TOKENIZER = "clip/tokenizer.safetensors"


def write_release(sample: SampleLibrary, folder: Path, number: int) -> ReleaseContents:
    """Write the release of a number: its first picture is another one under the same name.

    Its models have a tokenizer of another sha256, and its captions say its number.
    """
    models = _write_models(folder / "models", number)
    images, index = folder / "images", folder / "index"
    shutil.copytree(sample.images, images)
    before = read_index_manifest(sample.index)
    shutil.copytree(sample.index / before.generation, index / before.generation)
    shutil.copytree(sample.index / "previews", index / "previews", copy_function=os.link)
    catalog = index / before.catalog.path
    with closing(sqlite3.connect(catalog)) as connection, connection:
        names = [name for (name,) in connection.execute("SELECT image_path FROM images ORDER BY id")]
        changed = images / names[0]
        Image.new("RGB", (640, 480), (number % 256, 9, 7)).save(changed)
        sha256 = hashlib.sha256(changed.read_bytes()).hexdigest()
        row = (sha256, changed.stat().st_size, names[0])
        connection.execute("UPDATE images SET sha256 = ?, bytes = ? WHERE image_path = ?", row)
        connection.execute("UPDATE images SET caption = caption || ?", (f", release {number}",))
    fingerprint = read_models_manifest(models).fingerprint()
    made = {"catalog": record_file(index, before.catalog.path), "models": fingerprint, "images_dir": str(images)}
    (index / MANIFEST_NAME).write_text(before.model_copy(update=made).model_dump_json())
    return ReleaseContents(index, models, originals=True)


def _write_models(folder: Path, number: int) -> Path:
    shutil.copytree(MODELS, folder)
    tokenizer = folder / TOKENIZER
    tokenizer.write_bytes(tokenizer.read_bytes() + b"\n" * number)
    manifest = json.loads((folder / MANIFEST_NAME).read_text())
    manifest["clip"]["tokenizer"] = record_file(folder, TOKENIZER).model_dump()
    (folder / MANIFEST_NAME).write_text(json.dumps(manifest))
    return folder
