"""What a file is, by its first bytes; by its suffix only where those leave it open. Knows no pixels and opens nothing."""

import struct
from dataclasses import dataclass
from enum import Enum
from pathlib import PurePosixPath

from runtime.images.psd import PSD_START
from runtime.images.psd import why_not_read as why_psd_not_read

START_BYTES = 4096  # enough of a file for every kind but RAW inside TIFF, whose directories may lie anywhere


class Reader(Enum):
    """What reads a kind of file, if anything does."""

    PILLOW = "Pillow"
    HEIF = "heif"  # these two by a process of their own, with the extra "photos"
    RAW = "raw"
    NONE = "none"  # pictures and videos of a kind that is not read
    NO_PICTURE = "no picture"  # what only lies in a picture's place


@dataclass(frozen=True, slots=True)
class Kind:
    """What a file is: a name for people, and what reads it."""

    name: str
    reader: Reader = Reader.PILLOW


PICTURE = Kind("picture")  # or what only its decoder can tell
HEIC = Kind("HEIC", Reader.HEIF)
VIDEO, SVG, JPEG_XL, PDF = (Kind(name, Reader.NONE) for name in ("video", "SVG", "JPEG XL", "PDF"))
# Of these, what lies behind the brand is the same: heic and its siblings are HEVC, mif1 says no more than HEIF.
HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1", b"mif2"})
HEVC_BRANDS = HEIF_BRANDS - {b"mif1", b"msf1", b"mif2"}
AVIF_BRANDS = frozenset({b"avif", b"avis"})
BRANDS_MAX = 64
QUICKTIME_BOXES = frozenset({b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"})
TIFF_STARTS = {b"II*\0": "<", b"MM\0*": ">"}
# Sources: LibRaw's identify(), ExifTool's tables of file types.
STARTS: tuple[tuple[bytes, Kind], ...] = (
    (b"FUJIFILMCCD-RAW", Kind("RAF", Reader.RAW)),
    (b"IIRO", Kind("ORF", Reader.RAW)),
    (b"IIRS", Kind("ORF", Reader.RAW)),
    (b"MMOR", Kind("ORF", Reader.RAW)),
    (b"IIU\0", Kind("RW2", Reader.RAW)),
    (b"II\x1a\0\0\0HEAPCCDR", Kind("CRW", Reader.RAW)),
    (b"\0MRM", Kind("MRW", Reader.RAW)),
    (b"FOVb", Kind("X3F", Reader.RAW)),
    (b"\xff\x0a", JPEG_XL),
    (b"\0\0\0\x0cJXL \r\n\x87\n", JPEG_XL),
    (b"8BPS\0\2", Kind("PSB", Reader.NONE)),
    (b"\x1aE\xdf\xa3", VIDEO),  # Matroska, WebM
    (b"\0\0\1\xba", VIDEO),  # MPEG
    (b"\0\0\1\xb3", VIDEO),
    (b"0&\xb2u\x8ef\xcf\x11", VIDEO),  # Windows Media
    (b"FLV\1", VIDEO),
    (b"%PDF", PDF),
    (b"\0\0\1\0", Kind("ICO", Reader.NONE)),
    (b"gimp xcf", Kind("XCF", Reader.NONE)),
    (b"v/1\1", Kind("OpenEXR", Reader.NONE)),
    (b"#?RADIANCE", Kind("Radiance HDR", Reader.NONE)),
    (b"%!PS", Kind("PostScript", Reader.NONE)),
    (b"\xc5\xd0\xd3\xc6", Kind("PostScript", Reader.NONE)),
    (b"version https://git-lfs", Kind("a Git LFS pointer; git lfs pull fetches the picture", Reader.NO_PICTURE)),
    (b"/annex/objects/", Kind("a git-annex pointer; git annex get fetches the picture", Reader.NO_PICTURE)),
    (b"\0\5\x16\7", Kind("macOS's attributes of the file beside it (AppleDouble)", Reader.NO_PICTURE)),
    (b"\0\5\x16\0", Kind("a file of old macOS (AppleSingle)", Reader.NO_PICTURE)),
    (b"bplist00", Kind("a property list, as iCloud leaves where it keeps the picture", Reader.NO_PICTURE)),
    (b"PK\3\4", Kind("an archive (ZIP); unpack it", Reader.NO_PICTURE)),
    (b"\x1f\x8b", Kind("packed (gzip); unpack it", Reader.NO_PICTURE)),
    (b"Rar!\x1a\7", Kind("an archive (RAR); unpack it", Reader.NO_PICTURE)),
    (b"7z\xbc\xaf'\x1c", Kind("an archive (7z); unpack it", Reader.NO_PICTURE)),
)
ZEROS = Kind("zeros alone, as a cloud leaves in the place of a file that is not on this disk", Reader.NO_PICTURE)
PAGE = Kind("a web page, saved under the picture's name", Reader.NO_PICTURE)
XML, JSON = (Kind(f"{name}, perhaps a server's refusal", Reader.NO_PICTURE) for name in ("XML", "JSON"))
TEXT_KINDS = ((b"<svg", SVG), (b"<!doctype svg", SVG), (b"<html", PAGE), (b"<!doctype html", PAGE), (b"<head", PAGE))
# Tags and their values that no TIFF has but RAW.
DNG_VERSION, COMPRESSION, PHOTOMETRIC, SUB_DIRECTORIES = 50706, 259, 262, 330
RAW_PHOTOMETRICS = frozenset({32803, 34892})  # of a sensor's mosaic, of a sensor's colours
RAW_COMPRESSIONS = frozenset(
    {32767, 32769, 32770, 34713, 65000, 65535}
)  # Sony's, packed, Samsung's, Nikon's, Kodak's, Pentax's
DIRECTORIES_MAX, ENTRIES_MAX = 16, 512
SIZES = {1: 1, 3: 2, 4: 4, 13: 4}  # of TIFF's unsigned types, in bytes
# Suffixes of cameras' RAW files, all of which LibRaw reads.
# fmt: off
RAW_NAMES = (
    "3fr", "ari", "arw", "cr2", "cr3", "crw", "dcr", "dng", "erf", "fff", "gpr", "iiq", "k25", "kdc",
    "mef", "mos", "mrw", "nef", "nrw", "orf", "pef", "raf", "rw2", "rwl", "sr2", "srf", "srw", "x3f",
)
# fmt: on
RAW_SUFFIXES = frozenset(f".{name}" for name in RAW_NAMES)
HEIF_SUFFIXES = frozenset({".heic", ".heif", ".hif", ".heics", ".heifs"})


def kind_of(content: bytes, name: str) -> Kind:
    """Return what a file is: `PICTURE` where it is up to Pillow to say more.

    Args:
        content: the whole file, or at least `START_BYTES` of it.
        name: the file's; its suffix counts for a TIFF without a sign of what is in it.
    """
    if content.startswith((b"\xff\xd8\xff", b"\x89PNG", b"GIF8")):  # most of what there is
        return PICTURE
    if order := TIFF_STARTS.get(content[:4]):
        return _kind_of_tiff(content, order, name)
    return _kind_by_brand(content) or _kind_by_start(content) or _kind_of_text(content) or PICTURE


def raw_name(name: str) -> str:
    """Return what a RAW file is called by its suffix: "CR3"."""
    suffix = PurePosixPath(name).suffix.lower()
    return suffix[1:].upper() if suffix in RAW_SUFFIXES else "RAW"


def _kind_by_start(content: bytes) -> Kind | None:
    if content.startswith(PSD_START) and (reason := why_psd_not_read(content)):
        return Kind(reason, Reader.NONE)
    is_riff_video = content[:4] == b"RIFF" and content[8:12] in {b"AVI ", b"AMV "}
    if is_riff_video or content[4:8] in QUICKTIME_BOXES or _is_transport_stream(content):
        return VIDEO
    if content[:1] == b"\0" and not content.strip(b"\0"):
        return ZEROS
    return next((kind for start, kind in STARTS if content.startswith(start)), None)


def _kind_by_brand(content: bytes) -> Kind | None:
    if content[4:8] != b"ftyp":
        return None
    end = min(int.from_bytes(content[:4], "big"), len(content), 16 + 4 * BRANDS_MAX)
    major, others = content[8:12], {content[at : at + 4] for at in range(16, end - 3, 4)}
    if major == b"crx ":
        return Kind("CR3", Reader.RAW)
    if major in AVIF_BRANDS or (others & AVIF_BRANDS and major not in HEVC_BRANDS):
        return PICTURE
    if major in HEIF_BRANDS or others & HEVC_BRANDS:
        return HEIC
    return VIDEO


def _kind_of_tiff(content: bytes, order: str, name: str) -> Kind:
    if content[8:10] == b"CR":
        return Kind("CR2", Reader.RAW)
    try:
        found = _raw_in_directories(content, order)
    except struct.error:
        found = None
    if found:
        return Kind(found if found == "DNG" else raw_name(name), Reader.RAW)
    return Kind(raw_name(name), Reader.RAW) if raw_name(name) != "RAW" else PICTURE


def _raw_in_directories(content: bytes, order: str) -> str | None:
    """Return "DNG" or "RAW" where a directory of a TIFF says so, else None."""
    found = None
    waiting, seen = [struct.unpack_from(order + "I", content, 4)[0]], set[int]()
    while waiting and len(seen) < DIRECTORIES_MAX:
        at = waiting.pop()
        if at in seen or not 8 <= at <= len(content) - 2:
            continue
        seen.add(at)
        [count] = struct.unpack_from(order + "H", content, at)
        end = at + 2 + 12 * min(count, ENTRIES_MAX)
        for entry in range(at + 2, min(end, len(content) - 11), 12):
            tag, form, number = struct.unpack_from(order + "HHI", content, entry)
            if tag == DNG_VERSION:
                return "DNG"
            if tag in {COMPRESSION, PHOTOMETRIC, SUB_DIRECTORIES} and form in SIZES:
                values = _values(content, order, entry, form, min(number, DIRECTORIES_MAX))
                if tag == SUB_DIRECTORIES:
                    waiting += values
                elif values and values[0] in (RAW_COMPRESSIONS if tag == COMPRESSION else RAW_PHOTOMETRICS):
                    found = "RAW"
        if end + 4 <= len(content):
            waiting.append(struct.unpack_from(order + "I", content, end)[0])
    return found


def _values(content: bytes, order: str, entry: int, form: int, number: int) -> list[int]:
    at = entry + 8 if number * SIZES[form] <= 4 else struct.unpack_from(order + "I", content, entry + 8)[0]
    letter = {1: "B", 2: "H", 4: "I"}[SIZES[form]]
    if at + number * SIZES[form] > len(content):
        return []
    return list(struct.unpack_from(f"{order}{number}{letter}", content, at))


def _is_transport_stream(content: bytes) -> bool:
    """Return whether these are packets of an MPEG transport stream, with or without a camera's four bytes before each."""
    return any(
        len(content) > 4 * step + first and all(content[first + at * step] == 0x47 for at in range(5))
        for first, step in ((0, 188), (4, 192))
    )


def _kind_of_text(content: bytes) -> Kind | None:
    start = content[:1024].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if start.startswith((b"{", b"[")):
        return JSON
    if not start.startswith(b"<"):
        return None
    places = [(at, kind) for mark, kind in TEXT_KINDS if (at := start.find(mark)) >= 0]
    if places:
        return min(places, key=lambda place: place[0])[1]
    return XML if start.startswith(b"<?xml") else None
