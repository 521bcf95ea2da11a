"""What is measured on packings, against lattices and independent particles."""

import numpy as np
import pytest

from phasebook.systems.random_organization import (
    contacts,
    energy,
    evolve,
    fcc_packing,
    flatness,
    from_positions,
    global_order,
    local_order,
    matched_sgd,
    pair_correlation,
    random_packing,
    structure_factor,
)


def test_structure_factor_is_the_sum():
    """Against the definition, for one wave vector, in two dimensions."""
    packing = random_packing(n_particles=50, packing_fraction=0.4, dimension=2, seed=1)
    found = structure_factor(packing, largest=1)
    k = 2 * np.pi / packing.box
    waves = [np.abs(np.exp(1j * k * packing.positions[:, axis]).sum()) ** 2 / 50 for axis in (0, 1)]
    assert np.allclose(found.wave_number, [k])
    assert np.allclose(found.value, np.mean(waves), rtol=1e-12)


def test_structure_factor_of_independent_particles_is_one():
    values = [
        structure_factor(random_packing(n_particles=500, packing_fraction=0.3, seed=s)).value
        for s in range(20)
    ]
    means = np.mean(values, 0)
    errors = np.std(values, 0, ddof=1) / np.sqrt(20)
    assert np.all(np.abs(means - 1) < 5 * errors)


def test_structure_factor_of_a_lattice_vanishes_between_its_peaks():
    """fcc with three cells per side: the first peaks are at n = (3, 3, 3), n^2 = 27."""
    found = structure_factor(fcc_packing(cells=3, packing_fraction=0.6), largest=27)
    assert np.all(found.value[:-1] < 1e-20)
    assert found.value[-1] > 1


def test_order_of_close_packing():
    """q_6 = 0.57452 for the twelve neighbours of fcc (Steinhardt et al. 1983), each and all."""
    crystal = fcc_packing(cells=3, packing_fraction=0.74)
    assert np.allclose(local_order(crystal, within=1.2), 0.57452, atol=1e-5)
    assert abs(global_order(crystal, within=1.2) - 0.57452) < 1e-5
    assert global_order(random_packing(n_particles=1000, packing_fraction=0.4)) < 0.1
    with pytest.raises(ValueError, match="three dimensions"):
        local_order(random_packing(n_particles=20, packing_fraction=0.4, dimension=2))


def test_contacts_and_energy_of_a_compressed_lattice():
    """Twelve neighbours at 1 - g: E/N = 6 g^m / 2m."""
    crystal = fcc_packing(cells=3, packing_fraction=0.78)
    gap = 1 - crystal.box / 3 / np.sqrt(2)
    assert np.all(contacts(crystal) == 12)
    for m in (1.0, 2.0, 2.5):
        assert abs(energy(crystal, exponent=m) / crystal.n_particles - 6 * gap**m / (2 * m)) < 1e-9


def test_pair_correlation_counts_pairs():
    """1 for independent particles; the first shell of fcc holds twelve."""
    values = [
        pair_correlation(random_packing(n_particles=400, packing_fraction=0.2, seed=s))[1] for s in range(20)
    ]
    means, errors = np.mean(values, 0)[10:], np.std(values, 0, ddof=1)[10:] / np.sqrt(20)
    assert np.all(np.abs(means - 1) < 5 * errors)
    crystal = fcc_packing(cells=3, packing_fraction=0.7)
    r, g = pair_correlation(crystal, up_to=1.2)
    shell = 4 * np.pi * r**2 * (r[1] - r[0]) * crystal.n_particles / crystal.box**3
    assert abs((g * shell).sum() - 12) < 0.5


def test_flatness_is_half_the_trace_of_the_hessian():
    """Two spheres with m = 2: U'' = 1/(2 sigma) along the line of centres, U'/r across it."""
    packing = from_positions(np.array([[1.0, 2, 2], [1.7, 2, 2]]), box=5.0)
    r, sigma = 0.7, 1.0
    curvature, slope = 0.5 / sigma, -0.5 * (1 - r / sigma)
    trace = 2 * (curvature + 2 * slope / r)
    value, error = flatness(packing, size=0.01, exponent=2.0, n_repeats=4000)
    assert abs(value - trace / 2 / 2) < 4 * error


def test_flatness_prefers_the_relaxed_packing():
    """A relaxed packing is near a minimum: shaking it costs energy."""
    packing, _ = evolve(random_packing(n_particles=200, packing_fraction=0.7), matched_sgd(0.05), n_steps=500)
    value, error = flatness(packing, size=0.03, n_repeats=50)
    assert value > 4 * error
    with pytest.raises(ValueError, match="positive"):
        flatness(packing, size=0.0)
