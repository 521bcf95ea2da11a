"""Runs that a scan can stop and go on with: of any PyTorch model, and of the paper's networks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from numbers import Integral
from typing import Protocol
from weakref import WeakSet

import numpy as np
import torch
import xarray as xr
from torch import Tensor, nn

from phasebook.monitor.activations import Activation
from phasebook.monitor.ensembles import ensemble_dataset
from phasebook.monitor.scaling import scale_initial_weights
from phasebook.monitor.schedule import log_spaced_steps
from phasebook.monitor.shadow import Criterion
from phasebook.monitor.watch import Monitor
from phasebook.network import sample_ensemble
from phasebook.sgd import Trajectory, train


class Trial(Protocol):
    """One cell of a scan in training."""

    def advance(self, steps: int) -> xr.Dataset:
        """Train on until `steps` updates have been made in all; the monitor's data of one layer until then.

        The data set may have a further dim for networks that were trained side by side.
        """
        ...


Start = Callable[[float, float, int], Trial]
"""temperature, multiplier of the initial variance, seed -> a run at step 0."""


def sgd_trials(
    make_model: Callable[[], nn.Module],
    *,
    data: tuple[Tensor, Tensor],
    probe: tuple[Tensor, Tensor],
    loss: Criterion,
    layer: str,
    batch_size: int,
    scaled: Sequence[str] | None = None,
    optimiser: Callable[..., torch.optim.Optimizer] = torch.optim.SGD,
    activation: Activation | Mapping[str, Activation] | None = None,
) -> Start:
    """Trials of a PyTorch model under plain SGD with learning rate T |B|.

    Args:
        make_model: called without arguments, returns a new model, initialised from torch's random numbers.
        data: inputs and targets of the training set, (sample, ...); reshuffled in every epoch.
        probe: held out, see `Monitor`.
        loss: of a batch: outputs, targets -> a number.
        layer: which is diagnosed.
        batch_size: |B|.
        scaled: layers whose initial weights the variance multiplies; `layer` alone if left out.
        optimiser: parameters, lr= -> optimiser.
        activation: as for `Monitor`, where it is not found by itself.

    Raises:
        ValueError: data that are not pairs of tensors, `batch_size` out of range; and from the trials, a
            model that is not new, or what `Monitor` raises.
    """
    _check(make_model, data, scaled, batch_size)
    made: WeakSet[nn.Module] = WeakSet()

    def start(temperature: float, variance: float, seed: int) -> Trial:
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            model = make_model()
            state = torch.get_rng_state()
        if not isinstance(model, nn.Module) or model in made:
            raise ValueError("make_model must return a new torch.nn.Module each time it is called")
        made.add(model)
        scale_initial_weights(model, float(np.sqrt(variance)), layers=scaled or [layer])
        watch = Monitor(
            model, layers=[layer], probe=probe, loss=loss, temperature=temperature, activation=activation
        )
        rate = temperature * batch_size
        return _TorchTrial(
            model, optimiser(model.parameters(), lr=rate), watch, data, loss, batch_size, seed, state
        )

    return start


def _check(
    make_model: object, data: tuple[Tensor, Tensor], scaled: Sequence[str] | None, batch_size: int
) -> None:
    if isinstance(make_model, nn.Module) or not callable(make_model):
        raise ValueError("make_model must be a function that returns a new model, not a model")
    if not (isinstance(data, tuple | list) and len(data) == 2 and all(map(torch.is_tensor, data))):
        raise ValueError("data must be a pair of tensors, inputs and targets")
    if len(data[0]) != len(data[1]):
        raise ValueError(f"data has {len(data[0])} inputs and {len(data[1])} targets")
    if isinstance(scaled, str):
        raise ValueError(f"scaled must be a list of names, got {scaled!r}")
    if not isinstance(batch_size, Integral) or not 1 <= batch_size <= len(data[0]):
        raise ValueError(f"batch_size must lie between 1 and the {len(data[0])} samples, got {batch_size}")


class _TorchTrial:
    def __init__(
        self,
        model: nn.Module,
        optimiser: torch.optim.Optimizer,
        watch: Monitor,
        data: tuple[Tensor, Tensor],
        loss: Criterion,
        batch_size: int,
        seed: int,
        state: Tensor,
    ) -> None:
        self.model, self.optimiser, self.watch, self.loss = model, optimiser, watch, loss
        self.inputs, self.targets = data
        self.batch_size, self.state = batch_size, state
        self.order = torch.Generator().manual_seed(seed)
        self.batches: list[Tensor] = []

    def advance(self, steps: int) -> xr.Dataset:
        with torch.random.fork_rng():
            torch.set_rng_state(self.state)  # dropout goes on where this run left it, whatever ran since
            while self.watch.steps < steps:
                if not self.batches:
                    order = torch.randperm(len(self.inputs), generator=self.order)
                    whole = len(order) - len(order) % self.batch_size
                    self.batches = list(order[:whole].split(self.batch_size))[::-1]
                batch = self.batches.pop()
                self.optimiser.zero_grad()
                self.loss(self.model(self.inputs[batch]), self.targets[batch]).backward()
                self.optimiser.step()
                self.watch.step()
            self.state = torch.get_rng_state()
        return self.watch.dataset()


def paper_trials(*, networks: int = 1, batch_size: int = 4) -> Start:
    """Trials of the paper's network, the fused engine at work; the variance is sigma_W^2.

    Args:
        networks: trained side by side in every cell.
        batch_size: |B|.
    """

    def start(temperature: float, variance: float, seed: int) -> Trial:
        return _PaperTrial(temperature, variance, seed, networks, batch_size)

    return start


class _PaperTrial:
    def __init__(
        self, temperature: float, variance: float, seed: int, networks: int, batch_size: int
    ) -> None:
        self.ensemble = sample_ensemble(
            n_models=networks,
            inv_sigma_w=variance**-0.5,
            temperature=temperature,
            seed=seed,
            common_teachers=True,
        )
        self.temperature, self.batch_size = temperature, batch_size
        self.epoch = self.ensemble.inputs.shape[1] // batch_size
        self.steps = [0]
        self.weights = self.ensemble.weights[:, None]

    def advance(self, steps: int) -> xr.Dataset:
        done = self.steps[-1]
        if steps > done:
            if done % self.epoch:
                raise ValueError(f"these runs stop at whole epochs of {self.epoch} steps, not at {done}")
            student = list(self.ensemble.student)
            student[self.ensemble.trained - 1] = self.weights[:, -1].astype(np.float64)
            stops = [s for s in (*log_spaced_steps(steps), steps) if s > done]
            stops = sorted(set(stops))
            found = train(
                replace(self.ensemble, student=tuple(student)),
                learning_rate=self.temperature * self.batch_size,
                batch_size=self.batch_size,
                record_steps=[s - done for s in stops],
            )
            self.steps += stops
            self.weights = np.concatenate([self.weights, found.weights], axis=1)
        nothing = np.zeros(self.ensemble.n_models)
        whole = Trajectory(np.array(self.steps), self.weights, nothing, nothing)
        return ensemble_dataset(self.ensemble, whole, temperature=self.temperature)
