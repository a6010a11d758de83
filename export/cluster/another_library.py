"""Whether an index, or shards, may be replaced by another library's: the rule of `export/index/another_folder.py`.

A library that was moved is known by its contents. Reads no picture and writes nothing.
"""

import shlex
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from export.cluster.errors import LibraryOfAnother
from export.index.another_folder import FOUND_SHARE, free_name, is_same_folder
from export.index.catalog import IndexedImage
from export.index.generations.last_generation import Generation

S3_PICTURES = "pictures"  # where they are looked for, below the index, when they lie on S3: nowhere, unless they are brought


def pictures_folder(pictures_dir: str, out: Path) -> Path:
    """Return where an index in `out` looks for the pictures of shards, which say where those lie."""
    return out.resolve() / S3_PICTURES if "://" in pictures_dir else Path(pictures_dir)


def refuse_other_index(shards: str, pictures_dir: Path, out: Path, last: Generation, hashes: Iterable[str]) -> None:
    """Refuse to load shards over the index of another library.

    Args:
        shards: which are loaded.
        pictures_dir: where the index will look for their pictures.
        out: the index.
        last: what it holds now.
        hashes: the sha256 of each picture in the shards.

    Raises:
        LibraryOfAnother: less than half of the index's pictures are in the shards, which are not of its folder.
    """
    former, rows = Path(last.manifest.images_dir) if last.manifest else pictures_dir, last.catalog.rows
    is_same = former != pictures_folder("s3://", out) and is_same_folder(former, pictures_dir)  # else of any bucket
    if is_same or _are_enough((row.sha256 for row in rows), hashes):
        return
    beside = shlex.quote(f"faiss:{free_name(out, pictures_dir)}")
    remedy = f"For a second index: lookwhy load {shlex.quote(shards)} --store {beside}. To replace {former}: add --forget"
    raise LibraryOfAnother(shards, str(out), str(former), pictures=len(rows), remedy=remedy)


def refuse_other_shards(
    shards: str, source: str, former: str, rows: Sequence[IndexedImage], found: Iterable[int] | Iterable[str]
) -> None:
    """Refuse to build shards of one source over those of another.

    Args:
        shards: where they are.
        source: what is to be indexed.
        former: what they are of.
        rows: their pictures.
        found: of each picture of the source its sha256, or its length: then they are refused only if the lengths say
            already that they are others.

    Raises:
        LibraryOfAnother: less than half of the shards' pictures are in the source.
    """
    there = list[int | str](found)
    is_by_length = any(isinstance(one, int) for one in there)
    if former == source or _are_enough((row.bytes if is_by_length else row.sha256 for row in rows), there):
        return
    remedy = (
        f"For shards of both, index the folder that both are in; else give another --out. To replace {former}: add --forget"
    )
    raise LibraryOfAnother(shards, "it", former, pictures=len(rows), remedy=remedy)


def _are_enough(own: Iterable[object], there: Iterable[object]) -> bool:
    wanted = Counter(own)
    return (wanted & Counter(there)).total() >= FOUND_SHARE * wanted.total()
