"""Normal random numbers inside compiled loops, the same to the last bit on every machine.

A network has one stream for each of its chains: xoshiro256++ (Blackman and Vigna 2021), started from
`numpy.random.SeedSequence((seed, network))`. So a network draws the same numbers whatever runs beside it, and
a run that is continued goes on where it stopped. Uniform numbers become normal ones by the transformation of
Box and Muller, with a logarithm and an angle made of sums, products, one quotient and one root alone: IEEE
arithmetic fixes their last bit, which a library's `log` or `cos` does not. Every loop over chains is
a plain one that compilers turn into vector instructions.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numba import float64, int64, njit, uint64
from numpy.typing import NDArray

Streams = NDArray[np.uint64]

LOG_2, ROOT_2 = float(np.log(2.0)), float(np.sqrt(2.0))
FRACTION, ONE = uint64(0x000FFFFFFFFFFFFF), uint64(0x3FF0000000000000)
"""Bits of a double's fraction, and the bits of 1.0."""


def start_streams(networks: Iterable[int], *, chains: int, seed: int) -> Streams:
    """States of the streams at the beginning: (network, 4, chain).

    Args:
        networks: numbers of the networks, non-negative.
        chains: streams per network.
        seed: non-negative.
    """
    words = [np.random.SeedSequence((seed, one)).generate_state(4 * chains, np.uint64) for one in networks]
    return np.stack(words).reshape(-1, 4, chains).astype(np.uint64)


@njit(nogil=True, cache=True, error_model="numpy")
def fill_normals(streams, out):  # pragma: no cover - compiled
    """Overwrite `out`, of shape (an even number, chain), with N(0, 1); column c from `streams[:, c]`.

    Two rows come from one random word: 40 bits make the radius, 22 the angle in the first quadrant, two the
    signs. The largest possible number is sqrt(2 log 2^41), about 7.5.
    """
    for row in range(0, out.shape[0], 2):
        for c in range(out.shape[1]):
            word = _next_word(streams, c)
            radius = np.sqrt(-_log((float64(int64(word >> uint64(24))) + 0.5) * 2.0**-40))
            part = float64(int64((word >> uint64(2)) & uint64(0x3FFFFF))) + 0.5
            sine, cosine = _sine_and_cosine((part * 2.0**-22 - 0.5) * (np.pi / 2))
            first = 1.0 - 2.0 * float64(int64(word & uint64(1)))
            second = 1.0 - 2.0 * float64(int64((word >> uint64(1)) & uint64(1)))
            # sqrt(2) cos and sqrt(2) sin of the angle + pi/4
            out[row, c] = first * radius * (cosine - sine)
            out[row + 1, c] = second * radius * (cosine + sine)


@njit(inline="always")
def _next_word(s, c):  # pragma: no cover - compiled
    """xoshiro256++."""
    s0, s1, s2, s3 = s[0, c], s[1, c], s[2, c], s[3, c]
    total = s0 + s3
    s2 ^= s0
    s3 ^= s1
    s[0, c] = s0 ^ s3
    s[2, c] = s2 ^ (s1 << uint64(17))
    s[1, c] = s1 ^ s2
    s[3, c] = (s3 << uint64(45)) | (s3 >> uint64(19))
    return ((total << uint64(23)) | (total >> uint64(41))) + s0


@njit(inline="always")
def _log(u):  # pragma: no cover - compiled
    """log u for normal positive u: exponent times log 2, plus 2 artanh((m - 1)/(m + 1)) of the rest m."""
    bits = np.float64(u).view(np.uint64)
    m = np.uint64((bits & FRACTION) | ONE).view(np.float64)
    large = m > ROOT_2
    m = 0.5 * m if large else m
    exponent = float64(int64(bits >> uint64(52)) - 1023) + (1.0 if large else 0.0)
    f = (m - 1.0) / (m + 1.0)
    q = f * f
    tail = 1 / 9 + q * (1 / 11 + q * (1 / 13 + q * (1 / 15 + q * (1 / 17))))
    return exponent * LOG_2 + 2.0 * f * (1.0 + q * (1 / 3 + q * (1 / 5 + q * (1 / 7 + q * tail))))


@njit(inline="always")
def _sine_and_cosine(x):  # pragma: no cover - compiled
    """Taylor's series for |x| <= pi/4, to 1e-14."""
    z = x * x
    tail = 1 / 362880 + z * (-1 / 39916800 + z * (1 / 6227020800))
    sine = x * (1.0 + z * (-1 / 6 + z * (1 / 120 + z * (-1 / 5040 + z * tail))))
    tail = 1 / 40320 + z * (-1 / 3628800 + z * (1 / 479001600 + z * (-1 / 87178291200)))
    cosine = 1.0 + z * (-1 / 2 + z * (1 / 24 + z * (-1 / 720 + z * tail)))
    return sine, cosine
