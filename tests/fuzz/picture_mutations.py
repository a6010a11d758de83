"""Damage to a file, as bad disks, bad editors and bad people do it: bytes, blocks, lengths, sizes, ends."""

import random
import struct
from collections.abc import Callable

Mutate = Callable[[random.Random, bytearray], None]
EXTREMES = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
SIZES = (0, 1, 255, 3000, 7000, 12_247, 16_383, 32_768, 65_535, 200_000)
HEADER_BYTES = 64  # sizes stand there in most formats
SIZE_FORMS = ("<H", ">H", "<I", ">I")


def flip_bytes(rng: random.Random, file: bytearray) -> None:
    for _ in range(rng.choice((1, 1, 2, 8, 32))):
        file[rng.randrange(len(file))] ^= rng.randrange(1, 256)


def flip_bit(rng: random.Random, file: bytearray) -> None:
    file[rng.randrange(len(file))] ^= 1 << rng.randrange(8)


def flip_in_header(rng: random.Random, file: bytearray) -> None:
    for _ in range(rng.choice((1, 2, 4))):
        file[rng.randrange(min(len(file), HEADER_BYTES * 4))] = rng.randrange(256)


def cut(rng: random.Random, file: bytearray) -> None:
    del file[rng.randrange(len(file)) :]


def cut_a_little(rng: random.Random, file: bytearray) -> None:
    del file[-rng.randrange(1, 20) :]


def set_number(rng: random.Random, file: bytearray) -> None:
    """Put an extreme number anywhere: a length, a count, an offset."""
    form = rng.choice(SIZE_FORMS)
    width = struct.calcsize(form)
    at = rng.randrange(max(1, len(file) - width))
    file[at : at + width] = struct.pack(form, rng.choice(EXTREMES) & (256**width - 1))


def set_size(rng: random.Random, file: bytearray) -> None:
    """Put two sizes side by side into the header, as most formats have width and height."""
    form = rng.choice(SIZE_FORMS)
    width = struct.calcsize(form)
    at = rng.randrange(max(1, min(len(file), HEADER_BYTES) - 2 * width))
    numbers = (rng.choice(SIZES) & (256**width - 1) for _ in range(2))
    file[at : at + 2 * width] = b"".join(struct.pack(form, number) for number in numbers)


def swap_blocks(rng: random.Random, file: bytearray) -> None:
    """Swap two blocks of the same length, as a chunk and another."""
    length = rng.randrange(1, max(2, len(file) // 4))
    first, second = sorted(rng.randrange(max(1, len(file) - length)) for _ in range(2))
    if first + length <= second:
        one, other = file[first : first + length], file[second : second + length]
        file[first : first + length], file[second : second + length] = other, one


def repeat_block(rng: random.Random, file: bytearray) -> None:
    at, length = rng.randrange(len(file)), rng.randrange(1, 200)
    file[at:at] = file[at : at + length] * rng.choice((1, 2, 50))


def remove_block(rng: random.Random, file: bytearray) -> None:
    at = rng.randrange(len(file))
    del file[at : at + rng.randrange(1, 64)]


def zero_block(rng: random.Random, file: bytearray) -> None:
    at = rng.randrange(len(file))
    length = min(rng.choice((4, 64, 512)), len(file) - at)
    file[at : at + length] = bytes(length)


def append(rng: random.Random, file: bytearray) -> None:
    file += rng.choice((bytes(1000), rng.randbytes(1000), bytes(file)))


def rename_chunk(rng: random.Random, file: bytearray) -> None:
    """Change the name of a chunk, a box or a marker into another's of the file."""
    names = [at for at in range(len(file) - 4) if file[at : at + 4].isalpha()]
    if len(names) > 1:
        one, other = rng.sample(names, 2)
        file[one : one + 4] = file[other : other + 4]


MUTATIONS: tuple[Mutate, ...] = (
    flip_bytes, flip_bit, flip_in_header, cut, cut_a_little, set_number, set_size, swap_blocks, repeat_block, remove_block,
    zero_block, append, rename_chunk,
)  # fmt: skip


def mutated(rng: random.Random, content: bytes) -> bytes:
    """Return a file with one to three kinds of damage."""
    file = bytearray(content)
    for mutate in rng.choices(MUTATIONS, k=rng.choice((1, 1, 2, 3))):
        if len(file) > 4:
            mutate(rng, file)
    return bytes(file)
