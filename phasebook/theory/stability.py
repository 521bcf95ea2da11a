"""How large a learning rate a solution bears: curvature, and the noise of small batches.

At a solution that fits every sample, a small deviation v of the weights evolves by v' = (1 - eps H_B) v,
where H_B averages g g^T over the batch and g = d y / d W is the gradient of the network's output. Its second
moment stays bounded below a learning rate that depends on |B|: proportional to |B| for small batches
(noise), constant for large ones (curvature, eps = 2 / lambda_max).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from phasebook.network import Array, forward, per_sample_gradient

MAX_ITERATIONS = 2000
TOLERANCE = 1e-7


def output_gradients(layers: Sequence[Array], inputs: Array, *, trained: int) -> Array:
    """g_alpha = d y(x_alpha) / d W of a network with one output, flattened: (sample, n_l n_{l-1})."""
    # A residual of one turns the gradient of the loss into that of the output.
    targets = forward(layers, inputs)[-1] - 1.0
    delta, phi = per_sample_gradient(layers, inputs, targets, trained=trained)
    return (delta[:, :, None] * phi[:, None, :]).reshape(len(inputs), -1)


def curvature(gradients: Array) -> Array:
    """Eigenvalues, ascending, of H = E[g g^T]: the Hessian of the loss (2.6) where all residuals vanish.

    Args:
        gradients: g, (sample, parameter).

    Returns:
        Shape (parameter,).
    """
    return np.linalg.eigvalsh(gradients.T @ gradients / len(gradients))


def stiffest_directions(gradients: Array, *, count: int) -> tuple[Array, Array]:
    """The largest eigenvalues of H = E[g g^T] and their eigenvectors.

    By block power iteration, which for the steep spectra of small networks takes a few products with g
    where a full diagonalisation takes a thousand times the work.

    Args:
        gradients: g, (sample, parameter).
        count: how many; fewer are returned if there are fewer samples or parameters.

    Returns:
        Eigenvalues in descending order, (count,), and eigenvectors, (parameter, count).
    """
    width = min(count + 8, *gradients.shape)
    block = np.linalg.qr(gradients.T @ np.random.default_rng(0).standard_normal((len(gradients), width)))[0]
    values = np.zeros(width)
    for _ in range(MAX_ITERATIONS):
        _, singular, rotation = np.linalg.svd(gradients @ block, full_matrices=False)
        before, values = values, singular**2 / len(gradients)
        block = block @ rotation.T
        if np.all(np.abs(values - before)[:count] <= TOLERANCE * values[0]):
            break
        block = np.linalg.qr(gradients.T @ (gradients @ block))[0]
    return values[:count], block[:, :count]


def mean_square_limit(gradients: Array, batch_sizes: Sequence[float], *, modes: int = 24) -> Array:
    """Largest stable learning rate for each |B|, for batches drawn with replacement.

    The second moment M = E[v v^T] evolves by M' = M - 2 eps C(M) + eps^2 D(M) with C(M) = (H M + M H) / 2
    and D(M) = (1 - 1/|B|) H M H + E[g (g^T M g) g^T] / |B|; it stays bounded for
    eps < 2 / lambda_max(C^{-1} D) (Mulayoff and Michaeli, 2024).

    Args:
        gradients: g, (sample, parameter).
        batch_sizes: |B|; infinity gives gradient descent, 2 / lambda_max(H).
        modes: how many of the stiffest eigenvectors of H are kept. The limit is decided by the first few;
            for the networks of the paper 24 give it to better than one part in a hundred.

    Returns:
        Shape of `batch_sizes`.
    """
    h, vectors = stiffest_directions(gradients, count=modes)
    g = gradients @ vectors
    size = len(h)
    root = np.sqrt((h[:, None] + h) / 2)

    def limit(batch_size: float) -> float:
        # Power iteration with C^{-1/2} D C^{-1/2}, which is symmetric and keeps M positive.
        m, largest = np.eye(size) / np.sqrt(size), 0.0
        for _ in range(MAX_ITERATIONS):
            scaled = m / root
            weight = np.einsum("ai,ai->a", g @ scaled, g)
            noise = (g * weight[:, None]).T @ g / len(g)
            image = ((1 - 1 / batch_size) * np.outer(h, h) * scaled + noise / batch_size) / root
            before, largest = largest, float(np.sum(m * image))
            if abs(largest - before) < TOLERANCE * largest:
                break
            m = image / np.linalg.norm(image)
        return 2 / largest

    return np.array([limit(batch_size) for batch_size in batch_sizes])
