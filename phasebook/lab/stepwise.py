"""Training in pieces of any length, with the bits of one uninterrupted run."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from phasebook.network import Array, Ensemble
from phasebook.sgd import train


@dataclass(frozen=True)
class State:
    """Where a run is.

    Attributes:
        weights: the trained layer, (model, n_2, n_1).
        cursor: number of the first sample of the next batch.
        steps: SGD updates done.
        epochs: passes over the data done.
    """

    weights: Array
    cursor: int = 0
    steps: int = 0
    epochs: float = 0.0


def start(ensemble: Ensemble) -> State:
    """Step 0, in the precision of training."""
    return State(ensemble.weights.astype(np.float32))


def advance(ensemble: Ensemble, state: State, *, learning_rate: float, batch_size: int, steps: int) -> State:
    """`steps` more updates of Eq. (2.28), from where `state` left off in the fixed order of the data.

    Learning rate and batch size may differ from those of earlier pieces: the weights stay as they are, and
    the next batch is that of the new partition in which the last one ended.

    Raises:
        ValueError: `steps` or `learning_rate` not positive, or a batch size that is not from 1 to the number
            of samples.
    """
    n_samples = ensemble.inputs.shape[1]
    if steps < 1:
        raise ValueError(f"steps must be at least 1, got {steps}")
    if not 1 <= batch_size <= n_samples:
        raise ValueError(f"batch_size must lie between 1 and the {n_samples} samples, got {batch_size}")
    n_batches = n_samples // batch_size
    first = (state.cursor // batch_size) % n_batches
    # A run starts at its first sample: turn the data round until that is the one whose turn it is.
    inputs = np.roll(ensemble.inputs[:, : n_batches * batch_size], -first * batch_size, axis=1)
    here = replace(ensemble, inputs=inputs, student=ensemble.with_weights(state.weights))
    run = train(here, learning_rate=learning_rate, batch_size=batch_size, record_steps=[steps])
    return State(
        weights=run.weights[:, -1],
        cursor=(first + steps) % n_batches * batch_size,
        steps=state.steps + steps,
        epochs=state.epochs + steps / n_batches,
    )
