"""What decoding one picture takes at its peak, and keeps, for each format and kind, against the estimate that admits it.

    python -m benchmarks.photos.picture_memory --megapixels 48

Each picture is decoded in a process of its own, as the server does it, by `runtime/images`. The pictures are of one colour:
their files are small, and a decoder's memory depends on the header. Linux alone has the figures (/proc).
"""

import argparse
import io
import json
import struct
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterator
from math import ceil
from pathlib import Path
from time import perf_counter

from PIL import Image

from benchmarks.measure.memory import status_bytes
from runtime.images import limit_decoding, opened_bytes, opened_file
from runtime.images.memory import decode_memory

MB = 1_000_000
CLEAR_REFS = Path("/proc/self/clear_refs")
ALL_MB = 100_000  # so that the estimate is not cut to what a server has
RESET_PEAK = "5"  # sets VmHWM to VmRSS
ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


def encoded(mode: str, form: str, **options: object) -> Callable[[int, int], bytes]:
    """Return what makes a file of one colour by Pillow."""

    def make(width: int, height: int) -> bytes:
        file = io.BytesIO()
        Image.new(mode, (width, height)).save(file, form, **options)
        return file.getvalue()

    return make


def turned(width: int, height: int) -> bytes:
    """Return a JPEG that EXIF says is to be turned."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return encoded("RGB", "JPEG", exif=exif)(width, height)


def zeros(size: int) -> bytes:
    """Return `size` zero bytes deflated, without holding them."""
    packer = zlib.compressobj(9)
    block = bytes(min(size, MB))
    parts = [packer.compress(block[: min(MB, size - at)]) for at in range(0, size, MB)]
    return b"".join([*parts, packer.flush()])


def png(width: int, height: int, *, bits: int, colour: int, interlaced: bool = False) -> bytes:
    """Return a PNG that Pillow does not write: of 16 bits, or interlaced."""
    channels = {0: 1, 2: 3, 4: 2, 6: 4}[colour]
    passes = ADAM7 if interlaced else ((0, 0, 1, 1),)
    sizes = [(ceil((width - x) / dx), ceil((height - y) / dy)) for x, y, dx, dy in passes]
    size = sum(rows * (1 + ceil(columns * bits * channels / 8)) for columns, rows in sizes)
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, int(interlaced))
    chunks = ((b"IHDR", header), (b"IDAT", zeros(size)), (b"IEND", b""))
    whole = [
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(whole)


def tiff(width: int, height: int, *, bits: int, samples: int, photometric: int) -> bytes:
    """Return a deflated TIFF whose only strip holds the whole picture."""
    strip = zeros(width * height * bits * samples // 8)
    depth = struct.pack(f"<{samples}H", *[bits] * samples)
    entries = [(256, 4, 1, width), (257, 4, 1, height), (258, 3, samples, bits if samples == 1 else 8), (259, 3, 1, 8)]
    entries += [(262, 3, 1, photometric), (273, 4, 1, 8 + len(depth)), (277, 3, 1, samples)]
    entries += [
        (278, 4, 1, height),
        (279, 4, 1, len(strip)),
        *([(338, 3, 1, 2)] if samples == 4 and photometric == 2 else []),
    ]
    directory = struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return struct.pack("<2sHI", b"II", 42, 8 + len(depth) + len(strip)) + depth + strip + directory + bytes(4)


def gif_of_one_pixel(width: int, height: int) -> bytes:
    """Return a GIF whose screen is large, and whose frame is one pixel."""
    screen = struct.pack("<6sHHBBB", b"GIF89a", width, height, 0x80, 0, 0) + bytes(6)
    return screen + struct.pack("<BHHHHB", 0x2C, 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00\x3b"


def bmp_in_runs(width: int, height: int) -> bytes:
    """Return a BMP in run lengths."""
    row = b"".join(bytes([min(255, width - x), 0]) for x in range(0, width, 255)) + b"\0\0"
    rows = row * height + b"\0\1"
    header = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 8, 1, len(rows), 0, 0, 256, 0) + bytes(1024)
    return struct.pack("<2sIHHI", b"BM", 14 + len(header) + len(rows), 0, 0, 14 + len(header)) + header + rows


KINDS: dict[str, Callable[[int, int], bytes]] = {
    "PNG, 1 bit": encoded("1", "PNG"),
    "PNG, grey": encoded("L", "PNG"),
    "PNG, palette": encoded("P", "PNG"),
    "PNG, grey, 16 bits": lambda width, height: png(width, height, bits=16, colour=0),
    "PNG, RGB": encoded("RGB", "PNG"),
    "PNG, RGBA": encoded("RGBA", "PNG"),
    "PNG, RGBA, 16 bits": lambda width, height: png(width, height, bits=16, colour=6),
    "PNG, RGB, interlaced": lambda width, height: png(width, height, bits=8, colour=2, interlaced=True),
    "JPEG": encoded("RGB", "JPEG"),
    "JPEG, turned by EXIF": turned,
    "JPEG, progressive": encoded("RGB", "JPEG", progressive=True),
    "JPEG, progressive, 4:4:4": encoded("RGB", "JPEG", progressive=True, subsampling=0),
    "JPEG, progressive, CMYK": encoded("CMYK", "JPEG", progressive=True),
    "WebP": encoded("RGB", "WEBP", method=0),
    "WebP, alpha": encoded("RGBA", "WEBP", method=0),
    "WebP, lossless": encoded("RGBA", "WEBP", lossless=True, method=0),
    "AVIF": encoded("RGB", "AVIF", speed=10),
    "AVIF, alpha, 4:4:4": encoded("RGBA", "AVIF", speed=10, subsampling="4:4:4"),
    "GIF": encoded("P", "GIF"),
    "GIF, one pixel of a large screen": gif_of_one_pixel,
    "BMP, 1 bit": encoded("1", "BMP"),
    "BMP, run lengths": bmp_in_runs,
    "TIFF, grey, 16 bits": encoded("I;16", "TIFF", compression="tiff_deflate"),
    "TIFF, RGB": encoded("RGB", "TIFF", compression="tiff_lzw"),
    "TIFF, RGB, one strip": lambda width, height: tiff(width, height, bits=8, samples=3, photometric=2),
    "TIFF, RGBA, 16 bits, one strip": lambda width, height: tiff(width, height, bits=16, samples=4, photometric=2),
    "TIFF, CMYK, 16 bits, one strip": lambda width, height: tiff(width, height, bits=16, samples=4, photometric=5),
    "TIFF, JPEG": encoded("RGB", "TIFF", compression="jpeg"),
    "PPM": encoded("RGB", "PPM"),
    "PPM, as text, cut": lambda width, height: b"P3 %d %d 255\n" % (width, height) + b"0 " * MB,
}


def measure(path: Path) -> dict[str, float | str]:
    """Decode one file in this process, and return its figures."""
    warm = io.BytesIO()
    Image.new("RGB", (64, 64)).save(warm, path.suffix.removeprefix(".").upper())
    with opened_bytes(warm.getvalue(), "warm"):
        before_mb = status_bytes("VmRSS") / MB
    CLEAR_REFS.write_text(RESET_PEAK)
    limit_decoding(ALL_MB, 10**9)
    decode_memory.most_bytes = 0
    start, outcome = perf_counter(), "decoded"
    try:
        with opened_file(path):
            pass
    except Exception as error:  # what is refused is a result, too
        outcome = str(error)
    return {
        "outcome": outcome,
        "estimate_mb": decode_memory.most_bytes / MB,
        "peak_mb": status_bytes("VmHWM") / MB - before_mb,
        "kept_mb": status_bytes("VmRSS") / MB - before_mb,
        "ms": (perf_counter() - start) * 1000,
    }


def measured(megapixels: float, only: str) -> Iterator[tuple[str, int, dict[str, float | str]]]:
    """Yield each kind, its file's bytes and its figures, of 4:3 pictures of so many megapixels."""
    width = int((megapixels * MB * 4 / 3) ** 0.5)
    height = int(megapixels * MB / width)
    with tempfile.TemporaryDirectory() as folder:
        for kind, make in KINDS.items():
            if only not in kind:
                continue
            form = kind.split(",", maxsplit=1)[0].lower()
            path = Path(folder, f"picture.{form}")
            path.write_bytes(make(width, height))
            command = [sys.executable, "-m", "benchmarks.photos.picture_memory", "--file", str(path)]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            yield kind, path.stat().st_size, json.loads(done.stdout)


def main() -> None:
    """Print the table, or one file's figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megapixels", type=float, default=48)
    parser.add_argument("--only", default="", help="kinds with this in their name")
    parser.add_argument("--file", type=Path, help="measure this file alone, in this process")
    given = parser.parse_args()
    if given.file:
        print(json.dumps(measure(given.file)))
        return
    print(f"| {given.megapixels:g} megapixels | file KB | estimate MB | peak MB | kept MB | ms | |")
    print("|---|---|---|---|---|---|---|")
    for kind, size, found in measured(given.megapixels, given.only):
        figures = " | ".join(f"{found[name]:.0f}" for name in ("estimate_mb", "peak_mb", "kept_mb", "ms"))
        print(f"| {kind} | {size / 1000:.0f} | {figures} | {found['outcome']} |", flush=True)


if __name__ == "__main__":
    main()
