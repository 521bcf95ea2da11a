"""The monitor: it does not touch the run, and it sees what the book's own definitions see."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import phasebook as pb
from phasebook import dyson
from phasebook.monitor import Monitor, ensemble_dataset, lightning_callback, scale_initial_weights
from phasebook.monitor.activations import bounds_of
from phasebook.monitor.modules import as_module, half_squared_error, samples
from phasebook.monitor.observe import Range
from phasebook.monitor.schedule import is_due, log_spaced_steps
from phasebook.monitor.shadow import Shadow
from phasebook.observables import averaged_rate, gradient_norm
from phasebook.spectra import eigenvalues, level_spacing

STEPS = 40


# --- it leaves training as it is -----------------------------------------------------------------------


class Attention(nn.Module):
    """Embedding, one transformer layer with dropout, a mean, a classifier."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(11, 8)
        self.block = nn.TransformerEncoderLayer(8, 2, dim_feedforward=16, dropout=0.3, batch_first=True)
        self.out = nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.block(self.embed(x)).mean(1))


def convolutional() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Dropout(0.2), nn.Flatten(), nn.Linear(144, 3)
    )


class Branching(nn.Module):
    """Looks at a value, which `torch.vmap` cannot vectorise, and draws noise whatever the mode."""

    def __init__(self) -> None:
        super().__init__()
        self.inner, self.out = nn.Linear(5, 6), nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Tensor:
        hidden = torch.tanh(self.inner(x))
        if hidden.abs().max().item() > 1e3:
            hidden = hidden / 2
        return self.out(hidden + 0.01 * torch.randn_like(hidden))


def images(n: int) -> Tensor:
    return torch.randn(n, 1, 8, 8)


def words(n: int) -> Tensor:
    return torch.randint(11, (n, 4))


CASES: dict[str, tuple[Callable[[], nn.Module], Callable[[int], Tensor], list[str]]] = {
    "convolution, batch norm, dropout": (convolutional, images, ["0", "5"]),
    "attention": (Attention, words, ["embed", "block.linear1", "out"]),
    "not vectorisable": (Branching, lambda n: torch.randn(n, 5), ["inner"]),
}


def run(case: str, *, monitored: bool) -> tuple[dict[str, Tensor], list[Any], Monitor | None]:
    """Weights and buffers after training, and every state a monitor could have disturbed."""
    make, draw, layers = CASES[case]
    torch.manual_seed(3)
    random.seed(3)
    model = make()
    x, y, probe = draw(64), torch.randint(3, (64,)), (draw(12), torch.randint(3, (12,)))
    optimiser = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    torch.manual_seed(4)
    watch = Monitor(model, layers=layers, probe=probe, loss=F.cross_entropy) if monitored else None
    for step in range(STEPS):
        model.train(step != 20)  # one step in evaluation mode: the monitor must not put the mode back
        batch = torch.randint(64, (8,))
        optimiser.zero_grad()
        F.cross_entropy(model(x[batch]), y[batch]).backward()
        optimiser.step()
        if watch is not None:
            watch.step()
    gradients = [None if p.grad is None else p.grad.clone() for p in model.parameters()]
    flags = [(m.training, len(m._forward_hooks)) for m in model.modules()]
    needs = [p.requires_grad for p in model.parameters()]
    numbers = [torch.get_rng_state(), torch.rand(3), random.random(), torch.is_grad_enabled()]
    if watch is not None:
        watch.dataset()
    return copy.deepcopy(model.state_dict()), [*gradients, *flags, *needs, *numbers], watch


@pytest.mark.parametrize("case", CASES)
def test_training_is_bit_identical_with_and_without(case: str):
    """Weights, running statistics, gradients, modes, hooks and random numbers, to the last bit."""
    alone, states, _ = run(case, monitored=False)
    watched, others, watch = run(case, monitored=True)
    assert alone.keys() == watched.keys()
    for name, values in alone.items():
        assert torch.equal(values, watched[name]), name
    for one, other in zip(states, others, strict=True):
        assert torch.equal(one, other) if isinstance(one, Tensor) else one == other
    assert watch is not None
    data = watch.dataset()
    assert data.sizes["step"] == len(log_spaced_steps(STEPS))
    assert np.isfinite(data["gradient_signal"]).all()


def test_hooks_of_the_original_are_not_called_by_looking():
    model = nn.Sequential(nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, 1))
    calls = []
    model[0].register_forward_hook(lambda *_: calls.append(1))
    watch = Monitor(model, layers=["0"], probe=(torch.ones(4, 4), torch.ones(4, 1)), loss=half_squared_error)
    watch.step()
    watch.dataset()
    assert not calls


# --- it sees what the book's definitions see -----------------------------------------------------------


@pytest.fixture(scope="module")
def watched() -> tuple[pb.Ensemble, np.ndarray, object]:
    """A network of the paper trained by a plain loop under a monitor; its weights at each look."""
    ensemble = pb.sample_ensemble(n_models=2, inv_sigma_w=2.0, temperature=0.5, seed=7, n_samples=200)
    model = as_module(ensemble, 1, precision="float64")
    (x, y), probe = samples(ensemble, 1, precision="float64")
    watch = Monitor(model, layers=["2"], probe=probe, loss=half_squared_error, temperature=0.5)
    optimiser = torch.optim.SGD([model.get_parameter("2.weight")], lr=2.0)
    kept = [model.get_parameter("2.weight").detach().numpy().copy()]
    for step in range(1, 101):
        batch = [(4 * (step - 1) + k) % 200 for k in range(4)]
        optimiser.zero_grad()
        half_squared_error(model(x[batch]), y[batch]).backward()
        optimiser.step()
        watch.step()
        if is_due(step):
            kept.append(model.get_parameter("2.weight").detach().numpy().copy())
    return ensemble, np.array(kept), watch.dataset()


def test_monitor_equals_the_books_definitions(watched):
    """Observables, K_S and V_S of phasebook.observables and phasebook.dyson on the same weights."""
    ensemble, weights, data = watched
    one = data.sel(layer="2")
    for place in range(len(weights)):
        both = np.stack([ensemble.weights[0], weights[place]])
        parts = dyson.ensemble_coefficients(ensemble, both)
        x = eigenvalues(weights[[0, place]])
        now = one.isel(step=place)
        expected = {
            "eigenvalues": x[1],
            "level_spacing": level_spacing(x[1]),
            "gradient_signal": gradient_norm(ensemble, both)[1],
            "spacing_drift": dyson.spacing_drift(parts.drift)[1],
            "spacing_repulsion": dyson.spacing_repulsion(parts.noise)[1],
        }
        for name, value in expected.items():
            np.testing.assert_allclose(now[name], value, rtol=1e-9, atol=1e-13, err_msg=name)
        if place:
            rate = averaged_rate(x, time=float(one["step"][place]))
            np.testing.assert_allclose(now["averaged_rate"], rate, rtol=1e-9)


def test_monitor_equals_measure(watched):
    """The data set of the book's own `measure` along the same run."""
    ensemble, weights, data = watched
    both = np.stack([np.broadcast_to(ensemble.weights[0], weights.shape), weights])
    steps = data["step"].values
    trajectory = pb.Trajectory(steps, both, np.zeros(2), np.zeros(2))
    found = pb.measure(ensemble, trajectory, epoch_steps=50)
    for ours, theirs in {
        "loss": "test_loss_history",
        "feature_overlap": "feature_overlap_history",
        "feature_rms": "feature_rms_history",
    }.items():
        np.testing.assert_allclose(np.squeeze(data[ours].values), found[theirs][1], rtol=1e-10)
    np.testing.assert_allclose(data["feature_saturation"], data["feature_rms"] ** 2, rtol=1e-12)


def test_ensembles_give_the_same_data_set(watched):
    """`ensemble_dataset` goes by outer products, the monitor by torch.func: all variables agree."""
    ensemble, weights, data = watched
    both = np.stack([np.broadcast_to(ensemble.weights[0], weights.shape), weights])
    trajectory = pb.Trajectory(data["step"].values, both, np.zeros(2), np.zeros(2))
    batch = ensemble_dataset(ensemble, trajectory, temperature=0.5).isel(model=1)
    assert set(batch.data_vars) == set(data.data_vars)
    for name in data.data_vars:
        np.testing.assert_allclose(
            batch[name].values, data[name].values, rtol=1e-8, atol=1e-12, err_msg=str(name)
        )
        assert batch[name].attrs == data[name].attrs


def test_convolution_signal_and_noise_by_one_sample_at_a_time():
    """A loop of backward passes, and dense matrices Delta^X, for a layer with more rows than columns."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(1, 12, 3), nn.Tanh(), nn.Flatten(), nn.Linear(48, 2)).double()
    x, y = torch.randn(9, 1, 4, 4, dtype=torch.float64), torch.randn(9, 2, dtype=torch.float64)
    shadow = Shadow(model, ["0"])
    shadow.follow()
    found = shadow.gradients(x, y, half_squared_error)["0"]
    rows = []
    for k in range(9):
        loss = half_squared_error(model(x[[k]]), y[[k]])
        rows.append(
            torch.autograd.grad(loss, model.get_parameter("0.weight"))[0].flatten(1).T.numpy()
        )  # (9, 12): wide
    delta = np.array(rows)
    weights = model.get_parameter("0.weight").detach().flatten(1).T.numpy()
    np.testing.assert_allclose(found["gradient_signal"], np.linalg.norm(delta.mean(0)), rtol=1e-10)
    np.testing.assert_allclose(found["gradient_noise"], np.sqrt(delta.var(0).sum()), rtol=1e-10)
    vectors = np.linalg.eigh(weights @ weights.T)[1]
    turned = vectors.T @ (weights @ delta.swapaxes(1, 2) + delta @ weights.T) @ vectors
    drift, noise = -np.diagonal(turned.mean(0)), turned.var(0)
    np.testing.assert_allclose(found["spacing_drift"], dyson.spacing_drift(drift), rtol=1e-9)
    np.testing.assert_allclose(found["spacing_repulsion"], dyson.spacing_repulsion(noise), rtol=1e-9)


# --- schedule, activations ----------------------------------------------------------------------------


@pytest.mark.parametrize(("per_decade", "first"), [(5, 10), (3, 1), (7, 25)])
def test_schedule_without_knowing_the_end_is_the_schedule(per_decade: int, first: int):
    due = [step for step in range(20_001) if is_due(step, per_decade=per_decade, first=first)]
    assert due == log_spaced_steps(20_000, per_decade=per_decade, first=first)
    assert log_spaced_steps(1000)[:4] == [0, 10, 16, 25]


def test_activation_is_found_and_its_bounds():
    model = nn.Sequential(
        nn.Linear(4, 6), nn.BatchNorm1d(6), nn.Sigmoid(), nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 2)
    )
    model.get_buffer("1.running_mean").fill_(0.5)  # features are seen through the normalisation
    probe = (torch.randn(8, 4), torch.randn(8, 2))
    watch = Monitor(model, layers=["0", "3", "5"], probe=probe, loss=half_squared_error)
    data = watch.dataset()
    assert data.attrs["activations"] == "0: Sigmoid, 3: ReLU, 5: none"
    with torch.no_grad():
        inside = model.eval()[:3](probe[0])
    expected = ((inside - 0.5) / 0.5).square().mean()
    np.testing.assert_allclose(data["feature_saturation"].sel(layer="0"), expected, rtol=1e-5)
    assert data["feature_saturation"].sel(layer=["3", "5"]).isnull().all()
    assert bounds_of(torch.tanh) == Range(-1, 1)
    assert bounds_of(nn.GELU()) == bounds_of(None) == Range(-np.inf, np.inf)
    named = Monitor(model, layers=["0"], probe=probe, loss=half_squared_error, activation={"0": torch.tanh})
    assert named.dataset().attrs["activations"] == "0: tanh"


class Written(nn.Module):
    """Activations as functions, in the ways people write them, and one in a module of one's own."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.c, self.d, self.e = (nn.Linear(4, 4) for _ in range(5))
        self.own = Own()

    def forward(self, x: Tensor) -> Tensor:
        x = torch.tanh(F.layer_norm(self.a(x), (4,)))
        x = F.leaky_relu(F.dropout(self.b(x), 0.5, self.training), 0.2)
        x = self.c(x).sigmoid()
        x = self.own(self.d(x))
        return self.e(x) * 2


class Own(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return F.elu(x, alpha=0.5)


def test_activation_that_is_a_function_is_found():
    model, probe = Written(), (torch.randn(8, 4), torch.randn(8, 4))
    watch = Monitor(model, layers=list("abcde"), probe=probe, loss=half_squared_error)
    data = watch.dataset()
    assert data.attrs["activations"] == "a: tanh, b: leaky_relu, c: sigmoid, d: elu, e: none"
    assert data["feature_saturation"].isel(step=0).notnull().values.tolist() == [1, 0, 1, 0, 0]
    x = torch.tanh(F.layer_norm(model.a(probe[0]), (4,)))
    after = F.leaky_relu(model.b(x), 0.2)
    for layer, features in {"a": x, "b": after}.items():
        expected = features.detach().double().square().mean().sqrt()
        np.testing.assert_allclose(data["feature_rms"].sel(layer=layer), expected, rtol=1e-6)
    for _ in range(10):
        watch.step()
    notes = pb.diagnose(watch.dataset(), layer="e").caveats
    assert any("no activation was found behind this layer" in note for note in notes)
    assert not any("no activation" in note for note in pb.diagnose(watch.dataset(), layer="b").caveats)


# --- bad input ----------------------------------------------------------------------------------------


def small() -> nn.Sequential:
    return nn.Sequential(nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, 1))


PROBE = (torch.ones(6, 4), torch.ones(6, 1))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"layers": ["1"]}, "no layer '1' with a weight matrix; there are 0, 2"),
        ({"layers": "0"}, "layers must be a list of names"),
        ({"layers": ["2"]}, "a spacing needs two levels"),
        ({"probe": (torch.ones(6, 5), torch.ones(6, 1))}, r"does not take probe inputs of shape \(6, 5\)"),
        ({"probe": (torch.ones(6, 4), torch.ones(5, 1))}, "as many inputs as targets"),
        ({"probe": torch.ones(6, 4)}, "pair of tensors"),
        ({"probe": (torch.full((6, 4), torch.nan), torch.ones(6, 1))}, "not finite from the start"),
        ({"loss": lambda o, t: (o - t).square()}, r"one number for a batch, got shape \(6, 1\)"),
        ({"loss": lambda o, t: 1.0}, "tensor with one number, got float"),
        ({"loss": lambda o, t: F.cross_entropy(o, t.long()[:, 0] + 5)}, "does not take probe targets"),
        ({"temperature": -1.0}, "temperature must be a positive number, got -1"),
        ({"activation": {"7": torch.tanh}}, "not among the layers"),
        ({"activation": "tanh"}, "activation must be a function such as torch.tanh, got 'tanh'"),
        ({"loss": nn.MSELoss}, "loss must be a function of outputs and targets, got the class MSELoss"),
        ({"per_decade": 0}, "at least 1"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_bad_input_is_one_clear_line(change: dict[str, object], message: str):
    arguments = {"layers": ["0"], "probe": PROBE, "loss": half_squared_error, **change}
    with pytest.raises(ValueError, match=message) as caught:
        Monitor(small(), **arguments)
    assert "\n" not in str(caught.value)


def test_a_class_in_place_of_a_model_is_refused():
    with pytest.raises(ValueError, match=r"model must be a torch.nn.Module, got the class Attention"):
        Monitor(Attention, layers=["0"], probe=PROBE, loss=half_squared_error)  # type: ignore[arg-type]


def test_nothing_to_train_and_changed_models_are_refused():
    with pytest.raises(ValueError, match="no trainable parameters"):
        Monitor(small().requires_grad_(False), layers=["0"], probe=PROBE, loss=half_squared_error)
    model = small()
    watch = Monitor(model, layers=["0"], probe=PROBE, loss=half_squared_error, first=1)
    model.append(nn.Linear(1, 1))
    with pytest.raises(ValueError, match="not those it had"):
        watch.step()


def test_a_run_that_diverges_is_recorded_as_not_a_number():
    model = small()
    watch = Monitor(model, layers=["0"], probe=PROBE, loss=half_squared_error, first=1)
    for value in (1e30, torch.inf, torch.nan):
        with torch.no_grad():
            model.get_parameter("0.weight").fill_(value)
            model.get_parameter("2.weight").fill_(value)
        watch.step()
    data = watch.dataset().sel(layer="0")
    assert data["gradient_signal"].isel(step=0).notnull()
    assert data["gradient_signal"].isel(step=[2, 3]).isnull().all()
    assert data["level_spacing"].isel(step=[2, 3]).isnull().all()


def test_scaled_initial_weights():
    model = small()
    before = model.get_parameter("0.weight").detach().clone()
    assert scale_initial_weights(model, 3.0, layers=["0"]) is model
    torch.testing.assert_close(model.get_parameter("0.weight").detach(), 3 * before)
    with pytest.raises(ValueError, match="no layer 'x'"):
        scale_initial_weights(model, 3.0, layers=["x"])
    with pytest.raises(ValueError, match="factor must be a positive number"):
        scale_initial_weights(model, 0.0, layers=["0"])


# --- Lightning ----------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore")  # Lightning's own
def test_lightning_callback_watches_every_update():
    """A real Trainer, two epochs of five batches with gradients of two batches accumulated."""
    lightning = pytest.importorskip("lightning.pytorch", reason="Lightning is optional")

    class Module(lightning.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.net = small()

        def forward(self, x: Tensor) -> Tensor:
            return self.net(x)

        def training_step(self, batch: list[Tensor], _: int) -> Tensor:
            return half_squared_error(self(batch[0]), batch[1])

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return torch.optim.SGD(self.parameters(), lr=0.1)

    callback = lightning_callback(layers=["net.0"], probe=PROBE, loss=half_squared_error)
    data = torch.utils.data.TensorDataset(torch.randn(20, 4), torch.randn(20, 1))
    trainer = lightning.Trainer(
        max_epochs=2, accelerator="cpu", logger=False, enable_checkpointing=False, enable_progress_bar=False,
        enable_model_summary=False, callbacks=[callback], accumulate_grad_batches=2,
    )  # fmt: skip
    trainer.fit(Module(), torch.utils.data.DataLoader(data, batch_size=4))
    assert callback.watch.steps == trainer.global_step == 6


def test_without_lightning_a_clear_error(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("phasebook.monitor.lightning._installed", lambda name: False)
    with pytest.raises(ImportError, match="pip install lightning"):
        lightning_callback(layers=["0"], probe=PROBE, loss=half_squared_error)


def test_the_module_and_the_functions_at_the_top_level():
    import phasebook.monitor as module

    assert pb.monitor is module
    assert pb.diagnose is module.diagnose
    assert pb.recommend is module.recommend
    assert pb.monitor.Monitor is Monitor
