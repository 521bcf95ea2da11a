"""Spheres under random organization and SGD: exact results, and the same bits however they are computed."""

from concurrent.futures import ThreadPoolExecutor
from itertools import product

import numpy as np
import pytest

from benchmarks.packing_contenders import numpy_steps
from phasebook.systems.random_organization import (
    BRO,
    RO,
    SGD,
    Packing,
    Series,
    StochasticApproximation,
    evolve,
    fcc_packing,
    from_positions,
    matched_approximation,
    matched_sgd,
    pieces,
    random_packing,
)

RULES = {
    "BRO": BRO(0.1),
    "BRO non-reciprocal": BRO(0.1, reciprocal=False),
    "BRO particle-wise": BRO(0.1, particlewise=True),
    "SGD": matched_sgd(0.1),
    "SGD m = 2": SGD(0.3, 0.5, exponent=2),
    "SGD particle-wise": SGD(0.1, 0.5, particlewise=True),
    "SGD m = 5/2": SGD(0.3, 0.5, exponent=2.5),
    "RO": RO(0.1, correlation=0.5),
    "stochastic approximation": matched_approximation(0.1),
}
FROZEN = {
    "BRO": "aa7c0e437489191c",
    "SGD": "8a8843642cef9dc0",
    "RO": "afc4a199b257eb9c",
    "stochastic approximation": "c67aedaf56ebaa54",
}
"""Bits of 200 particles after 20 steps: packaged results were made with them."""

CONTACT = {1: 2.0, 2: 4.0, 3: 8.0}
"""Volume within which another centre overlaps, over the volume of a particle: 2^d."""


def spheres(**options) -> Packing:
    return random_packing(**({"n_particles": 200, "packing_fraction": 0.5, "seed": 7} | options))


def bits(packing, rule, *, n_steps=20, **options) -> str:
    return list(pieces(packing, rule, n_steps=n_steps, **options))[-1][0].digest()


def pair(gap: float, *, seed: int) -> Packing:
    """Two spheres that overlap by `gap`, across the boundary of the box."""
    return from_positions(np.array([[0.1, 2.0, 1.0], [5.1 + gap, 2.0, 1.0]]), box=6.0, seed=seed)


def escape_times(rule, *, gap: float, n_runs: int = 1500) -> np.ndarray:
    """Steps until two overlapping spheres are apart."""
    return np.array([evolve(pair(gap, seed=s), rule, n_steps=200)[0].step for s in range(n_runs)])


@pytest.mark.parametrize("name", FROZEN)
def test_bits_are_frozen(name):
    assert bits(spheres(), RULES[name]) == FROZEN[name]


@pytest.mark.parametrize(("rule", "dimension"), [*product(RULES, (1, 2, 3))])
def test_same_bits_however_neighbours_are_found(rule, dimension):
    """C5: cells with two skins against all pairs, in boxes of few cells and of more, with wrap-around."""
    options = {"dimension": dimension, "packing_fraction": {1: 0.8, 2: 0.7, 3: 0.5}[dimension]}
    for diameters, n in (("mono", 200), ("bidisperse", 200), ("mono", {1: 6, 2: 30, 3: 170}[dimension])):
        packing = spheres(diameters=diameters, n_particles=n, **options)
        expected = bits(packing, RULES[rule], every_pair=True)
        assert bits(packing, RULES[rule]) == expected
        assert bits(packing, RULES[rule], skin=0.02) == expected


@pytest.mark.parametrize("width", [1.99, 3.01, 3.99, 4.0, 4.01, 4.99, 5.0, 5.01])
def test_same_bits_where_the_number_of_cells_changes(width):
    """C5: boxes around a whole number of cells wide, all of whose pairs are near each other."""
    skin = 0.1
    box, n = max(width * (1 + skin + 1e-4), 2.0), int(width**3)
    places = np.random.default_rng(0).random((n, 3)) * box
    packing = from_positions(places, box=box)
    expected = bits(packing, BRO(0.2), every_pair=True)
    assert bits(packing, BRO(0.2), skin=skin) == expected == bits(packing, BRO(0.2), skin=0.02)


@pytest.mark.parametrize(
    "name", [name for name in RULES if name.startswith(("BRO", "SGD")) and "5/2" not in name]
)
def test_same_bits_as_numpy_and_a_tree(name):
    """A second implementation shares only the definition of the random numbers and the units."""
    packing = spheres(diameters="bidisperse")
    coordinates, activity = numpy_steps(packing, RULES[name], n_steps=20)
    after, series = evolve(packing, RULES[name], n_steps=20)
    assert np.array_equal(after.coordinates, coordinates)
    assert series.n_active.tolist() == activity


def test_same_bits_after_a_restart():
    packing, rule = spheres(n_particles=500), BRO(0.1)
    whole, series = evolve(packing, rule, n_steps=50, record_every=3)
    half, first = evolve(packing, rule, n_steps=20, record_every=3)
    rest, second = evolve(half, rule, n_steps=30, record_every=3)
    assert (rest.digest(), rest.step) == (whole.digest(), 50)
    joined = Series.joined([first, second])
    for column in ("step", "n_active", "n_overlaps", "energy"):
        assert np.array_equal(getattr(joined, column), getattr(series, column))


def test_same_bits_with_threads():
    packings = [spheres(seed=s) for s in range(8)]
    alone = [bits(p, BRO(0.1)) for p in packings]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda p: bits(p, BRO(0.1)), packings)) == alone


@pytest.mark.parametrize(("dimension", "phi"), [(3, 0.1), (3, 0.3), (2, 0.2), (1, 0.4)])
def test_activity_of_a_random_start(dimension, phi):
    """C1: f_a = 1 - (1 - v/V)^(N-1), v the volume in which another centre overlaps."""
    values = np.array(
        [
            evolve(
                spheres(dimension=dimension, packing_fraction=phi, n_particles=400, seed=s),
                BRO(0.1),
                n_steps=1,
            )[1].activity[0]
            for s in range(60)
        ]
    )
    expected = 1 - (1 - CONTACT[dimension] * phi / 400) ** 399
    assert abs(values.mean() - expected) < 4 * values.std(ddof=1) / np.sqrt(len(values))


@pytest.mark.parametrize("exponent", [1.0, 1.5, 2.0, 3.0])
def test_energy_of_a_random_start(exponent):
    """C2: E/N = 12 phi a B(3, m + 1) / m, with a = 1/2 and (N - 1) possible partners."""
    from scipy.special import beta

    n, phi, rule = 400, 0.3, SGD(0.1, 0.5, exponent=exponent)
    starts = (spheres(packing_fraction=phi, n_particles=n, seed=s) for s in range(60))
    energies = np.array([evolve(start, rule, n_steps=1)[1].energy[0] / n for start in starts])
    expected = 12 * phi * 0.5 * beta(3, exponent + 1) / exponent * (n - 1) / n
    assert abs(energies.mean() - expected) < 4 * energies.std(ddof=1) / np.sqrt(len(energies))


@pytest.mark.parametrize(
    ("rule", "mean"),
    [
        (BRO(0.1), np.exp(0.15 / 0.2)),
        (BRO(0.2, reciprocal=False), np.cosh(0.15 / 0.2)),
        (SGD(0.1, 0.75), np.ceil(0.15 / 0.1) / 0.75),
        (SGD(0.12, 0.5), np.ceil(0.15 / 0.12) / 0.5),
    ],
    ids=str,
)
def test_escape_of_a_pair(rule, mean):
    """C3: E[steps] = exp(g / 2 eps), cosh(g / eps), ceil(g / 2 d) / p for an overlap g = 0.15."""
    times = escape_times(rule, gap=0.15)
    assert abs(times.mean() - mean) < 4 * times.std(ddof=1) / np.sqrt(len(times))
    if isinstance(rule, SGD):
        hits, p = np.ceil(0.15 / rule.learning_rate), rule.batch_fraction
        variance = hits * (1 - p) / p**2
        spread = np.std((times - times.mean()) ** 2) / np.sqrt(len(times))
        assert abs(times.var(ddof=1) - variance) < 4 * spread


@pytest.mark.parametrize("name", RULES)
def test_centre_of_mass(name):
    """C4: conserved to the last bit by reciprocal rules, and by no other."""
    before = spheres(packing_fraction=0.8)
    after, _ = evolve(before, RULES[name], n_steps=20)
    drift = (after.coordinates - before.coordinates).sum(0)
    reciprocal = name in {"BRO", "SGD", "SGD m = 2", "SGD m = 5/2", "stochastic approximation"}
    assert np.all(drift == 0) == reciprocal


def test_drift_of_non_reciprocal_moves():
    """C4: one step moves the sum of all places by (u - u') eps n per overlap: variance 2 eps^2/12 each."""
    squares, overlaps = [], []
    for seed in range(300):
        before = spheres(packing_fraction=0.4, seed=seed)
        after, series = evolve(before, BRO(0.1, reciprocal=False), n_steps=1)
        squares.append((before.displacements_to(after).sum(0) ** 2).sum())
        overlaps.append(series.n_overlaps[0])
    expected = np.array(overlaps) * 2 * 0.1**2 / 12
    ratio = np.array(squares) / expected
    assert abs(ratio.mean() - 1) < 4 * ratio.std() / np.sqrt(300)


@pytest.mark.parametrize("dimension", [1, 2, 3])
def test_absorbed_configuration_is_a_fixed_point(dimension):
    """C6: no two centres nearer than a diameter, and nothing moves any more."""
    phi = {1: 0.5, 2: 0.4, 3: 0.3}[dimension]
    absorbed, series = evolve(spheres(dimension=dimension, packing_fraction=phi), BRO(0.1), n_steps=5000)
    assert absorbed.absorbed
    assert series.n_active[-1] == series.n_overlaps[-1] == series.energy[-1] == 0
    assert np.all(series.n_active[:-1] > 0)
    d = absorbed.positions[:, None] - absorbed.positions
    d -= absorbed.box * np.round(d / absorbed.box)
    distances = np.sqrt((d**2).sum(-1)) + 10 * np.eye(len(d))
    assert distances.min() >= 1 - 1e-12
    later, _ = evolve(absorbed, BRO(0.1), n_steps=50, stop_when_absorbed=False)
    assert (later.digest(), later.step) == (absorbed.digest(), absorbed.step + 50)


def test_full_batch_is_deterministic():
    """C7: with p = 1 the seed does not matter, with p < 1 it does."""
    start = spheres()
    other = Packing(start.coordinates, start.diameters, start.box, seed=99)
    assert bits(start, SGD(0.1, 1.0)) == bits(other, SGD(0.1, 1.0))
    assert bits(start, SGD(0.1, 0.9)) != bits(other, SGD(0.1, 0.9))


@pytest.mark.parametrize("rule", [BRO(0.1), matched_sgd(0.1), matched_approximation(0.1)], ids=str)
def test_matched_moments(rule):
    """C8: each overlap moves a partner by kick / 2 on average, with variance kick^2 / 12."""
    lengths = []
    for seed in range(4000):
        start = pair(0.9, seed=seed)
        lengths.append(start.displacements_to(evolve(start, rule, n_steps=1)[0])[0, 0])
    lengths = np.array(lengths)
    assert abs(lengths.mean() - 0.05) < 4 * lengths.std() / np.sqrt(4000)
    spread = np.std((lengths - lengths.mean()) ** 2) / np.sqrt(4000)
    assert abs(lengths.var() - 0.1**2 / 12) < 4 * spread


def test_translation_and_relabelling():
    """C9: measurements do not notice either, and a deterministic run carries a shift along exactly."""
    start = spheres()
    order = np.random.default_rng(0).permutation(start.n_particles)
    shift = np.array([3 << 40, -(5 << 44), 7 << 47])
    moved = Packing(start.coordinates[order] + shift, start.diameters[order], start.box, start.seed)
    rule = SGD(0.1, 1.0)
    (a, series_a), (b, series_b) = evolve(start, rule, n_steps=30), evolve(moved, rule, n_steps=30)
    assert np.array_equal(series_a.n_active, series_b.n_active)
    assert np.array_equal(series_a.energy, series_b.energy)
    assert np.array_equal(a.coordinates[order] + shift, b.coordinates)


@pytest.mark.parametrize(("phi", "activity"), [(0.70, 0.0), (0.75, 1.0)])
def test_close_packed_lattice(phi, activity):
    """C10: fcc spheres touch at 0.7405; beyond it each overlaps with its 12 neighbours."""
    packing = fcc_packing(cells=3, packing_fraction=phi)
    _, series = evolve(packing, BRO(0.1), n_steps=1)
    assert series.activity[0] == activity
    assert series.n_overlaps[0] == activity * 6 * packing.n_particles


def test_coincident_centres_part():
    """At distance zero there is no line of centres: the direction is random, and opposite for the two."""
    start = from_positions(np.full((2, 3), 1.5), box=6.0, seed=3)
    after, _ = evolve(start, BRO(0.1), n_steps=1)
    moved = start.displacements_to(after)
    assert np.array_equal(moved[0], -moved[1])
    assert 0 < np.linalg.norm(moved[0]) < 0.1


def test_correlation_of_random_organization():
    """The displacements of partners have correlation -c in each component."""
    for c in (0.0, 0.5, 1.0):
        products, squares = [], []
        for seed in range(1500):
            start = pair(0.5, seed=seed)
            moved = start.displacements_to(evolve(start, RO(0.2, correlation=c), n_steps=1)[0])
            products.append((moved[0] * moved[1]).sum())
            squares.append((moved**2).sum() / 2)
        assert abs(np.mean(products) / np.mean(squares) + c) < 4 / np.sqrt(1500)


def test_random_numbers_look_random():
    """Moves of one pair at successive steps, and of pairs at one step: uniform and uncorrelated."""
    from benchmarks.packing_contenders import uniform

    steps = np.array([uniform(5, s, np.array([3]), np.array([8]))[0] for s in range(4000)])
    i, j = np.triu_indices(90, 1)
    pairs = uniform(5, 77, i, j)
    for u in (steps, pairs):
        counts = np.histogram(u, bins=20, range=(0, 1))[0]
        chi2 = ((counts - len(u) / 20) ** 2 / (len(u) / 20)).sum()
        assert chi2 < 19 + 4 * np.sqrt(38)
        assert abs(np.corrcoef(u[1:], u[:-1])[0, 1]) < 4 / np.sqrt(len(u))


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: random_packing(n_particles=1, packing_fraction=0.5),
        lambda: random_packing(n_particles=10, packing_fraction=-0.5),
        lambda: random_packing(n_particles=10, packing_fraction=0.5, dimension=4),
        lambda: random_packing(n_particles=2, packing_fraction=0.6),
        lambda: random_packing(n_particles=100, packing_fraction=0.5, seed=-1),
        lambda: random_packing(n_particles=100, packing_fraction=0.5, diameters=0.5),
        lambda: BRO(0.0),
        lambda: BRO(1.5),
        lambda: SGD(0.1, 0.0),
        lambda: SGD(0.1, 0.5, exponent=1.3),
        lambda: RO(0.1, correlation=2.0),
        lambda: StochasticApproximation(0.1, -0.1),
        lambda: evolve(spheres(), BRO(0.1), n_steps=-1),
        lambda: evolve(spheres(), BRO(0.1), n_steps=5, record_every=0),
        lambda: evolve(spheres(), BRO(0.1), n_steps=5, record_steps=[3, 2]),
        lambda: fcc_packing(cells=1, packing_fraction=0.5),
        lambda: from_positions(np.zeros((3, 4)), box=5.0),
        lambda: from_positions(np.zeros((3, 3)), box=1.5),
    ],
)
def test_bad_input_is_refused_in_one_line(wrong):
    with pytest.raises(ValueError) as caught:
        wrong()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("rule", [BRO(0.1), matched_sgd(0.1), BRO(0.1, particlewise=True)], ids=str)
def test_same_bits_as_numpy_to_the_end(rule):
    """On the way to absorption ever fewer particles are looked at; nothing is missed."""
    packing = spheres(n_particles=300, packing_fraction=0.42)
    after, series = evolve(packing, rule, n_steps=400)
    coordinates, activity = numpy_steps(packing, rule, n_steps=after.step)
    assert np.array_equal(after.coordinates, coordinates)
    assert series.n_active[: after.step].tolist() == activity
    assert series.activity[-1] < 0.1
