"""Beyond the paper: the trainer against torch.optim and the definition, and laws with known answers."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import phasebook as pb
from phasebook.beyond import optimisers, tails, thermometer
from phasebook.beyond.data_sets import diabetes, digits
from phasebook.beyond.planes import correlation, random_students, scan, teacher_student
from phasebook.beyond.trainer import train_many
from phasebook.figures import beyond as figures
from phasebook.figures.beyond_thermometer import thermometer as thermometer_figure
from phasebook.network import gradient
from phasebook.sgd import batches_of_epoch

EPS = [0.05, 0.1]
STEPS = [1, 2, 10, 30]
OPTIMISERS = {
    "sgd": (optimisers.sgd, lambda p, e: torch.optim.SGD(p, lr=e)),
    "momentum": (optimisers.momentum(0.9), lambda p, e: torch.optim.SGD(p, lr=e, momentum=0.9)),
    "adam": (optimisers.adam(), lambda p, e: torch.optim.Adam(p, lr=e)),
}
PHI = {"tanh": torch.nn.Tanh, "relu": torch.nn.ReLU, "gelu": torch.nn.GELU}


def module_of(layers, activation):
    """One network as a torch module, without biases."""
    linear = []
    for weight in layers:
        one = torch.nn.Linear(weight.shape[1], weight.shape[0], bias=False)
        one.weight.data = torch.tensor(weight, dtype=torch.float32)
        linear += [one, PHI[activation]()]
    return torch.nn.Sequential(*linear[:-1])


@pytest.mark.parametrize("name", OPTIMISERS)
@pytest.mark.parametrize(
    ("activation", "loss", "trained"), [("tanh", "squares", {1, 2, 3}), ("gelu", "cross_entropy", {1, 3})]
)
def test_each_network_takes_the_steps_of_torch_optim(name, activation, loss, trained):
    """Two networks with rates of their own against modules trained one at a time, thirty steps."""
    stream = np.random.default_rng(1)
    layers = random_students([(1.0, 1.0, k) for k in range(2)], (5, 8, 6, 3), seed=2)
    x = stream.standard_normal((1, 40, 5))
    y = stream.integers(3, size=(1, 40, 1)) if loss == "cross_entropy" else stream.standard_normal((1, 40, 3))
    ours, theirs = OPTIMISERS[name]
    runs = train_many(
        layers, x, y, trained=trained, learning_rate=np.array(EPS), batch_size=4, record_steps=STEPS,
        optimiser=ours, activation=activation, loss=loss, seed=3,
    )  # fmt: skip
    rows = np.concatenate(
        [batches_of_epoch(e, order="shuffled", n_samples=40, batch_size=4, seed=3) for e in range(3)]
    )
    for network, eps in enumerate(EPS):
        module = module_of([w[network] for w in layers], activation)
        learnt = {n: module.get_parameter(f"{2 * n - 2}.weight") for n in trained}
        optimiser = theirs(list(learnt.values()), eps)
        for step, row in enumerate(rows, start=1):
            outputs = module(torch.tensor(x[0, row], dtype=torch.float32))
            truth = torch.tensor(y[0, row])
            price = (
                torch.nn.functional.cross_entropy(outputs, truth[:, 0])
                if loss == "cross_entropy"
                else ((outputs - truth.float()) ** 2).sum() / 2 / len(row)
            )
            optimiser.zero_grad()
            price.backward()
            optimiser.step()
            if step in STEPS:
                for number, weight in learnt.items():
                    mine = runs.weights[number][network, STEPS.index(step)]
                    np.testing.assert_allclose(mine, weight.detach().numpy(), rtol=2e-4, atol=2e-5)


def test_the_papers_network_is_trained_as_by_the_fused_kernel():
    """Same batches, same rate: to rounding after a hundred steps of a cold network."""
    ensemble = pb.sample_ensemble(n_models=3, inv_sigma_w=2.0, seed=4)
    runs = train_many(
        ensemble.student, ensemble.inputs, ensemble.targets, trained={2}, learning_rate=0.125,
        batch_size=4, record_steps=[0, 100], order="fixed",
    )  # fmt: skip
    known = pb.train(ensemble, learning_rate=0.125, record_steps=[0, 100])
    np.testing.assert_allclose(runs.weights[2], known.weights, rtol=1e-4, atol=1e-5)


def test_the_same_call_gives_the_same_bits_and_company_only_rounds():
    networks = [(2.0**-4, 2.0, k) for k in range(3)]
    problem = teacher_student(networks)
    alone = teacher_student(networks[:1])

    def weights(given):
        return train_many(
            given.layers, given.inputs, given.targets, trained={1, 2, 3}, learning_rate=0.1, batch_size=4,
            record_steps=[50],
        ).weights[2]  # fmt: skip

    np.testing.assert_array_equal(weights(problem), weights(problem))
    np.testing.assert_allclose(weights(alone)[0], weights(problem)[0], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"trained": {4}}, "trained"),
        ({"batch_size": 0}, "batch_size"),
        ({"record_steps": [3, 2]}, "record_steps"),
        ({"activation": "sine"}, "activation"),
        ({"loss": "hinge"}, "loss"),
    ],
)
def test_bad_arguments_are_named(change, said):
    problem = teacher_student([(1.0, 1.0, 0)])
    given = {"trained": {2}, "learning_rate": 0.1, "batch_size": 4, "record_steps": [1], **change}
    with pytest.raises(ValueError, match=said):
        train_many(problem.layers, problem.inputs, problem.targets, **given)


def test_rates_of_forgetting_are_shares():
    for wrong in (lambda: optimisers.momentum(1.0), lambda: optimisers.adam(beta2=-0.1)):
        with pytest.raises(ValueError, match=r"\[0, 1\)"):
            wrong()


def test_correlation_is_one_with_oneself_and_idle_units_are_counted():
    features = np.random.default_rng(0).standard_normal((2, 50, 4))
    quiet = features.copy()
    quiet[..., 1] = 0.0
    memory, idle = correlation(3 * features + 1, features)
    np.testing.assert_allclose(memory, 1.0)
    np.testing.assert_array_equal(idle, 0.0)
    memory, idle = correlation(quiet, features)
    np.testing.assert_allclose(memory, 1.0)
    np.testing.assert_array_equal(idle, 0.25)


def test_data_sets_are_split_once_and_for_all():
    """Every sample is in one part; the same split whatever networks are asked for."""
    for make, size, width in ((digits, 1797, 64), (diabetes, 442, 10)):
        one, two = make([(1.0, 1.0, 0)]), make([(1.0, 4.0, 0), (1.0, 4.0, 1)])
        assert one.inputs.shape[1] + one.test_inputs.shape[1] == size
        assert one.inputs.shape[2] == width
        np.testing.assert_array_equal(one.test_inputs, two.test_inputs)
        np.testing.assert_allclose(one.layers[0][0], 4 * two.layers[0][0])
        np.testing.assert_array_equal(one.layers[-1][0], two.layers[-1][0])


def test_stiffness_is_the_mean_square_of_the_outputs_gradient():
    """One sample at a time by the gradient of the loss with a residual of one."""
    ensemble = pb.sample_ensemble(n_models=1, inv_sigma_w=1.0, seed=7, n_samples=1)
    total = np.zeros_like(ensemble.weights)
    for a in range(128):
        x, y = ensemble.test_inputs[:, a : a + 1], ensemble.test_targets[:, a : a + 1]
        total += gradient(ensemble.teacher, x, y - 1.0, trained=2) ** 2
    np.testing.assert_allclose(thermometer.stiffness(ensemble), total / 128, rtol=1e-10)


def test_thermometer_reads_the_temperature_of_sgd():
    """Excess against (eps / B) s^2 tr H / 4, at a temperature where H is constant to a few per cent."""
    known, noisy = thermometer.noisy_teachers(n_models=12, noise=0.1, seed=3)
    settings = {"learning_rate": 2**-5, "batch_size": 4}
    found = thermometer.read_temperature(known, noisy, optimiser=optimisers.sgd, steps=2000, **settings)
    wanted = thermometer.predicted_excess(thermometer.stiffness(known), noise=0.1, **settings)
    ratio = found.excess / wanted
    assert abs(ratio.mean() - 1) < 4 * ratio.std(ddof=1) / np.sqrt(len(ratio))


def test_hill_finds_the_exponent_of_a_power_law_and_refuses_a_tail_of_one():
    values = np.random.default_rng(0).uniform(size=20_000) ** -0.5  # density 2 x^-3
    assert abs(tails.hill(values) - 3) < 4 * 2 / np.sqrt(2000)
    with pytest.raises(ValueError, match="two values"):
        tails.hill(values[:15])


def test_initial_spectra_have_marchenko_pasturs_shape_and_no_outliers():
    levels = pb.eigenvalues(5 * np.random.default_rng(1).standard_normal((50, 80, 160)))
    found = tails.describe(levels, levels, aspect=0.5, resamples=20)
    assert found.distance < 0.02
    assert found.outliers.value < 0.05
    assert found.scale.value == pytest.approx(5 * np.sqrt(160), rel=0.01)


def test_figures_draw_a_small_plane():
    """Every panel of every figure has its data, a lost network is left out."""
    plane = {"temperatures": [2.0**-4, 1.0], "inv_sigma_w": [1.0, 2.0], "n_models": 2, "steps": 20}
    data = scan(teacher_student, trained={2}, **plane)
    data["relative_error"][0, 0, 0] = np.nan
    row = figures.Row("relative_error", "error", logarithmic=True)
    drawn = figures.maps({"one": data, "two": data}, [row, figures.Row("idle", "idle")])
    assert np.isfinite(np.asarray(drawn.axes[0].collections[0].get_array())).all()
    assert len(figures.data_maps([("error", data["relative_error"], True)]).axes) == 2
    cut = data["relative_error"].isel(inv_sigma_w=0)
    places = data["temperature"].values
    assert len(figures.collapse({"4": cut}, [("T", {"4": places})], ylabel="error").axes) == 1
    assert len(figures.activations({"tanh": data}, cold=2**-4, right=2.0).axes) == 3
    excess = np.ones((2, 3))
    assert len(thermometer_figure([("SGD", "T", {"a": (places, excess)}, (places, places))]).axes) == 1
