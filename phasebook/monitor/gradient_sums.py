"""Signal and noise of per-sample gradients, summed up a few samples at a time, Eq. (2.29), (B.7), (B.9)."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from phasebook.dyson import spacing_drift, spacing_repulsion
from phasebook.network import Array

UNKNOWN: dict[str, Array] = dict.fromkeys(
    ("gradient_signal", "gradient_noise", "spacing_drift", "spacing_repulsion"), np.array(np.nan)
)
"""What there is to say of a network that diverged."""


class GradientSums:
    """Sums over samples of a layer's gradients Delta and of the first and last row of U^T Delta^X U."""

    def __init__(self, weights: Array) -> None:
        self.tall = weights.shape[0] > weights.shape[1]
        wide = weights.T if self.tall else weights
        vectors = np.linalg.eigh(wide @ wide.T)[1]
        self.ends = torch.as_tensor(vectors[:, [0, -1]])
        self.vectors = torch.as_tensor(vectors)
        self.carried = torch.as_tensor(wide.T @ vectors)  # W^T U
        self.count = 0
        self.mean = torch.zeros(wide.shape, dtype=torch.float64)
        self.square = torch.zeros((), dtype=torch.float64)
        self.rows = torch.zeros(2, 2, len(vectors), dtype=torch.float64)  # (power, end, level)

    def add(self, gradients: Tensor) -> None:
        """gradients: (sample, out, in)."""
        delta = gradients.detach()
        delta = delta.mT if self.tall else delta
        ends, carried, vectors = (m.to(delta) for m in (self.ends, self.carried, self.vectors))
        # u^T (W Delta^T + Delta W^T) U for u = u_1, u_N: no N x N matrix is formed for a sample.
        left = (ends.mT @ delta) @ carried
        right = (delta @ carried[:, [0, -1]]).mT @ vectors
        rows = (left + right).double().cpu()
        self.count += len(delta)
        self.mean += delta.sum(0).double().cpu()
        self.square += float(torch.linalg.vector_norm(delta, dtype=torch.float64)) ** 2
        self.rows[0] += rows.sum(0)
        self.rows[1] += rows.square().sum(0)

    def result(self) -> dict[str, Array]:
        if not bool(self.rows.isfinite().all() and self.square.isfinite()):
            return UNKNOWN
        n = self.rows.shape[-1]
        first, second = (self.rows / self.count).numpy()
        variance = np.maximum(second - first**2, 0.0)
        drift, noise = np.zeros(n), np.zeros((n, n))
        drift[[0, -1]] = -first[0, 0], -first[1, -1]
        noise[0], noise[-1] = variance
        signal = float((self.mean / self.count).square().sum())
        return {
            "gradient_signal": np.sqrt(signal),
            "gradient_noise": np.sqrt(max(float(self.square) / self.count - signal, 0.0)),
            "spacing_drift": spacing_drift(drift),
            "spacing_repulsion": spacing_repulsion(noise),
        }
