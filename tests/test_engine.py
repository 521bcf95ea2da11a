"""The fused kernel: agreement with the definition, and the same bits whatever the circumstances."""

import os
import platform
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from numba import from_dtype

from phasebook.engine import KERNEL_VERSION, fused, fused_applies, kernel
from phasebook.engine.vector import Vector
from phasebook.network import Ensemble, sample_ensemble, sample_networks
from phasebook.sgd import train

CELLS = [(2.0**t, 2.0**s, model) for model in range(3) for t in (-5, 0, 6) for s in (-8, 0, 3)]
LEARNING_RATES = np.array([4 * temperature for temperature, _, _ in CELLS])


@pytest.fixture(scope="module")
def ensemble() -> Ensemble:
    return sample_networks(CELLS, seed=3, n_samples=400)


def test_agrees_with_torch_step_by_step():
    """Double precision, 1000 steps in the ordered cell: 1e-12 relative."""
    ordered = sample_ensemble(n_models=5, inv_sigma_w=8.0, temperature=2.0**-5, seed=1, n_samples=400)
    steps = range(0, 1001, 50)
    runs = [
        train(ordered, learning_rate=0.125, record_steps=steps, precision="float64", engine=engine)
        for engine in ("fused", "torch")
    ]
    scale = np.abs(runs[1].weights).max()
    np.testing.assert_allclose(runs[0].weights, runs[1].weights, atol=1e-12 * scale, rtol=0)
    np.testing.assert_allclose(runs[0].epoch_mean_loss, runs[1].epoch_mean_loss, rtol=1e-12)


@pytest.mark.parametrize("batch_size", [1, 2, 3, 4, 7, 16, 64])
@pytest.mark.parametrize("order", ["fixed", "shuffled"])
def test_every_batch_size_and_order(ensemble, batch_size, order):
    run: dict[str, Any] = {
        "learning_rate": 0.03 * batch_size,
        "record_steps": [1, 250],
        "batch_size": batch_size,
        "order": order,
        "precision": "float64",
    }
    fast, slow = (train(ensemble, **run, engine=e) for e in ("fused", "torch"))
    np.testing.assert_allclose(fast.weights, slow.weights, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("widths", [(3, 8, 4, 1), (5, 64, 32, 1), (1, 4, 4, 1)])
def test_other_widths(widths):
    ensemble = sample_ensemble(n_models=2, inv_sigma_w=1.0, n_samples=40, widths=widths)
    run: dict[str, Any] = {"learning_rate": 0.5, "record_steps": [100], "precision": "float64"}
    fast, slow = (train(ensemble, **run, engine=e) for e in ("fused", "torch"))
    np.testing.assert_allclose(fast.weights, slow.weights, atol=1e-12)


def test_single_precision_follows_double(ensemble):
    """One step differs by rounding alone: some units of 6e-8 of the weights and of eps times the gradient."""
    single, double = (
        train(ensemble, learning_rate=LEARNING_RATES, record_steps=[1], precision=p)
        for p in ("float32", "float64")
    )
    scale = np.abs(double.weights).max(axis=(1, 2, 3)) + LEARNING_RATES
    assert (np.abs(single.weights - double.weights).max(axis=(1, 2, 3)) / scale).max() < 16 * 2.0**-24


def test_same_bits_for_any_threads_and_grouping(ensemble):
    reference = train(ensemble, learning_rate=LEARNING_RATES, record_steps=[500], threads=1)
    threaded = train(ensemble, learning_rate=LEARNING_RATES, record_steps=[500], threads=2)
    np.testing.assert_array_equal(threaded.weights, reference.weights)
    shuffled = np.random.default_rng(0).permutation(len(CELLS))
    for group in (shuffled, shuffled[:5], shuffled[20:21]):
        other = sample_networks([CELLS[n] for n in group], seed=3, n_samples=400)
        run = train(other, learning_rate=LEARNING_RATES[group], record_steps=[500])
        np.testing.assert_array_equal(run.weights, reference.weights[group])


def test_records_do_not_change_the_run(ensemble):
    once = train(ensemble, learning_rate=LEARNING_RATES, record_steps=[333])
    often = train(ensemble, learning_rate=LEARNING_RATES, record_steps=[0, 1, 17, 100, 333])
    np.testing.assert_array_equal(often.weights[:, -1], once.weights[:, 0])


HASH = """
import hashlib, numpy as np
from phasebook.engine.vector import register_bytes
from phasebook.network import sample_networks
from phasebook.sgd import train
cells = [(2.0**t, 2.0**s, m) for m in range(2) for t in (-5, 0, 6) for s in (-8, 0, 3)]
ensemble = sample_networks(cells, seed=3, n_samples=400)
eps = np.array([4 * cell[0] for cell in cells])
print(register_bytes(), *(hashlib.blake2b(
    train(ensemble, learning_rate=eps, record_steps=[200], precision=p).weights.tobytes(), digest_size=8
).hexdigest() for p in ("float32", "float64")))
"""

PROCESSORS = {
    "this machine's": {},
    "AVX2, no AVX-512": {
        "NUMBA_CPU_NAME": "haswell",
        "NUMBA_CPU_FEATURES": "+avx,+avx2,+fma,+sse4.2,+bmi,+bmi2,+popcnt",
    },
    "SSE2, fma in software": {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": "+sse2"},
}


def test_same_bits_on_older_processors(tmp_path):
    """Kernel version 1 is these bits: change them only with KERNEL_VERSION."""
    here = platform.machine() in ("x86_64", "AMD64")
    lines = {}
    for name, settings in PROCESSORS.items():
        if settings and not here:
            continue
        environment = {**os.environ, **settings, "NUMBA_CACHE_DIR": str(tmp_path)}
        run = subprocess.run(
            [sys.executable, "-c", HASH], env=environment, capture_output=True, text=True, check=True
        )
        lines[name] = run.stdout.split()
    widths = {line[0] for line in lines.values()}
    assert not here or {"32", "16"} <= widths  # the settings did restrict the compiler
    assert {tuple(line[1:]) for line in lines.values()} == {("34827e6a14e83f81", "534f2973c0f79975")}
    assert KERNEL_VERSION == 1


def _tanh_of(x: np.ndarray) -> np.ndarray:
    """The engine's tanh: a network of one input, unit weight, read off the first layer's features."""
    lanes = Vector(from_dtype(x.dtype)).lanes
    padded = np.resize(x, (-(-len(x) // lanes), lanes)).astype(x.dtype)
    one = fused._aligned((4, 1, lanes), x.dtype)
    one[:] = 1
    middle, readout = fused._aligned((4, 4, lanes), x.dtype), fused._aligned((4, lanes), x.dtype)
    inputs = fused._aligned((len(padded), 1, lanes), x.dtype)
    inputs[:, 0] = padded
    features = fused._aligned((len(padded), 4, lanes), x.dtype)
    targets = fused._aligned((len(padded), lanes), x.dtype)
    kernel.prepare(one, middle, readout, inputs, features, targets)
    return features[:, 0].ravel()[: len(x)]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_tanh(dtype):
    """Within three units in the last place of the truth, from the smallest number to saturation.

    The truth is the library's tanh in extended precision; where a machine has none, that may be one off.
    """
    rng = np.random.default_rng(0)
    exponents = rng.uniform(np.log2(np.finfo(dtype).tiny) + 2, 10, size=200_000)
    x = (2.0**exponents * rng.choice([-1, 1], size=len(exponents))).astype(dtype)
    exact = np.tanh(x.astype(np.longdouble))
    error = np.abs(_tanh_of(x) - exact) / np.spacing(np.abs(exact).astype(dtype))
    extended = np.finfo(np.longdouble).eps < np.finfo(np.float64).eps
    assert error.max() < (3 if extended or dtype is np.float32 else 4)


def test_tanh_of_special_values():
    x = np.array([0.0, np.inf, -np.inf, np.nan], dtype=np.float32)
    np.testing.assert_array_equal(_tanh_of(x), [0.0, 1.0, -1.0, np.nan])


def test_where_the_kernel_applies():
    assert fused_applies((3, 32, 16, 1), trained=2, batch_size=64)
    beyond: list[tuple[tuple[int, ...], int, int]] = [
        ((3, 32, 16, 2), 2, 4),
        ((3, 32, 15, 1), 2, 4),
        ((3, 32, 16, 1), 1, 4),
        ((3, 32, 16, 1), 2, 65),
        ((3, 32, 1), 2, 4),
    ]
    for widths, trained, batch_size in beyond:
        assert not fused_applies(widths, trained=trained, batch_size=batch_size)
