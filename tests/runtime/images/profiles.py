"""An ICC profile of the colours that phones' screens have: Display P3, adapted to D50, with a gamma of 2.2."""

import struct

WHITE = (0.9642, 1.0, 0.8249)
PRIMARIES = {b"r": (0.51512, 0.2412, -0.00105), b"g": (0.29198, 0.69225, 0.04189), b"b": (0.1571, 0.06657, 0.78407)}


def display_p3() -> bytes:
    """Return the profile: ICC.1:2001-04, a matrix and a curve for each channel."""
    description = b"desc" + bytes(4) + struct.pack(">I", 11) + b"Display P3\0" + bytes(78)
    tags = {b"desc": description, b"cprt": b"text" + bytes(4) + b"none\0", b"wtpt": _xyz(WHITE)}
    for channel, primary in PRIMARIES.items():
        tags[channel + b"XYZ"] = _xyz(primary)
        tags[channel + b"TRC"] = b"curv" + bytes(4) + struct.pack(">IH", 1, round(2.2 * 256))
    table, body, at = struct.pack(">I", len(tags)), b"", 132 + 12 * len(tags)
    for name, content in tags.items():
        padded = content + bytes(-len(content) % 4)
        table += name + struct.pack(">II", at + len(body), len(content))
        body += padded
    size = at + len(body)
    header = struct.pack(">I4sI4s4s4s12x4s", size, b"none", 0x02400000, b"mntr", b"RGB ", b"XYZ ", b"acsp") + bytes(28)
    return header + struct.pack(">iii", *(round(value * 65536) for value in WHITE)) + bytes(48) + table + body


def _xyz(values: tuple[float, float, float]) -> bytes:
    return b"XYZ " + bytes(4) + struct.pack(">iii", *(round(value * 65536) for value in values))
