"""The head of a library in S3 Vectors: a small index that says which index of pictures is in force, and has its manifest.

s3vectors://BUCKET/INDEX names the head. One vector of it, `HEAD`, is replaced by a single call, which the service does
whole or not at all: so one generation takes the place of another. What does not fit beside it stands beside others, under
keys of the generation. `export/cluster/load/to_s3vectors.py` writes it.
"""

import base64
import binascii
import zlib
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

from runtime.errors import ArtefactCorrupt, ArtefactMissing
from runtime.stores.remote_manifest import RELOAD, TABLES_MAX_BYTES, RemoteManifest
from runtime.stores.s3vectors.calls import VectorCalls

HEAD = "head"
KEYS = ("generation", "previous", "content", "parts", "sha256")  # of the vectors' metadata; no filter names them
DIMENSION, VECTOR = 1, {"float32": [1.0]}  # of an index that nobody searches
PART_CHARS = 36_000  # beside the other keys, within the 40 KB of a vector's metadata
GENERATION_CHARS = 10  # of a fingerprint, which follow the head's name


def generation_name(index: str, fingerprint: str) -> str:
    """Return the name of the index of pictures that some shards are loaded to."""
    return f"{index}.{fingerprint[:GENERATION_CHARS]}"


def head_vectors(manifest: RemoteManifest, previous: str | None) -> Iterator[dict[str, Any]]:
    """Yield the vectors of a head as PutVectors takes them; `HEAD` last, as it puts the others in force.

    `previous` is the generation that was in force before this one; None for none.
    """
    text = base64.b64encode(zlib.compress(manifest.model_dump_json().encode(), 9)).decode()
    first, *others = (text[start : start + PART_CHARS] for start in range(0, len(text), PART_CHARS))
    generation, digest = manifest.generation, sha256(text.encode()).hexdigest()
    for number, part in enumerate(others, 1):
        yield {"key": part_key(generation, digest, number), "data": VECTOR, "metadata": {"content": part}}
    metadata = {"generation": generation, "content": first, "parts": 1 + len(others), "sha256": digest}
    metadata |= {"previous": previous} if previous else {}
    yield {"key": HEAD, "data": VECTOR, "metadata": metadata}


def part_key(generation: str, digest: str, number: int) -> str:
    """Return the key of a part of a head, from 1 on; two heads of one generation share none, so that a reader mixes none."""
    return f"{generation}/{digest[:GENERATION_CHARS]}/{number}"


def read_generation(calls: VectorCalls, index: str) -> str | None:
    """Return the name of the index of pictures that is in force; None where nothing was loaded."""
    found = calls.vectors(index, [HEAD], metadata=True)
    return str(found[HEAD]["metadata"].get("generation")) if HEAD in found else None


def read_manifest(calls: VectorCalls, index: str, name: str) -> RemoteManifest:
    """Return the manifest in a head; `name` is what errors call it.

    Raises:
        ArtefactMissing: nothing was loaded, or not to the end.
        ArtefactCorrupt: it is not as it was written.
        StoreUnavailable, RemoteRefused: the service does not answer, or refuses.
    """
    found = calls.vectors(index, [HEAD], metadata=True)
    if HEAD not in found:
        raise ArtefactMissing(name, RELOAD)
    metadata = found[HEAD]["metadata"]
    try:
        keys = [part_key(metadata["generation"], metadata["sha256"], number) for number in range(1, int(metadata["parts"]))]
        parts = calls.vectors(index, keys, metadata=True) if keys else {}
        text = "".join([metadata["content"], *(parts[key]["metadata"]["content"] for key in keys)])
        if sha256(text.encode()).hexdigest() != metadata["sha256"]:
            raise ArtefactCorrupt(name, "its manifest is not as it was written", RELOAD)
        content = zlib.decompressobj().decompress(base64.b64decode(text, validate=True), 2 * TABLES_MAX_BYTES)
    except (KeyError, TypeError, ValueError, zlib.error, binascii.Error) as cause:
        raise ArtefactCorrupt(name, f"its manifest cannot be read ({type(cause).__name__})", RELOAD) from cause
    return RemoteManifest.parse(content, name, RELOAD)
