"""The compiled loops of `contrastive_divergence`. Every sum has one order; nothing is reassociated."""

from __future__ import annotations

import numpy as np
from numba import njit

from phasebook.systems.normal_numbers import fill_normals


@njit(nogil=True, cache=True, error_model="numpy")
def train_networks(
    weights, chains, streams, diverged_at, history, records, begin, covariance, root, alpha, mu2, s2, sweeps,
    sampled,
):  # fmt: skip  # pragma: no cover - compiled
    """Train each network in place from update `begin` to the last record; `sweeps` = 0: exact samples."""
    for r in range(len(weights)):
        _train_network(
            weights[r], chains[r], streams[r], diverged_at[r : r + 1], history[r], records, begin, covariance,
            root, alpha, mu2, s2, sweeps, sampled,
        )  # fmt: skip


@njit(nogil=True, cache=True, error_model="numpy")
def _train_network(
    w, v, streams, diverged_at, history, records, begin, covariance, root, alpha, mu2, s2, sweeps, sampled
):  # fmt: skip  # pragma: no cover - compiled
    n, chains = v.shape
    rows = n + n % 2
    noise, h = np.empty((2 * rows, chains)), np.empty((n, chains))
    visible, hidden = noise[rows : rows + n], noise[:n]
    square, step, turned = np.empty((n, n)), np.empty((n, n)), np.empty((chains, n))
    update = begin
    for k in range(len(records)):
        while update < records[k] and diverged_at[0] < 0:
            _transpose(w, step)
            normalisable = True
            if sweeps == 0:
                fill_normals(streams, noise[:rows])
                normalisable = _sample_gaussian(w, hidden, mu2, s2, square, step, v)
            for _ in range(sweeps):
                fill_normals(streams, noise)
                _affine(s2, w, v, np.sqrt(s2), hidden, h)
                _affine(1.0 / mu2, step, h, np.sqrt(1.0 / mu2), visible, v)
            square[:] = covariance
            if sampled:
                fill_normals(streams, noise[:rows])
                _affine(1.0, root, hidden, 0.0, hidden, h)
                _transpose(h, turned)
                square[:] = 0.0
                _add_product(1.0 / chains, h, turned, square)
            _transpose(v, turned)
            _add_product(-1.0 / chains, v, turned, square)
            step[:] = w
            _add_product(alpha * s2, step, square, w)
            trace = 0.0
            for i in range(n):
                for j in range(n):
                    trace += w[i, j] * w[i, j]
            update += 1
            if not (normalisable and s2 * trace < n * mu2):
                diverged_at[0] = update
                w[:] = np.nan
        history[k] = w


@njit(nogil=True, cache=True, error_model="numpy")
def _sample_gaussian(w, normals, mu2, s2, lower, inverse, v):  # pragma: no cover - compiled
    """v from exp(-v^T K v / 2): v = L^-T normals with K = L L^T. False if K is not positive definite.

    `lower` and `inverse` are room for L and for L^-T.
    """
    n = len(w)
    for i in range(n):
        for j in range(i + 1):
            rest = mu2 if i == j else 0.0
            for k in range(n):
                rest -= s2 * w[k, i] * w[k, j]
            for k in range(j):
                rest -= lower[i, k] * lower[j, k]
            if i > j:
                lower[i, j] = rest / lower[j, j]
            elif rest > 0.0:
                lower[i, i] = np.sqrt(rest)
            else:
                return False
    for j in range(n):
        for i in range(n):
            rest = 1.0 if i == j else 0.0
            for k in range(j, i):
                rest -= lower[i, k] * inverse[j, k]
            inverse[j, i] = rest / lower[i, i] if i >= j else 0.0
    _affine(1.0, inverse, normals, 0.0, normals, v)
    return True


@njit(nogil=True, cache=True, error_model="numpy")
def _affine(scale, a, b, spread, normals, out):  # pragma: no cover - compiled
    """out = scale * a @ b + spread * normals."""
    for i in range(out.shape[0]):
        for c in range(out.shape[1]):
            out[i, c] = spread * normals[i, c]
    _add_product(scale, a, b, out)


@njit(nogil=True, cache=True, error_model="numpy")
def _add_product(scale, a, b, out):  # pragma: no cover - compiled
    """out += scale * a @ b, five terms of the sum at a time: fewer loads and stores, one order."""
    n, terms = a.shape
    whole = terms - terms % 5
    for i in range(n):
        for j in range(0, whole, 5):
            a0, a1, a2 = scale * a[i, j], scale * a[i, j + 1], scale * a[i, j + 2]
            a3, a4 = scale * a[i, j + 3], scale * a[i, j + 4]
            for c in range(out.shape[1]):
                near = a0 * b[j, c] + a1 * b[j + 1, c]
                out[i, c] = out[i, c] + near + a2 * b[j + 2, c] + a3 * b[j + 3, c] + a4 * b[j + 4, c]
        for j in range(whole, terms):
            a0 = scale * a[i, j]
            for c in range(out.shape[1]):
                out[i, c] += a0 * b[j, c]


@njit(nogil=True, cache=True, error_model="numpy")
def _transpose(a, out):  # pragma: no cover - compiled
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            out[j, i] = a[i, j]
