"""One run of the laboratory: networks, where they are, and what has been seen of them."""

from __future__ import annotations

import math

import numpy as np
import xarray as xr

from phasebook.lab.stepwise import advance, start
from phasebook.network import TEST_POINTS, Array, forward, loss, sample_ensemble
from phasebook.spectra import eigenvalues

RECORDS_PER_DECADE = 8


class Session:
    """Networks in training, looked at eight times per decade of time.

    All settings share teachers, data and, but for their size, initial weights.

    Args:
        inv_sigma_w: 1/sigma_W of the initial weights, Eq. (2.11).
        n_models: networks.
        seed: of all that is drawn.

    Attributes:
        ensemble: at step 0.
        state: where the run is.
        records: time in epochs, test loss (model,) and eigenvalues of the first network (level,), from t = 0.
        initial_features, features: phi of all networks on the test points, flattened.
    """

    def __init__(self, *, inv_sigma_w: float, n_models: int, seed: int) -> None:
        self.ensemble = sample_ensemble(
            n_models=n_models, inv_sigma_w=inv_sigma_w, seed=seed, common_teachers=True
        )
        self.inv_sigma_w = inv_sigma_w
        self.state = start(self.ensemble)
        self.records: list[tuple[float, Array, Array]] = []
        self.initial_features = self.features = self._look()

    def advance(self, *, learning_rate: float, batch_size: int, until: float) -> None:
        """Train to the next record, or to the time `until`, in epochs, if that comes first."""
        per_epoch = self.ensemble.inputs.shape[1] // batch_size
        steps = math.ceil(self.state.steps * (10 ** (1 / RECORDS_PER_DECADE) - 1))
        left = math.ceil((until - self.state.epochs) * per_epoch - 1e-6)
        self.state = advance(
            self.ensemble,
            self.state,
            learning_rate=learning_rate,
            batch_size=batch_size,
            steps=max(1, min(steps, left)),
        )
        self.features = self._look()

    def data(self, *, temperature: float) -> xr.Dataset:
        """The run so far, as `phasebook.figures.laboratory` draws it."""
        time, test_loss, x = (np.array(column) for column in zip(*self.records, strict=True))
        return xr.Dataset(
            {
                "test_loss": (("time", "model"), test_loss),
                "eigenvalues": (("time", "level"), x),
                "target_eigenvalues": ("level", eigenvalues(self.ensemble.teacher[1][0])),
                "initial_features": ("feature", self.initial_features),
                "features": ("feature", self.features),
            },
            coords={"time": time},
            attrs={"temperature": temperature, "inv_sigma_w": self.inv_sigma_w},
        )

    def _look(self) -> Array:
        """Record loss and eigenvalues of the weights as they are; returns the features."""
        weights = self.state.weights.astype(np.float64)
        points = self.ensemble.test_inputs[:, :TEST_POINTS]
        *_, features, outputs = forward(self.ensemble.with_weights(weights), points)
        test_loss = loss(outputs, self.ensemble.test_targets[:, :TEST_POINTS])
        self.records.append((self.state.epochs, test_loss, eigenvalues(weights[0])))
        return features.ravel()
