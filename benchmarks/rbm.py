"""How fast are the compiled loops for Gaussian RBMs, and beside what? One run, one processor, ratios.

    python benchmarks/rbm.py

Persistent contrastive divergence with three sweeps, ten sites and 16 chains, for many networks at once: the
compiled loops, and the same algorithm in NumPy with the networks as the leading axis. The two take turns; of
each the fastest round counts. They draw from different generators, so their means are compared.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from phasebook.network import Array
from phasebook.systems.contrastive_divergence import start, train
from phasebook.systems.gaussian_rbm import GaussianRBM

NETWORKS, CHAINS, UPDATES, ROUNDS, RATE, SWEEPS = 64, 16, 400, 5, 0.1, 3


def compiled(model: GaussianRBM) -> Array:
    """W after UPDATES updates from the target, one thread."""
    state = start(model, n_networks=NETWORKS, batch_size=CHAINS, at_target=True)
    return train(state, model, learning_rate=RATE, record_updates=[UPDATES], threads=1)[1].weights


def batched(model: GaussianRBM) -> Array:
    """The same in NumPy."""
    rng, covariance = np.random.default_rng(0), np.linalg.inv(model.kinetic)
    w = np.tile(model.weights_at(model.targets), (NETWORKS, 1, 1))
    v = np.ones((NETWORKS, model.sites, CHAINS))
    for _ in range(UPDATES):
        for _ in range(SWEEPS):
            h = w @ v + rng.standard_normal(v.shape)
            v = np.swapaxes(w, 1, 2) @ h / model.mu**2 + rng.standard_normal(v.shape) / model.mu
        w = w + RATE * w @ (covariance - v @ np.swapaxes(v, 1, 2) / CHAINS)
    return w


def fastest(way: Callable[[GaussianRBM], Array], model: GaussianRBM) -> tuple[float, float]:
    """Seconds of the processor per update and network, and the mean of the highest eigenvalue."""
    began = time.process_time()
    w = way(model)
    used = time.process_time() - began
    return used / (NETWORKS * UPDATES), float(np.linalg.eigvalsh(w @ np.swapaxes(w, 1, 2))[:, -1].mean())


def main() -> None:
    model = GaussianRBM()
    compiled(model)
    rounds = [(fastest(compiled, model), fastest(batched, model)) for _ in range(ROUNDS)]
    loops, numpy = (min(one[k][0] for one in rounds) for k in range(2))
    print(f"highest eigenvalue: compiled {rounds[0][0][1]:.2f}, NumPy {rounds[0][1][1]:.2f}")
    print(f"compiled loops {loops * 1e6:6.1f} µs per update and network")
    print(f"batched NumPy  {numpy * 1e6:6.1f} µs, {numpy / loops:.1f} times as much")


if __name__ == "__main__":
    main()
