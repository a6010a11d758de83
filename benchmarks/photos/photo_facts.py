"""Time to read photos' facts, by what they lie in, and to see no change: python -m benchmarks.photos.photo_facts.

CPU time of one thread, the files in the system's memory, as right after they were hashed. `--places` names positions, too.
"""

import io
import json
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer
from PIL import Image
from rich.console import Console

from export.index.folder.scan import Scan, scan_folder
from export.index.photos.beside import NOTHING, find_beside
from export.index.photos.folder_facts import FolderFacts, KnownPhoto
from export.index.photos.places import PlacesFile
from export.index.photos.reading import read_facts

WIDTH, HEIGHT = 4032, 3024
SUFFIXES = ("jpg", "png", "webp", "tif", "avif")
GPS = {1: "N", 2: (52.0, 31.0, 12.0), 3: "E", 4: (13.0, 24.0, 18.0)}
XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
    'xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/" xmp:Rating="4"><dc:subject>'
    f"<rdf:Bag>{''.join(f'<rdf:li>word {number}</rdf:li>' for number in range(20))}</rdf:Bag></dc:subject></rdf:Description>"
    "</rdf:RDF></x:xmpmeta>"
)
ROUNDS = 5


def draw(path: Path, size: tuple[int, int]) -> None:
    """Write a photo with all of EXIF that is read."""
    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x0132] = "NIKON CORPORATION", "NIKON D850", "2019:07:04 15:30:00"
    exif.get_ifd(0x8769).update({0x9003: "2019:07:04 15:30:00", 0x9004: "2019:07:04 15:30:00", 0x9011: "+02:00"})
    exif.get_ifd(0x8825).update(GPS)
    options: dict[str, Any] = {"xmp": XMP.encode()} if path.suffix in {".jpg", ".webp", ".avif"} else {}
    Image.effect_noise(size, 60).convert("RGB").save(path, exif=exif, **options)


def cpu_ms(work: Callable[[], object]) -> float:
    """Return the least CPU time of some rounds, in milliseconds."""
    best = float("inf")
    for _ in range(ROUNDS):
        began = time.process_time()
        work()
        best = min(best, time.process_time() - began)
    return best * 1e3


def read_all(scan: Scan, places: PlacesFile | None) -> None:
    """Read the facts of every photo of a folder."""
    beside = find_beside(scan.folder, scan.images, scan.beside)
    for image in scan.images:
        read_facts(scan.folder, image, beside.get(image.image_path, NOTHING), places)


def main(
    count: Annotated[int, typer.Option(min=1, help="Photos of each format.")] = 200,
    unchanged: Annotated[int, typer.Option(min=1, help="Photos of the folder in which nothing has changed.")] = 20_000,
    places: Annotated[Path | None, typer.Option(help="A table that `lookwhy places` made.")] = None,
) -> None:
    """Print the table."""
    table = PlacesFile(places) if places else None
    if table:
        table.name(0, 0)
    with TemporaryDirectory() as made:
        for suffix in SUFFIXES:
            folder = Path(made) / suffix
            folder.mkdir()
            draw(folder / f"0.{suffix}", (WIDTH, HEIGHT) if suffix == "jpg" else (1200, 900))
            for number in range(1, count):
                (folder / f"{number}.{suffix}").hardlink_to(folder / f"0.{suffix}")
            report(f"{suffix}, EXIF and XMP", folder, count, table)
        folder = Path(made) / "jpg"
        for number in range(count):
            (folder / f"{number}.jpg.xmp").write_text(XMP)
        report("jpg with a sidecar", folder, count, table)
        for number in range(count):
            told = {"title": f"{number}.jpg", "photoTakenTime": {"timestamp": "1562247000"}, "people": [{"name": "Anna"}]}
            (folder / f"{number}.jpg.supplemental-metadata.json").write_text(json.dumps(told))
        report("jpg with a sidecar and Takeout's JSON", folder, count, table)
        report_unchanged(Path(made) / "unchanged", unchanged)


def report(name: str, folder: Path, count: int, table: PlacesFile | None) -> None:
    """Print the time a photo of a folder takes."""
    scan = scan_folder(folder)
    typer.echo(f"{name}: {cpu_ms(lambda: read_all(scan, table)) / count:.3f} ms a photo")


def report_unchanged(folder: Path, count: int) -> None:
    """Print how long a look at unchanged photos takes, each with a JSON of Takeout's beside it."""
    folder.mkdir()
    for number in range(count):
        (folder / f"{number}.jpg").write_bytes(b"\xff\xd8")
        (folder / f"{number}.jpg.supplemental-metadata.json").write_text('{"photoTakenTime": {"timestamp": "1562247000"}}')
    scan, console = scan_folder(folder), Console(file=io.StringIO())
    first = FolderFacts(scan, last={})
    pictures = [(image, "0" * 64) for image in scan.images]
    first.complete(pictures, (), console)
    last = {image.image_path: KnownPhoto(sha256, image.mtime_ns, first.of(image.image_path)) for image, sha256 in pictures}

    def look_again() -> None:
        FolderFacts(scan, last=last).complete(pictures, (), console)

    typer.echo(f"{count:,} unchanged photos with Takeout's JSON: {cpu_ms(look_again):.0f} ms for all")


if __name__ == "__main__":
    typer.run(main)
