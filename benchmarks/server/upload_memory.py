"""What the server takes, with its decoding process, for uploads of the worst files of at most 4.5 MB that come to mind.

    lookwhy serve --port 8123 &
    python -m benchmarks.server.upload_memory --port 8123 --pid $!

Each file is uploaded alone, those over 400 MB eight at once as well; the memory is the sum of VmRSS, looked up every few
milliseconds. It ends with what is left a minute after the last one. Linux alone has the figures (/proc).
"""

import argparse
import io
import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import numpy as np
from PIL import Image

from benchmarks.measure.memory import status_bytes
from benchmarks.photos.picture_memory import KINDS, MB

EVERY_S = 0.004
HEAVY_MB = 400
AT_ONCE = 8
LARGEST_BYTES = 4_500_000
PAUSE_S = 60
FILES: Sequence[tuple[str, int, int]] = (
    ("PNG, RGB", 12247, 12247),
    ("PNG, grey, 16 bits", 12247, 12247),
    ("PNG, RGB", 7071, 7071),
    ("PNG, RGBA, 16 bits", 7071, 7071),
    ("PNG, grey, 16 bits", 7071, 7071),
    ("PNG, 1 bit", 7071, 7071),
    ("PNG, RGB, interlaced", 5000, 5000),
    ("PNG, RGBA", 4000, 4000),
    ("PNG, RGBA", 760, 65000),
    ("PNG, RGB", 1, 65535),
    ("JPEG", 8160, 6120),
    ("JPEG, progressive, 4:4:4", 8000, 6000),
    ("JPEG, progressive, 4:4:4", 7211, 5408),
    ("JPEG, progressive, CMYK", 6218, 4664),
    ("WebP", 4830, 3623),
    ("WebP, lossless", 4830, 3623),
    ("WebP", 16383, 9100),
    ("AVIF, alpha, 4:4:4", 5099, 3824),
    ("AVIF", 12000, 12000),
    ("GIF, one pixel of a large screen", 12000, 12000),
    ("GIF, one pixel of a large screen", 7071, 7071),
    ("GIF", 7071, 7071),
    ("BMP, run lengths", 7071, 7071),
    ("BMP, 1 bit", 6831, 5123),
    ("TIFF, RGBA, 16 bits, one strip", 5538, 4153),
    ("TIFF, RGBA, 16 bits, one strip", 7071, 7071),
    ("TIFF, grey, 16 bits", 7071, 7071),
    ("PPM, as text, cut", 4000, 3000),
)


def photo() -> bytes:
    """Return a JPEG of 24 megapixels with as much detail as 4.5 MB hold."""
    noise = np.random.default_rng(0).integers(0, 256, (250, 375, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(noise).resize((6000, 4000)).save(file, "JPEG", quality=85)
    return file.getvalue()


def texts() -> bytes:
    """Return a PNG of 6 megapixels with forty compressed texts of 100 MB."""
    file = io.BytesIO()
    Image.new("RGB", (3000, 2000)).save(file, "PNG")
    packed = b"Comment\0\0" + zlib.compress(bytes(100 * MB), 9)
    chunk = struct.pack(">I", len(packed)) + b"zTXt" + packed + struct.pack(">I", zlib.crc32(b"zTXt" + packed))
    header, rest = file.getvalue()[:33], file.getvalue()[33:]
    return header + chunk * min(40, LARGEST_BYTES // len(chunk)) + rest


def plain_text() -> bytes:
    """Return a PPM in text that is whole."""
    width, height = 1200, 600
    return b"P3 %d %d 255\n" % (width, height) + b"0 " * (width * height * 3)


MADE: dict[str, Callable[[], bytes]] = {
    "JPEG, photo, 24 megapixels": photo,
    "PNG with forty texts of 100 MB": texts,
    "PPM, as text": plain_text,
}


def resident_mb(pid: int) -> float:
    """Return VmRSS of a process and of all below it; a process that has just gone has none."""
    own_mb = children_mb = 0.0
    with suppress(KeyError):
        own_mb = status_bytes("VmRSS", pid) / MB
    with suppress(OSError):
        tasks = [(task / "children").read_text("ascii").split() for task in Path(f"/proc/{pid}/task").iterdir()]
        children_mb = sum(resident_mb(int(child)) for children in tasks for child in children)
    return own_mb + children_mb


@contextmanager
def watched(pid: int) -> Iterator[list[float]]:
    """Yield the list of one number, the most that the processes have held since the block began."""
    peak, over = [resident_mb(pid)], threading.Event()

    def watch() -> None:
        while not over.wait(EVERY_S):
            peak[0] = max(peak[0], resident_mb(pid))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield peak
    finally:
        over.set()
        thread.join()


def files() -> Iterator[tuple[str, bytes]]:
    """Yield each file with its name."""
    for kind, width, height in FILES:
        yield f"{kind}, {width} x {height}", KINDS[kind](width, height)
    for name, make in MADE.items():
        yield name, make()


def upload(port: int, content: bytes) -> int:
    """Send a picture to search with, and return the status of the answer."""
    fields = {"image": ("picture", content)}
    return httpx.post(f"http://127.0.0.1:{port}/search/image", files=fields, timeout=120).status_code


def uploaded(port: int, pid: int, content: bytes, count: int) -> tuple[str, float]:
    """Send a file `count` times at once; returns the statuses, and the most memory meanwhile, in MB."""
    with watched(pid) as peak, ThreadPoolExecutor(count) as pool:
        statuses = set(pool.map(lambda _: upload(port, content), range(count)))
    return ", ".join(map(str, sorted(statuses))), peak[0]


def main() -> None:
    """Print the table, and what is left."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--pid", type=int, required=True, help="of the server")
    given = parser.parse_args()
    upload(given.port, KINDS["JPEG"](64, 48))
    before_mb, worst = resident_mb(given.pid), 0.0
    print(f"After one small upload: {before_mb:.0f} MB.\n\n| file | KB | answer | peak MB | peak MB, {AT_ONCE} at once |")
    print("|---|---|---|---|---|")
    for name, content in files():
        if len(content) > LARGEST_BYTES:
            print(f"| {name} | {len(content) / 1000:.0f} | not sent | | |", flush=True)
            continue
        answer, peak_mb = uploaded(given.port, given.pid, content, 1)
        eight = ""
        if peak_mb > HEAVY_MB:
            statuses, eight_mb = uploaded(given.port, given.pid, content, AT_ONCE)
            eight = f"{eight_mb:.0f} ({statuses})"
            worst = max(worst, eight_mb)
        worst = max(worst, peak_mb)
        print(f"| {name} | {len(content) / 1000:.0f} | {answer} | {peak_mb:.0f} | {eight} |", flush=True)
    time.sleep(PAUSE_S)
    left_mb = resident_mb(given.pid)
    print(f"\nThe most: {worst:.0f} MB. A minute later: {left_mb:.0f} MB, {left_mb - before_mb:+.0f}.")


if __name__ == "__main__":
    main()
