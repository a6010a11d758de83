"""The seed project's own index files to an index that the runtime serves, with nothing embedded again.

On unit vectors the order by L2 distance is the order by inner product, so the seed's vectors are kept. Captions stay empty:
the runtime makes them when they are asked for, and the next `index` run for good.
"""

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from export.console import progress_bar
from export.errors import FolderUnusable, unwritable_refused
from export.index.catalog import Catalog, IndexedImage
from export.index.folder.found import FoundImage, Scan, SkippedImage, left_out_lines
from export.index.folder.name_finder import AS_IT_IS, NameFinder
from export.index.folder.scan import scan_folder
from export.index.folder.skipped_report import print_skipped
from export.index.folder.unread_formats import unread_lines, why_needs_extra
from export.index.generations.generation import NextGeneration, publish
from export.index.generations.history import name_of, next_number, remove_leftovers, sole_writer
from export.index.generations.last_generation import Generation
from export.index.generations.salvage import last_generation
from export.index.photos.folder_facts import FolderFacts, KnownFacts
from export.index.photos.places import PlacesFile
from export.index.picture_file import reason_of
from export.index.pipeline import ImageEncoder, Models
from export.index.seed.files import SeedEntry, SeedFiles, locate, possible_paths, read_seed
from export.index.summary import Summary, print_summary
from runtime.artefacts.file_record import sha256_of
from runtime.errors import ArtefactCorrupt, ImageError
from runtime.images import open_image, opened_file
from runtime.models.cpu_cores import usable_cores

__all__ = ["SeedFiles", "import_index"]

DECODERS = min(4, usable_cores())
COMPARED = 8  # pictures embedded anew
# A quantized tower keeps a cosine above 0.9 to its reference; another model, or another picture, does not.
COMPARED_COSINE_MIN = 0.8
SEED_CLIP = "openai/clip-vit-base-patch32@3d74acf9a28c67741b2f4f2ea7635f0aaf6f0268"  # which the seed project embeds with


def import_index(
    seed: SeedFiles, out: Path, *, models: Models, console: Console | None = None, places: PlacesFile | None = None
) -> Summary:
    """Replace the index in `out` by the seed's, and print what was done. The picture of row n gets the id n + 1.

    A few pictures are embedded anew and compared with their vectors: files that do not belong together, or that other models
    made, would otherwise give an index that answers every search with nonsense.

    Args:
        seed: the seed's two files, and the folder where the pictures lie now.
        out: the index folder; made if need be.
        models: those that queries will be embedded with.
        console: where progress and the summary go; the default is standard error.
        places: the table that names positions; None where there is none.

    Raises:
        ArtefactMissing: one of the seed's files is not there.
        ArtefactCorrupt: one of them is of another form, or does not fit the other or the models.
        FolderUnusable: the folder holds none of the pictures.
        OutputUnwritable: `out` cannot be written, or another build holds it; the index is as it was.
    """
    console = console or Console(stderr=True)
    entries, vectors = read_seed(seed, models.encoder.dimension)
    scan = scan_folder(seed.images_dir, leave_out=out)
    with sole_writer(out):
        rows, skipped = _find_pictures(entries, scan, console)
        if not rows:
            print_skipped(skipped, console)
            raise FolderUnusable(seed.images_dir, f"it holds none of the {len(entries):,} pictures, or none can be read")
        _check_vectors(rows, vectors, models.encoder, seed)
        last = last_generation(out, console)
        facts = _read_facts(scan, rows, places, console)
        following = NextGeneration(
            number=next_number(out, last.number),
            catalog=Catalog(rows, skipped, next_id=len(entries) + 1, scanned_ns=scan.began_ns, facts=facts),
            images_dir=scan.folder,
            models=models.fingerprint,
            dimension=models.encoder.dimension,
            levels=models.levels,
            vectors=[([row.id for row in rows], vectors[[row.id - 1 for row in rows]])],
        )
        with unwritable_refused(out):
            publish(out, following, console)
            remove_leftovers(out, following.number, before={last.number} - {0})
    summary = _summary(following, last, scan)
    print_summary(summary, console)
    return summary


def _find_pictures(
    entries: Sequence[SeedEntry], scan: Scan, console: Console
) -> tuple[list[IndexedImage], list[SkippedImage]]:
    """Return the catalogue's rows, and the entries that get none, each with the reason."""
    images = {image.image_path: image for image in scan.images}
    found: dict[str, int] = {}  # path -> id
    skipped = []
    pictures, ways = NameFinder(images), Counter[str]()
    for image_id, entry in enumerate(entries, start=1):
        located = locate(entry, pictures)
        if located is None:
            skipped.append(SkippedImage(entry.name, _why_not_found(entry, pictures, scan)))
        elif located[0] in found:
            skipped.append(SkippedImage(entry.name, f"row {found[located[0]] - 1} has the same file"))
        else:
            found[located[0]] = image_id
            ways[located[1]] += 1
    for way, count in sorted(ways.items()):
        if way != AS_IT_IS:
            names = "1 name was" if count == 1 else f"{count:,} names were"
            console.print(f"{names} matched {way}.", style="yellow", highlight=False)
    rows = []
    with progress_bar(console, "Reading", len(found)) as advance, ThreadPoolExecutor(DECODERS) as decoders:
        for outcome in decoders.map(lambda path: _read_picture(scan.folder, images[path], found[path]), found):
            if isinstance(outcome, IndexedImage):
                rows.append(outcome)
            else:
                skipped.append(outcome)
            advance(1)
    return rows, skipped


def _why_not_found(entry: SeedEntry, pictures: NameFinder, scan: Scan) -> str:
    names = possible_paths(entry)
    if alike := pictures.alike(names):
        return f"it is not in {scan.folder} under this name, and {len(alike)} pictures differ from it in case alone"
    for name in names:
        if kind := scan.unread.get(name):
            return why_needs_extra(kind) or f"{kind} is not read"
        if rule := scan.why_left_out(name):
            return f"it is left out: {rule}"
    return f"it is not in {scan.folder}"


def _read_picture(folder: Path, image: FoundImage, image_id: int) -> IndexedImage | SkippedImage:
    """Return a picture's row: it is hashed, and decoded for its size and to see that it can be."""
    path = folder / image.image_path
    try:
        sha256 = sha256_of(path)
        with opened_file(path, image.image_path) as opened:
            width, height = opened.width, opened.height
    except ImageError as error:
        return SkippedImage(image.image_path, reason_of(error), sha256, image.bytes, image.mtime_ns)
    except OSError as cause:
        return SkippedImage(image.image_path, f"it cannot be read ({cause.strerror})")
    return IndexedImage(image_id, image.image_path, sha256, image.bytes, width, height, None, image.mtime_ns)


def _read_facts(
    scan: Scan, rows: Sequence[IndexedImage], places: PlacesFile | None, console: Console
) -> dict[int, KnownFacts]:
    """Return the facts of the pictures' photos, by id."""
    by_path = {row.image_path: row for row in rows}
    found = [(image, by_path[image.image_path].sha256) for image in scan.images if image.image_path in by_path]
    facts = FolderFacts(scan, last={}, places=places)
    facts.complete(found, (), console)
    return {row.id: facts.of(row.image_path) for row in rows}


def _check_vectors(
    rows: Sequence[IndexedImage], vectors: NDArray[np.float32], encoder: ImageEncoder, seed: SeedFiles
) -> None:
    """Refuse vectors that the given models would not have made.

    Raises:
        ArtefactCorrupt: the median cosine between old and new vectors is below `COMPARED_COSINE_MIN`.
    """
    chosen = rows[:: -(-len(rows) // COMPARED)]  # evenly spread over the whole
    pixels = [encoder.prepare(open_image(seed.images_dir / row.image_path, row.image_path)) for row in chosen]
    anew = encoder.embed_pixels(np.stack(pixels))  # (n, d)
    cosines = np.sum(anew * vectors[[row.id - 1 for row in chosen]], axis=1)  # (n,)
    median = float(np.median(cosines))
    if median < COMPARED_COSINE_MIN:
        reason = f"the given models embed its pictures differently (median cosine {median:.2f} over {len(chosen)} of them)"
        remedy = (
            "Give the metadata.json that belongs to it, and point --models at the CLIP that made it; "
            f"the seed's own is made by: lookwhy models --clip {SEED_CLIP}"
        )
        raise ArtefactCorrupt(seed.store, reason, remedy)


def _summary(written: NextGeneration, last: Generation, scan: Scan) -> Summary:
    rows, skipped = written.catalog.rows, written.catalog.skipped
    return Summary(
        count=len(rows),
        generation=name_of(written.number),
        written=True,
        added=len(rows),
        removed=len(last.catalog.rows),
        other_files=scan.other_files,
        left_out=(*unread_lines(scan.unread), *left_out_lines(scan)),
        skipped=tuple(skipped),
    )
