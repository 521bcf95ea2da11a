"""What does the monitor cost? Three networks, one run, shares of the training time.

    python benchmarks/monitor.py           # writes benchmarks/monitor.json, which a page of the book shows

Each network trains in a plain PyTorch loop. Training steps and looks of a monitor with its defaults take
turns,
in processor time; of each the fastest round counts, since other work on the machine can only slow a round
down. The first look in a process loads torch.func; it is timed apart.
"""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from phasebook.monitor import Monitor
from phasebook.monitor.modules import as_module, half_squared_error, samples
from phasebook.monitor.schedule import log_spaced_steps
from phasebook.network import sample_ensemble

STEPS = 10_000
"""Of a run whose share is quoted: ten epochs of the paper's network, a short run for the others."""
ROUNDS, TIMED, LOOKS = 4, 60, 4
"""Rounds in turn, and how many steps and looks in each."""
PROBE = 100
OUTPUT = Path(__file__).with_suffix(".json")


@dataclass(frozen=True)
class Case:
    """A network with its data, loss and batch size, and the layers that are watched."""

    name: str
    model: nn.Module
    inputs: Tensor
    targets: Tensor
    loss: Callable[[Tensor, Tensor], Tensor]
    batch_size: int
    layers: tuple[str, ...]


class Transformer(nn.Module):
    """Two layers of width 64 over 32 tokens, next-token prediction."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(64, 64)
        self.place = nn.Parameter(0.02 * torch.randn(32, 64))
        layer = nn.TransformerEncoderLayer(64, 4, dim_feedforward=256, dropout=0.1, batch_first=True)
        self.blocks = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.out = nn.Linear(64, 64)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.blocks(self.embed(x) + self.place))


def tokens_cross_entropy(output: Tensor, target: Tensor) -> Tensor:
    return F.cross_entropy(output.flatten(0, 1), target.flatten())


def cases() -> list[Case]:
    torch.manual_seed(0)
    ensemble = sample_ensemble(n_models=1, inv_sigma_w=8.0)
    (x, y), _ = samples(ensemble)
    images = nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(32 * 16, 64), nn.ReLU(), nn.Linear(64, 10),
    )  # fmt: skip
    tokens = torch.randint(64, (1000, 33))
    return [
        Case("the paper's network, 3-32-16-1", as_module(ensemble), x, y,
             half_squared_error, 4, ("2",)),
        Case("convolutional network, 16 x 16 images", images, torch.randn(2000, 1, 16, 16),
             torch.randint(10, (2000,)), F.cross_entropy, 32, ("4", "9")),
        Case("transformer, 2 layers of width 64", Transformer(), tokens[:, :-1], tokens[:, 1:],
             tokens_cross_entropy, 16, ("blocks.layers.0.linear1", "blocks.layers.1.linear1")),
    ]  # fmt: skip


def measured(case: Case) -> dict[str, object]:
    """Milliseconds of a training step and of a look, and the share of a run of `STEPS` steps."""
    probe = (case.inputs[:PROBE], case.targets[:PROBE])
    optimiser = torch.optim.SGD([p for p in case.model.parameters() if p.requires_grad], lr=0.01)
    watch = Monitor(case.model, layers=case.layers, probe=probe, loss=case.loss)
    step = look = float("inf")
    for _ in range(ROUNDS):
        started = time.process_time()
        for _ in range(TIMED):
            batch = torch.randint(PROBE, len(case.inputs), (case.batch_size,))
            optimiser.zero_grad()
            case.loss(case.model(case.inputs[batch]), case.targets[batch]).backward()
            optimiser.step()
        step = min(step, (time.process_time() - started) / TIMED)
        started = time.process_time()
        for _ in range(LOOKS):
            watch.steps += 1
            watch.look()
        look = min(look, (time.process_time() - started) / LOOKS)
    looks = len(log_spaced_steps(STEPS))
    return {
        "name": case.name,
        "watched": ", ".join(case.layers),
        "step_ms": round(step * 1e3, 3),
        "look_ms": round(look * 1e3, 2),
        "looks": looks,
        "share": round(looks * look / (STEPS * step), 4),
        "steps_for_5_percent": _steps_for(look / step),
    }


def _steps_for(ratio: float) -> int:
    """From how many steps on the looks take less than five per cent of the training time."""
    steps = 100
    while len(log_spaced_steps(steps)) * ratio > 0.05 * steps:
        steps += 100
    return steps


def main() -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    torch.set_num_threads(1)
    started = time.perf_counter()
    small = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    Monitor(small, layers=["0"], probe=(torch.ones(2, 2), torch.ones(2, 2)), loss=half_squared_error)
    first = time.perf_counter() - started
    rows = [measured(case) for case in cases()]
    result = {
        "unit": f"share of the training time of {STEPS} steps, default interval, probe of {PROBE} samples",
        "steps": STEPS,
        "probe": PROBE,
        "first_look_seconds": round(first, 1),
        "rows": rows,
        "system": f"{platform.system()} {platform.machine()}, one processor",
        "load": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
        "versions": {"python": platform.python_version(), "torch": torch.__version__},
    }
    OUTPUT.write_text(json.dumps(result, indent=1) + "\n")
    for row in rows:
        print("{name:40} step {step_ms:8.3f} ms  look {look_ms:8.2f} ms  share {share:.2%}"
              "  below 5 % from {steps_for_5_percent} steps".format(**row))  # fmt: skip


if __name__ == "__main__":
    main()
