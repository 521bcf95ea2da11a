"""The monitor as a callback of Lightning, where that is installed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from torch import Tensor

from phasebook.monitor.activations import Activation
from phasebook.monitor.shadow import Criterion
from phasebook.monitor.watch import Monitor


def lightning_callback(
    *,
    layers: Sequence[str],
    probe: tuple[Tensor, Tensor],
    loss: Criterion,
    temperature: float | None = None,
    activation: Activation | Mapping[str, Activation] | None = None,
) -> Any:
    """A callback for `Trainer(callbacks=[...])`; its attribute `watch` is the `Monitor` once training starts.

    Args:
        layers, probe, loss, temperature, activation: as for `Monitor`; layers are named
            from the LightningModule.

    Raises:
        ImportError: neither `lightning` nor `pytorch_lightning` is installed.
    """
    package = next((name for name in ("lightning.pytorch", "pytorch_lightning") if _installed(name)), None)
    if package is None:
        raise ImportError("lightning_callback needs Lightning: pip install lightning")

    class MonitorCallback(import_module(package).Callback):
        watch: Monitor | None = None
        updates: int = 0

        def on_train_start(self, trainer: Any, pl_module: Any) -> None:
            self.watch = Monitor(
                pl_module,
                layers=layers,
                probe=probe,
                loss=loss,
                temperature=temperature,
                activation=activation,
            )
            self.updates = trainer.global_step

        def on_train_batch_end(
            self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int
        ) -> None:
            # With gradient accumulation not every batch is an update; the trainer counts those.
            while self.watch is not None and self.updates < trainer.global_step:
                self.updates += 1
                self.watch.step()

    return MonitorCallback()


def _installed(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:  # the parent package is missing
        return False
