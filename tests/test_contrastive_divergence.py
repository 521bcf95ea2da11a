"""Training of Gaussian RBMs: the same bits whatever the circumstances, and a second implementation."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

import numpy as np
import pytest

from phasebook.network import Array
from phasebook.systems.contrastive_divergence import Phase, State, start, train
from phasebook.systems.gaussian_rbm import GaussianRBM, mean_shift, stationary_width, width_correction
from phasebook.systems.normal_numbers import fill_normals

MODEL = GaussianRBM()
SMALL = GaussianRBM(sites=3)
ODD = GaussianRBM(sites=7, mass=1.0, mu=2.5, sigma_h=0.6)


def run(state: State, until: int, model: GaussianRBM = MODEL, learning_rate: float = 0.1, **options) -> State:
    return train(state, model, learning_rate=learning_rate, record_updates=[until], **options)[1]


def same(one: State, other: State) -> bool:
    return all(
        np.array_equal(getattr(one, name), getattr(other, name), equal_nan=name != "streams")
        for name in ("weights", "chains", "streams", "diverged_at")
    )


def by_hand(state: State, model: GaussianRBM, *, alpha: float, phase: Phase, sampled: bool) -> Array:
    """W of every network after one update, with NumPy's products and the same normal numbers."""
    n, s2, mu2 = model.sites, model.sigma_h**2, model.mu**2
    target, after = np.linalg.inv(model.kinetic), []
    rows = n + n % 2
    for w, v, streams in zip(state.weights, state.chains, state.streams.copy(), strict=True):
        normals = np.empty((2 * rows, v.shape[1]))
        if phase == "exact":
            fill_normals(streams, normals[:rows])
            v = np.linalg.inv(np.linalg.cholesky(model.precision(w))).T @ normals[:n]
        else:
            for _ in range(3):
                fill_normals(streams, normals)
                h = s2 * w @ v + np.sqrt(s2) * normals[:n]
                v = w.T @ h / mu2 + normals[rows : rows + n] / np.sqrt(mu2)
        square = target
        if sampled:
            fill_normals(streams, normals[:rows])
            field = np.linalg.cholesky(target) @ normals[:n]
            square = field @ field.T / v.shape[1]
        after.append(w + alpha * s2 * w @ (square - v @ v.T / v.shape[1]))
    return np.stack(after)


@pytest.mark.parametrize("model", [MODEL, ODD])
@pytest.mark.parametrize("phase", ["persistent", "exact"])
@pytest.mark.parametrize("sampled", [False, True])
def test_one_update_against_a_second_implementation(model, phase, sampled):
    state = run(start(model, n_networks=3, batch_size=6, seed=2), 5, model)
    expected = by_hand(state, model, alpha=0.1, phase=phase, sampled=sampled)
    found = run(state, 6, model, phase=phase, data="sampled" if sampled else "exact")
    assert np.allclose(found.weights, expected, atol=1e-6)  # C_data is rounded to single precision
    assert not np.allclose(found.weights, state.weights, atol=1e-4)


@pytest.mark.parametrize("phase", ["persistent", "exact"])
def test_bits_do_not_depend_on_threads_company_or_interruptions(phase):
    whole = run(start(MODEL, n_networks=20, batch_size=16, seed=5), 200, phase=phase, threads=2)
    alone = run(start(MODEL, n_networks=1, batch_size=16, seed=5, first=13), 200, phase=phase, threads=1)
    assert np.array_equal(whole.weights[13], alone.weights[0])
    state = start(MODEL, n_networks=20, batch_size=16, seed=5)
    for until in (70, 100, 200):
        state = run(state, until, phase=phase, threads=1)
    assert same(state, whole)


def test_weights_are_the_same_on_every_machine():
    """A pinned hash: fails where arithmetic is not IEEE's or something was contracted or reordered."""
    state = run(start(MODEL, n_networks=2, batch_size=16, at_target=True), 50)
    state = run(state, 60, phase="exact", data="sampled")
    assert sha256(state.weights.tobytes()).hexdigest()[:16] == "d65a902a0a414abb"


def test_units_of_the_hidden_layer_change_nothing():
    """sigma_h = 2 with W/2 and alpha/4 is the same run, to the last bit."""
    state = start(MODEL, n_networks=3, batch_size=8)
    one = run(state, 40)
    other = run(replace(state, weights=state.weights / 2), 40, GaussianRBM(sigma_h=2.0), 0.1 / 4)
    assert np.array_equal(one.weights, 2 * other.weights)


def test_chains_sample_the_model():
    """Long chains at a fixed W have the covariance 1/K, and the memory (x*/mu^2)^k of each mode."""
    weights = MODEL.weights_at(MODEL.targets)
    state = start(MODEL, n_networks=4, batch_size=4000, at_target=True)
    state = run(state, 12, learning_rate=1e-12)
    later = run(state, 13, learning_rate=1e-12)
    for one in (state, later):
        v = np.concatenate(list(one.chains), axis=1)
        expected = np.linalg.inv(MODEL.precision(weights))
        diagonal = np.diagonal(expected)
        error = np.sqrt((expected**2 + np.outer(diagonal, diagonal)) / v.shape[1])
        assert np.all(np.abs(v @ v.T / v.shape[1] - expected) < 5 * error)
    before, after = (np.einsum("vi,rvc->irc", MODEL.modes, s.chains).reshape(10, -1) for s in (state, later))
    memory = (before * after).mean(axis=1) / before.var(axis=1)
    assert np.allclose(memory, (MODEL.targets / MODEL.mu**2) ** 3, atol=5 / np.sqrt(before.shape[1]))


@pytest.mark.parametrize("phase", ["persistent", "exact"])
def test_kick_of_a_pair_is_that_of_the_gaussian_orthogonal_ensemble(phase):
    """One update from the target: Var X_aa = 2 Var X_ab = (2 alpha x*)^2 2 / (|B| kappa^2), so beta = 1."""
    alpha, batch = 0.01, 16
    state = start(MODEL, n_networks=3000, batch_size=batch, at_target=True)
    if phase == "persistent":
        state = run(state, 12, learning_rate=1e-12)
    kicked = run(state, state.updates + 1, learning_rate=alpha, phase=phase).weights @ MODEL.modes
    x = np.swapaxes(kicked, -1, -2) @ kicked - np.diag(MODEL.targets)
    expected = (2 * alpha * MODEL.targets / MODEL.kappa) ** 2 * 2 / batch
    error = 5 * np.sqrt(2 / 3000)
    for a, b in ((1, 2), (5, 6)):
        assert x[:, a, a].var() / expected[a] == pytest.approx(1, abs=error)
        assert 2 * x[:, a, b].var() / expected[a] == pytest.approx(1, abs=error)


def test_sampled_data_doubles_the_variance():
    """Independent noise of the same size from the data side: widths over sqrt 2 of the exact one's."""
    found = {}
    for data in ("exact", "sampled"):
        state = start(SMALL, n_networks=400, batch_size=32, at_target=True)
        later, _ = train(
            state, SMALL, learning_rate=0.1, record_updates=[80, 160, 240], phase="exact", data=data
        )
        found[data] = later["eigenvalues"].values[..., -1].ravel()
    ratio = found["sampled"].var() / found["exact"].var()
    assert ratio == pytest.approx(2, abs=5 * 2 * np.sqrt(4 / 1200))


def test_mean_and_width_of_the_single_level():
    """kappa = 4 has no partner: Gaussian of variance 2 alpha x*/|B| about x* plus the shift."""
    alpha, batch = 0.1, 64
    later, _ = train(
        start(SMALL, n_networks=600, batch_size=batch, at_target=True, seed=1), SMALL, learning_rate=alpha,
        record_updates=[100, 180, 260, 340], phase="exact",
    )  # fmt: skip
    x = later["eigenvalues"].values[..., -1].ravel() - SMALL.targets[0]
    width = float(stationary_width(SMALL.targets[0], learning_rate=alpha, batch_size=batch))
    width *= float(np.sqrt(width_correction(SMALL, learning_rate=alpha, sweeps=None)[0]))
    shift = mean_shift(SMALL, learning_rate=alpha, batch_size=batch)[0]
    assert x.mean() == pytest.approx(shift, abs=5 * width / np.sqrt(len(x)))
    assert x.var() / width**2 == pytest.approx(1, abs=5 * np.sqrt(2 / len(x)))


def test_divergence_is_recorded_and_harms_nobody():
    state = start(MODEL, n_networks=40, batch_size=2, at_target=True, seed=1)
    later, after = train(state, MODEL, learning_rate=0.45, record_updates=[50, 300])
    lost = later["diverged_at"].values >= 0
    assert 0 < lost.sum() < 40
    assert np.array_equal(np.isnan(later["eigenvalues"].values[:, -1]).all(axis=-1), lost)
    assert np.all(np.isfinite(later["eigenvalues"].values[~lost]))
    survivor = int(np.flatnonzero(~lost)[0])
    alone = run(
        start(MODEL, n_networks=1, batch_size=2, at_target=True, seed=1, first=survivor),
        300,
        learning_rate=0.45,
    )
    assert np.array_equal(alone.weights[0], after.weights[survivor])
    again = run(after, 320, learning_rate=0.45)
    assert np.array_equal(again.diverged_at[lost], after.diverged_at[lost])


def test_progress_counts_networks():
    done: list[int] = []
    train(
        start(MODEL, n_networks=10, batch_size=2), MODEL, learning_rate=0.1, record_updates=[1],
        advance=done.append,
    )  # fmt: skip
    assert sum(done) == 10


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"record_updates": []}, "must ascend from 3 or later"),
        ({"record_updates": [2, 5]}, "must ascend from 3 or later"),
        ({"record_updates": [5, 5]}, "must ascend"),
        ({"learning_rate": 0.0}, "learning_rate and sweeps must be positive, got 0.0"),
        ({"sweeps": 0}, "must be positive"),
        ({"phase": "cd"}, "phase is persistent or exact"),
        ({"data": "all"}, "data exact or sampled"),
    ],
)
def test_bad_arguments_are_named(options, message):
    state = run(start(MODEL, n_networks=1, batch_size=2), 3)
    with pytest.raises(ValueError, match=message):
        train(state, MODEL, **{"learning_rate": 0.1, "record_updates": [5], **options})


def test_bad_starts_are_named():
    with pytest.raises(ValueError, match="n_networks and batch_size must be positive"):
        start(MODEL, n_networks=0, batch_size=16)
    with pytest.raises(ValueError, match="seed and first not negative"):
        start(MODEL, n_networks=1, batch_size=16, seed=-1)
