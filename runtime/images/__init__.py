"""Bytes to pixels: limits, memory, orientation, colour modes, and preprocessing equal to the reference processors.

The only package of the runtime that uses Pillow, which is imported on first use: what needs no picture does without.
"""

from runtime.images.limits import (
    DECODER_MB,
    FORMAT_BY_SUFFIX,
    IMAGE_SUFFIXES,
    INDEXING_MB,
    KEPT_SHORT_EDGE_PIXELS,
    MAX_IMAGE_BYTES,
    SCALED_EDGE_PIXELS,
    PictureLimits,
    upload_limits,
)
from runtime.images.memory import limit_decoding
from runtime.images.opened_image import OpenedImage
from runtime.images.opening import decode_image, open_image, opened_bytes, opened_file
from runtime.images.preprocessing import preprocess, seen_part
from runtime.images.preview_making import make_previews
from runtime.images.previews import PREVIEW_EDGE, PREVIEW_EDGES, encode_preview, encode_previews
from runtime.images.reasons import AWAITED_REASONS, LASTING_REASONS
from runtime.images.shrinking import picture_as_jpeg, shrink_bytes, shrink_image
from runtime.images.uploads import LocalReader, UploadReader

__all__ = [
    "AWAITED_REASONS",
    "DECODER_MB",
    "FORMAT_BY_SUFFIX",
    "IMAGE_SUFFIXES",
    "INDEXING_MB",
    "KEPT_SHORT_EDGE_PIXELS",
    "LASTING_REASONS",
    "MAX_IMAGE_BYTES",
    "PREVIEW_EDGE",
    "PREVIEW_EDGES",
    "SCALED_EDGE_PIXELS",
    "LocalReader",
    "OpenedImage",
    "PictureLimits",
    "UploadReader",
    "decode_image",
    "encode_preview",
    "encode_previews",
    "limit_decoding",
    "make_previews",
    "open_image",
    "opened_bytes",
    "opened_file",
    "picture_as_jpeg",
    "preprocess",
    "seen_part",
    "shrink_bytes",
    "shrink_image",
    "upload_limits",
]
