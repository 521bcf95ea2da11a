"""`Monitor`: attach to a PyTorch model, call `step()` after every update, read the data set at the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from time import perf_counter

import numpy as np
import torch
import xarray as xr
from torch import Tensor, nn

from phasebook.monitor.activations import Activation, activation_name, activations_behind, bounds_of
from phasebook.monitor.observe import assemble, feature_statistics, levels
from phasebook.monitor.schedule import FIRST, PER_DECADE, is_due, log_spaced_steps
from phasebook.monitor.shadow import Criterion, Shadow, scalar
from phasebook.network import Array


class Monitor:
    """Records the observables of the paper along a training run, and leaves the run bit for bit as it was.

        watch = Monitor(model, layers=["layer2"], probe=(x, y), loss=loss)   # before training
        ...; optimizer.step(); watch.step()                                  # in the loop
        data = watch.dataset()

    It looks at a copy in evaluation mode: dropout is off, batch normalisation uses its running statistics.

    Args:
        model: any module that maps a batch of inputs, (sample, ...), to a batch of outputs.
        layers: names of modules with a weight matrix; a convolution's weight is taken as (out, in k k).
        probe: inputs and targets, (sample, ...) each, on which everything is measured: 50 to 200 samples that
            are not trained on.
        loss: of a batch, as in training: outputs, targets -> a number; it is called with batches of one.
        temperature: T = eps / |B|. Needed only to compare noise with signal; may be set anew at any time
            (`watch.temperature = ...`) when the learning rate changes.
        activation: of the layers, one for all or one for each by name. By default the activation, module or
            function, that the layer's output is passed to, through normalisation and dropout at most; without
            one the output itself is taken as the features. `dataset().attrs["activations"]` names them.
        per_decade, first: looks at steps 0 and first * 10^(k / per_decade), k = 0, 1, ...

    Attributes:
        steps: number of calls of `step`.
        seconds: spent looking so far.

    Raises:
        ValueError: no such layer, a probe that does not fit the model, a loss that is not one number
            or not finite from the start.
    """

    def __init__(
        self,
        model: nn.Module,
        *,
        layers: Sequence[str],
        probe: tuple[Tensor, Tensor],
        loss: Criterion,
        temperature: float | None = None,
        activation: Activation | Mapping[str, Activation] | None = None,
        per_decade: int = PER_DECADE,
        first: int = FIRST,
    ) -> None:
        started = perf_counter()
        if not isinstance(model, nn.Module):
            raise ValueError(f"model must be a torch.nn.Module, got {_kind(model)}")
        if not callable(loss) or isinstance(loss, type):
            raise ValueError(f"loss must be a function of outputs and targets, got {_kind(loss)}")
        if isinstance(layers, str) or not layers:
            raise ValueError(f"layers must be a list of names, got {layers!r}")
        if temperature is not None and not 0 < temperature < np.inf:
            raise ValueError(f"temperature must be a positive number, got {temperature}")
        log_spaced_steps(0, per_decade=per_decade, first=first)
        self._every = {"per_decade": per_decade, "first": first}
        self._loss = loss
        self._shadow = Shadow(model, list(dict.fromkeys(layers)))
        with torch.random.fork_rng(devices=self._shadow.cuda):
            self._inputs, self._targets = self._checked(probe)
            self._activations = self._chosen(activation)
        self._bounds = {name: bounds_of(value) for name, value in self._activations.items()}
        self._initial: dict[str, Array] = {}
        self._records: dict[int, dict[str, dict[str, Array]]] = {}
        self._losses: list[float] = []
        self._temperatures: list[float] = []
        self.temperature = temperature
        self.steps = 0
        self._look()
        if not np.isfinite(self._losses[0]):
            raise ValueError("the loss of the probe batch is not finite from the start")
        self.seconds = perf_counter() - started

    def step(self) -> None:
        """One update has been made; looks at the network if it is time."""
        self.steps += 1
        if is_due(self.steps, **self._every):
            self.look()

    def look(self) -> None:
        """Record now, whatever the schedule says (for instance at the end)."""
        if self.steps in self._records:
            return
        started = perf_counter()
        self._look()
        self.seconds += perf_counter() - started

    def dataset(self) -> xr.Dataset:
        """What was recorded, dims (layer, step) and level; the last step is recorded now if it was not."""
        self.look()
        names = next(iter(self._records.values()))
        layers = {
            layer: {
                name: np.stack([record[layer][name] for record in self._records.values()])
                for name in names[layer]
            }
            for layer in names
        }
        temperature = np.array(self._temperatures)
        dataset = assemble(
            list(self._records),
            layers,
            loss=np.array(self._losses),
            temperature=None if np.isnan(temperature).all() else temperature,
        )
        return dataset.assign_attrs(
            probe_samples=len(self._inputs),
            activations=", ".join(
                f"{name}: {activation_name(value)}" for name, value in self._activations.items()
            ),
            seconds=self.seconds,
        )

    def _look(self) -> None:
        with torch.random.fork_rng(devices=self._shadow.cuda):  # for a model that draws in evaluation mode
            self._record()

    def _record(self) -> None:
        shadow = self._shadow
        shadow.follow()
        features = shadow.outputs(self._inputs, self._activations)
        self._initial = self._initial or features
        gradients = shadow.gradients(self._inputs, self._targets, self._loss)
        self._records[self.steps] = {
            name: {
                **levels(shadow.weights(name)),
                **gradients[name],
                **feature_statistics(features[name], self._initial[name], bounds=self._bounds[name]),
            }
            for name in features
        }
        self._losses.append(shadow.loss(self._inputs, self._targets, self._loss))
        self._temperatures.append(np.nan if self.temperature is None else self.temperature)

    def _checked(self, probe: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        if not (isinstance(probe, tuple | list) and len(probe) == 2 and all(map(torch.is_tensor, probe))):
            raise ValueError("probe must be a pair of tensors, inputs and targets")
        device = next(self._shadow.network.parameters()).device
        inputs, targets = (value.detach().clone().to(device) for value in probe)
        if inputs.ndim < 1 or len(inputs) < 2 or targets.ndim < 1 or len(inputs) != len(targets):
            raise ValueError(
                f"probe must have two samples or more, as many inputs as targets, got shapes "
                f"{tuple(inputs.shape)} and {tuple(targets.shape)}"
            )
        try:
            with torch.no_grad():
                output = self._shadow.network(inputs[:1])
        except (RuntimeError, IndexError, TypeError) as error:
            reason = str(error).strip().splitlines()[0]
            raise ValueError(
                f"the model does not take probe inputs of shape {tuple(inputs.shape)}: {reason}"
            ) from None
        try:
            with torch.no_grad():
                value = self._loss(output, targets[:1])
                self._loss(self._shadow.network(inputs), targets)
        except (RuntimeError, IndexError, TypeError, ValueError) as error:
            reason = str(error).strip().splitlines()[0]
            raise ValueError(
                f"the loss does not take probe targets of shape {tuple(targets.shape)}: {reason}"
            ) from None
        scalar(value)
        return inputs, targets

    def _chosen(
        self, activation: Activation | Mapping[str, Activation] | None
    ) -> dict[str, Activation | None]:
        each = activation.values() if isinstance(activation, Mapping) else [activation]
        if wrong := [one for one in each if one is not None and (not callable(one) or isinstance(one, type))]:
            raise ValueError(f"activation must be a function such as torch.tanh, got {_kind(wrong[0])}")
        found = activations_behind(self._shadow.network, self._inputs[:2], self._shadow.parameters)
        if isinstance(activation, Mapping):
            if unknown := set(activation) - set(found):
                raise ValueError(
                    f"activation names {sorted(unknown)}, which are not among the layers {list(found)}"
                )
            return {**found, **activation}
        return dict.fromkeys(found, activation) if activation is not None else found


def _kind(value: object) -> str:
    return f"the class {value.__name__}" if isinstance(value, type) else repr(value)[:60]
