"""What a sweep computes: the configuration, the three scales, and when a network is looked at."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

from phasebook.runs.checks import InvalidConfig, axis, one_of, whole

if TYPE_CHECKING:  # to check a command line takes no compiler
    from phasebook.sgd import Order, Precision

TEMPERATURES = tuple(2.0**k for k in range(-5, 7))
INV_SIGMA_WS = tuple(2.0**k for k in range(-8, 4))
ORDERS = ("fixed", "shuffled", "with_replacement")
PRECISIONS = ("float32", "float64")

FIRST_RECORD = 100
RECORDS_PER_DECADE = 5
PAPER_SNAPSHOT_EPOCHS = 5000
PAPER_SNAPSHOTS_FROM = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Config:
    """A sweep over the phase diagram, Section 3.1: every cell of a grid, `n_models` networks in each.

    Attributes:
        n_models: networks per cell.
        epochs: training time t_f; one epoch is n_samples // batch_size SGD steps.
        temperatures: T = learning rate / batch size; kept in ascending order.
        inv_sigma_ws: 1/sigma_W, Eq. (2.11); kept in ascending order.
        seed: of everything drawn.
        batch_size: |B|.
        order: of the training data, one of `ORDERS`.
        precision: of the training, one of `PRECISIONS`.
        widths: n_0, ..., n_L; the last layer but one is trained.
        n_samples: |D|, number of training inputs.
        common_teachers: the same teacher and data in every cell.

    Raises:
        InvalidConfig: a value out of range.
    """

    n_models: int
    epochs: int
    temperatures: tuple[float, ...] = TEMPERATURES
    inv_sigma_ws: tuple[float, ...] = INV_SIGMA_WS
    seed: int = 0
    batch_size: int = 4
    order: Order = "fixed"
    precision: Precision = "float32"
    widths: tuple[int, ...] = (3, 32, 16, 1)
    n_samples: int = 4000
    common_teachers: bool = False

    def __post_init__(self) -> None:
        checked = {
            "n_models": whole("n_models", self.n_models, 1, 100_000),
            "epochs": whole("epochs", self.epochs, 1, 10**9),
            "temperatures": axis("temperatures", self.temperatures, "the paper's grid: 2^-5 ... 2^6"),
            "inv_sigma_ws": axis("inv_sigma_ws", self.inv_sigma_ws, "the paper's grid: 2^-8 ... 2^3"),
            "seed": whole("seed", self.seed, 0, 2**63 - 1),
            "n_samples": whole("n_samples", self.n_samples, 1, 10**9),
            "batch_size": whole("batch_size", self.batch_size, 1, self.n_samples),
            "order": one_of("order", self.order, ORDERS),
            "precision": one_of("precision", self.precision, PRECISIONS),
            "widths": tuple(whole("widths", width, 1, 10**6) for width in self.widths),
            "common_teachers": bool(self.common_teachers),
        }
        if len(self.widths) < 3:
            raise InvalidConfig("widths", f"must be at least three numbers, got {self.widths}")
        for name, value in checked.items():
            object.__setattr__(self, name, value)

    @property
    def steps_per_epoch(self) -> int:
        return self.n_samples // self.batch_size

    @property
    def steps(self) -> int:
        """t_f in SGD steps."""
        return self.epochs * self.steps_per_epoch

    @property
    def n_networks(self) -> int:
        return len(self.temperatures) * len(self.inv_sigma_ws) * self.n_models

    def networks(self, *, start: int = 0) -> Iterator[tuple[float, float, int]]:
        """(temperature, 1/sigma_W, model) of all networks from model number `start` on.

        Model by model over the whole grid, so that whatever is finished first is a small ensemble in every
        cell and not a large one in a few.
        """
        for model in range(start, self.n_models):
            for temperature in self.temperatures:
                for inv_sigma_w in self.inv_sigma_ws:
                    yield temperature, inv_sigma_w, model

    def to_dict(self) -> dict[str, Any]:
        pairs = asdict(self).items()
        return {name: list(value) if isinstance(value, tuple) else value for name, value in pairs}

    def to_json(self) -> str:
        return json.dumps(self.to_dict(), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Config:
        """Inverse of `to_json`.

        Raises:
            ValueError: not the text of a configuration.
        """
        values = json.loads(text)
        if not isinstance(values, dict) or set(values) != {field.name for field in fields(cls)}:
            raise ValueError("not a configuration of a sweep")
        given: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
        try:
            return cls(**given)
        except TypeError as error:
            raise ValueError(f"not a configuration of a sweep: {error}") from error


SCALES: Mapping[str, Config] = {
    "smoke": Config(n_models=4, epochs=1),
    "book": Config(n_models=100, epochs=100),
    "paper": Config(n_models=100, epochs=100_000),
}


def scale(name: str) -> Config:
    """The configuration called `name`.

    Raises:
        InvalidConfig: no such scale.
    """
    return SCALES[one_of("scale", name, tuple(SCALES))]


def record_steps(config: Config) -> list[int]:
    """When a network is looked at, in SGD steps: 0, five times per decade from 100 on, and t_f.

    Beyond 10^6 steps also every 5000 epochs, the times of the published Figure 6.
    """
    last = config.steps
    steps = {0, last}
    k = round(RECORDS_PER_DECADE * math.log10(FIRST_RECORD))
    while (step := round(10 ** (k / RECORDS_PER_DECADE))) < last:
        steps.add(step)
        k += 1
    snapshots = PAPER_SNAPSHOT_EPOCHS * config.steps_per_epoch
    steps.update(step for step in range(snapshots, last, snapshots) if step > PAPER_SNAPSHOTS_FROM)
    return sorted(steps)
