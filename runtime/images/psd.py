"""Photoshop's files: which can be read, and what is left of them without layers and metadata. Knows no pixels.

Only the flattened copy is read, which Photoshop adds for others unless it is told not to.
"""

import struct

PSD_START = b"8BPS\0\1"
HEADER_BYTES = 26
DEPTH_AT, MODE_AT = 22, 24
BITMAP = 0
VERSION_INFO = b"8BIM\x04\x21\0\0"  # the resource that says whether there is a flattened copy


def why_not_read(content: bytes) -> str | None:
    """Return what it is about a Photoshop file that keeps it from being read; None where nothing does."""
    try:
        [depth], [mode] = struct.unpack_from(">H", content, DEPTH_AT), struct.unpack_from(">H", content, MODE_AT)
        if depth != (1 if mode == BITMAP else 8):
            return f"PSD of {depth} bits a colour"
        resources, _ = _resources(content)
        at = resources.find(VERSION_INFO)
        if at >= 0 and resources[at + len(VERSION_INFO) + 8 :][:1] == b"\0":
            return "PSD without a flattened copy; save it again with maximized compatibility"
    except struct.error:
        pass
    return None


def without_layers(content: bytes) -> bytes:
    """Return a Photoshop file without resources and layers; one that is cut short within them comes back as it is."""
    try:
        resources, at = _resources(content)
        start = at - len(resources) - 4
        [layers] = struct.unpack_from(">I", content, at)
    except struct.error:
        return content
    return content[:start] + bytes(8) + content[at + 4 + layers :]


def _resources(content: bytes) -> tuple[bytes, int]:
    """Return the block of resources, and where it ends."""
    [colours] = struct.unpack_from(">I", content, HEADER_BYTES)
    start = HEADER_BYTES + 4 + colours
    [length] = struct.unpack_from(">I", content, start)
    resources = content[start + 4 : start + 4 + length]
    if len(resources) < length:
        raise struct.error
    return resources, start + 4 + length
