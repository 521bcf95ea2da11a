"""Batched matrix products against the kernel, and a clock that is known."""

from __future__ import annotations

import time

import numpy as np
import pytest

from phasebook.network import sample_ensemble
from phasebook.runs.step_cost import batched_bmm, seconds_per_step
from phasebook.sgd import train


@pytest.mark.parametrize("widths", [(3, 32, 16, 1), (3, 64, 32, 1)])
def test_batched_products_give_the_weights_of_the_kernel(widths):
    """Two float32 ways of the same forty steps, the second of which begins the data again."""
    ensemble = sample_ensemble(n_models=3, inv_sigma_w=4.0, widths=widths, n_samples=80, seed=2)
    run = batched_bmm(ensemble, learning_rate=0.125)
    kernel = train(ensemble, learning_rate=0.125, record_steps=[40], threads=1).weights[:, 0]
    moved = np.abs(kernel - ensemble.weights).max()
    assert np.abs(run(40) - kernel).max() < 1e-5 * moved
    np.testing.assert_array_equal(run(40), run(40))


def test_time_of_a_step_is_the_quickest_without_the_start(monkeypatch):
    """A run of n steps takes 3 + 0.01 n seconds, the first of each length 5 seconds more."""
    now, seen = 0.0, list[int]()

    def run(steps: int) -> np.ndarray:
        nonlocal now
        now += 3 + 0.01 * steps + 5 * (steps not in seen)
        seen.append(steps)
        return np.empty(0)

    monkeypatch.setattr(time, "process_time", lambda: now)
    assert seconds_per_step(run, steps=101) == pytest.approx(0.01)
    assert seen.count(101) == 3
