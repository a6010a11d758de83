"""What is taken as a picture: formats, suffixes, and the limits, one set for a library of one's own and one for uploads."""

from dataclasses import dataclass

MB = 1_000_000
MAX_IMAGE_BYTES = 200 * 1024 * 1024  # of a file
SERVING_MB = 300  # with the sample models, a server then stays below 500 MB
INDEXING_MB, DECODER_MB = 1_000, 160  # at least; for each decoder: a photo of 16 megapixels with alpha
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "PPM", "PSD", "JPEG2000")
TIFF_VALUES_MAX = 4 * 65_535  # of one list: of four colours, each with a strip a row, in as many rows as a picture may have
# What each suffix says that a picture is; its content decides.
FORMAT_BY_SUFFIX = {
    **dict.fromkeys((".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"), "JPEG"),
    **dict.fromkeys((".tif", ".tiff"), "TIFF"),
    **dict.fromkeys((".ppm", ".pgm", ".pbm", ".pnm"), "PPM"),
    **dict.fromkeys((".jp2", ".j2k", ".j2c", ".jpc", ".jpf", ".jpx"), "JPEG 2000"),
    **{f".{name.lower()}": name for name in ("PNG", "WebP", "GIF", "BMP", "AVIF", "PSD")},
}
IMAGE_SUFFIXES = frozenset(FORMAT_BY_SUFFIX)
# By the rule "exact", larger ones are decoded at a reduced size where the format can, and reduced before they become RGB:
# what is left is 64 MB.
WHOLE_PIXELS = 16_000_000
KEPT_EDGE_PIXELS = 2048  # the longest edge is never reduced below it: it fills a screen
KEPT_SHORT_EDGE_PIXELS = 768  # nor the shortest: twice what the largest of our models sees
SCALED_EDGE_PIXELS = 1440  # what the rule "scaled" leaves of the longest edge; a preview to fill a screen has 1600


@dataclass(frozen=True, slots=True)
class PictureLimits:
    """What a picture may have, all of which is checked before it is decoded.

    `max_memory_bytes` is the most that decoding it may take, by the estimate of `memory.py`; so that a format that takes
    much memory a pixel may have fewer of them.
    """

    max_bytes: int = MAX_IMAGE_BYTES
    max_edge: int = 65_535  # what JPEG can have; each row costs memory by itself
    max_pixels: int = 150_000_000  # more than a phone takes in its main mode
    max_memory_bytes: int = 1_000 * MB


@dataclass
class ProcessLimits:
    """What holds for the pictures of one's own library in this process; set once, at the start."""

    library: PictureLimits = PictureLimits()


process_limits = ProcessLimits()


def upload_limits(max_pixels: int, memory_mb: int | None) -> PictureLimits:
    """Return what an uploaded picture may have: so many pixels, and no more memory than all decoders share."""
    return PictureLimits(max_pixels=max_pixels, max_memory_bytes=(memory_mb or SERVING_MB) * MB)
