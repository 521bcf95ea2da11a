"""The random numbers of the compiled loops: the published generator, and normal."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kstest

from phasebook.systems.normal_numbers import _log, _next_word, _sine_and_cosine, fill_normals, start_streams


def drawn(rows: int, *, chains: int = 16, seed: int = 0, network: int = 0) -> np.ndarray:
    streams, out = start_streams([network], chains=chains, seed=seed)[0], np.empty((rows, chains))
    fill_normals(streams, out)
    return out


def test_generator_gives_the_published_sequence():
    """First words of xoshiro256++ from the state 1, 2, 3, 4: test vector of its reference implementation."""
    state = np.array([[1], [2], [3], [4]], dtype=np.uint64)
    words = [int(_next_word(state, 0)) for _ in range(10)]
    assert words == [
        41943041, 58720359, 3588806011781223, 3591011842654386, 9228616714210784205, 9973669472204895162,
        14011001112246962877, 12406186145184390807, 15849039046786891736, 10450023813501588000,
    ]  # fmt: skip


def test_logarithm_and_angles_are_those_of_the_library():
    u = (np.arange(0, 2**40, 2**40 // 20011) + 0.5) * 2.0**-40
    assert np.allclose([_log(one) for one in u], np.log(u), rtol=1e-14, atol=1e-16)
    assert _log(2.0**-41) == pytest.approx(-41 * np.log(2), rel=1e-15)
    x = np.linspace(-np.pi / 4, np.pi / 4, 2001)
    sine, cosine = np.array([_sine_and_cosine(one) for one in x]).T
    assert np.allclose(sine, np.sin(x), atol=1e-13)
    assert np.allclose(cosine, np.cos(x), atol=1e-13)


def test_numbers_are_normal():
    """Kolmogorov-Smirnov at half a million, and moments to five standard errors."""
    z = drawn(32_768).ravel()
    assert kstest(z, "norm").pvalue > 0.01
    n = len(z)
    for power, moment, variance in ((1, 0, 1), (2, 1, 2), (3, 0, 15), (4, 3, 96), (6, 15, 10170)):
        assert abs((z**power).mean() - moment) < 5 * np.sqrt(variance / n), power
    assert np.abs(z).max() > 4.4


def test_the_two_of_a_pair_and_the_chains_are_independent():
    """Covariances of values and of squares between rows of one random word, rows and chains."""
    z = drawn(40_000, chains=8)
    first, second = z[0::2], z[1::2]
    chain, other = z[:, 0], z[:, 1]
    for a, b in ((first, second), (chain, other), (z[:-2], z[2:])):
        error = 1 / np.sqrt(a.size)
        assert abs((a * b).mean()) < 5 * error
        assert abs((a**2 * b**2).mean() - 1) < 5 * np.sqrt(8) * error
        assert abs((np.abs(a) * b).mean()) < 5 * error


def test_streams_are_keyed_by_seed_network_and_chain():
    both = start_streams([3, 5], chains=4, seed=7)
    assert np.array_equal(both[1], start_streams([5], chains=4, seed=7)[0])
    assert np.unique(both).size == both.size
    assert not np.array_equal(drawn(2, seed=1), drawn(2, seed=2))


def test_numbers_go_on_where_they_stopped():
    streams = start_streams([0], chains=16, seed=0)[0]
    parts = np.empty((2, 10, 16))
    for part in parts:
        fill_normals(streams, part)
    assert np.array_equal(parts.reshape(20, 16), drawn(20))
