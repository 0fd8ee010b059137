"""Eight distances at once: a packed byte field read as 15-bit lanes of two 64-bit words.

A node is one word of eight bytes (`anatomy.field.Packed`). Weighted with whole numbers that sum to
256, a byte still fits into 16 bits, so two words of four lanes interpolate all eight channels with
two multiplications a corner, and one subtraction compares four distances. The lane of channel c is
bits 16 (c // 2) on of word c % 2; its value v is LOWEST_MM + v / PER_MM millimetres.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from anatomy.compiled import inner
from anatomy.errors import GeometryError
from anatomy.field import CHANNELS, LOWEST_MM, PART_MM, Packed
from anatomy.geometry import Floats

PER_MM = 128 / PART_MM
FARTHEST = 255 * 128
"""The largest value of a lane: nothing near."""
FINE = 256
"""Parts of a step of the lattice that places are rounded to."""

_BYTES = np.uint64(0x00FF00FF00FF00FF)
_LOW15 = np.uint64(0x7FFF7FFF7FFF7FFF)
_TOP = np.uint64(0x8000800080008000)
_ONES = np.uint64(0x0001000100010001)
_LANE = np.uint64(0x7FFF)
_1, _8, _15, _16, _32 = (np.uint64(n) for n in (1, 8, 15, 16, 32))


class Lattice(NamedTuple):
    """Nodes as words, k fastest; strides and last places in FINE parts of a step."""

    words: NDArray[np.uint64]
    stride_i: int
    stride_j: int
    last: NDArray[np.int64]
    origin_mm: Floats
    fine_per_mm: float


class Lanes(NamedTuple):
    """One value for each of the eight channels, of channels 0 2 4 6 and 1 3 5 7."""

    even: np.uint64
    odd: np.uint64


def lattice_of(packed: Packed) -> Lattice:
    """The same bytes, seen as words, read-only: kernels are compiled for one kind of array."""
    values = np.ascontiguousarray(packed.values)
    nx, ny, nz = packed.shape
    if values.shape != (nx, ny, nz, CHANNELS) or min(packed.shape) < 2:
        raise GeometryError("Packed fields need eight channels at each node.", shape=values.shape)
    words = values.reshape(-1).view("<u8")
    words.flags.writeable = False
    return Lattice(
        words,
        ny * nz,
        nz,
        np.array([nx - 1, ny - 1, nz - 1], dtype=np.int64) * FINE - 1,
        np.array(packed.origin_mm, dtype=np.float64),
        FINE / packed.spacing_mm,
    )


def lanes_of(values_mm: Floats) -> Lanes:
    """Eight distances [mm] as lanes, rounded up and held to what a lane can say."""
    parts = np.ceil((np.asarray(values_mm) - LOWEST_MM) * PER_MM - 1e-6).clip(0, FARTHEST)
    return _woven(parts.astype("<u2"))


def masks_of(chosen: NDArray[np.bool_]) -> Lanes:
    """All bits of a lane where a channel is chosen, none elsewhere."""
    return _woven(np.where(chosen, 0x7FFF, 0).astype("<u2"))


def _woven(parts: NDArray[np.uint16]) -> Lanes:
    even, odd = parts.reshape(4, 2).T.copy().view("<u8").ravel()
    return Lanes(even, odd)


@inner
def _edge(words: NDArray[np.uint64], node: int, share: int, up: int) -> tuple[np.uint64, np.uint64]:
    """What a node and the one above it bring in, by their share of FINE and the height between."""
    above = (share * up + 128) >> 8
    near, far = words[np.uint64(node)], words[np.uint64(node + 1)]
    p, q = np.uint64(share - above), np.uint64(above)
    even = p * (near & _BYTES) + q * (far & _BYTES)
    return even, p * ((near >> _8) & _BYTES) + q * ((far >> _8) & _BYTES)


@inner
def inside(lattice: Lattice, u: int, v: int, w: int) -> bool:
    """Whether a place in FINE parts from the first node lies within the lattice."""
    last = lattice.last
    return (u | v | w | (last[0] - u) | (last[1] - v) | (last[2] - w)) >= 0


@inner
def look(lattice: Lattice, u: int, v: int, w: int) -> tuple[np.uint64, np.uint64, bool]:
    """Both words at a place in FINE parts from the first node; False and nothing near outside."""
    if not inside(lattice, u, v, w):
        return _LOW15, _LOW15, False
    even, odd = read(lattice, u, v, w)
    return even, odd, True


@inner
def read(lattice: Lattice, u: int, v: int, w: int) -> tuple[np.uint64, np.uint64]:
    """Both words at a place that lies within."""
    fx, fy, fz = u & 255, v & 255, w & 255
    both = (fx * fy + 128) >> 8
    node = (u >> 8) * lattice.stride_i + (v >> 8) * lattice.stride_j + (w >> 8)
    beside, ahead = node + lattice.stride_j, node + lattice.stride_i
    e0, o0 = _edge(lattice.words, node, FINE - fx - fy + both, fz)
    e1, o1 = _edge(lattice.words, beside, fy - both, fz)
    e2, o2 = _edge(lattice.words, ahead, fx - both, fz)
    e3, o3 = _edge(lattice.words, ahead + lattice.stride_j, both, fz)
    even, odd = (e0 + e1) + (e2 + e3), (o0 + o1) + (o2 + o3)
    return (even >> _1) & _LOW15, (odd >> _1) & _LOW15


@inner
def below(here: np.uint64, best: np.uint64) -> np.uint64:
    """One in each lane in which `here` is less than `best`."""
    return ((((here | _TOP) - best) & _TOP) ^ _TOP) >> _15


@inner
def chosen(mask: np.uint64, here: np.uint64, other: np.uint64) -> np.uint64:
    """`here` where the mask of `below` is one, `other` elsewhere."""
    full = (mask << _16) - mask
    return (here & full) | (other & ~full)


@inner
def spread(value: int) -> np.uint64:
    """One value, 0 to 32767, in all lanes."""
    return np.uint64(value) * _ONES


@inner
def middle(a: np.uint64, b: np.uint64) -> np.uint64:
    """Half the sum, lane by lane, rounded down."""
    return ((a + b) >> _1) & _LOW15


@inner
def smaller(a: np.uint64, b: np.uint64) -> np.uint64:
    """The smaller one, lane by lane."""
    return chosen(below(a, b), a, b)


@inner
def smallest(word: np.uint64) -> int:
    """The smallest of four lanes."""
    word = smaller(word, word >> _32)
    word = smaller(word, word >> _16)
    return np.int64(word & _LANE)  # type: ignore[return-value]


@inner
def lane(even: np.uint64, odd: np.uint64, channel: int) -> int:
    """The value of one channel."""
    word = odd if channel & 1 else even
    return np.int64((word >> np.uint64(16 * (channel >> 1))) & _LANE)  # type: ignore[return-value]
