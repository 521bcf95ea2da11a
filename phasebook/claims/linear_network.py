"""The linear network of the sister paper: captions of its Figures 4 and 5, its abstract and its parent's."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from scipy.stats import kstest

from phasebook.claims.data import Data, minus
from phasebook.claims.verdicts import Judgement, agrees, all_hold, holds, identity, resampled
from phasebook.evidence.statistics import Estimate, mean_of
from phasebook.network import Array
from phasebook.systems.coulomb_gas import mean_spacing, two_level_cdf, two_level_density
from phasebook.systems.linear_experiments import learning_curves, spacing_scan, stationary_state
from phasebook.systems.linear_fits import CurveFit, fit_density, fit_logistic, fit_relaxation
from phasebook.systems.linear_network import IDENTITY, MILD, STRONG, LinearNetwork, Noise, Readout
from phasebook.systems.linear_theory import Widths, logistic, stationary_widths
from phasebook.systems.linear_training import final_levels, spacings, train

FIRST_EPOCH = 2
"""The paper's fits start there."""

LINE = 0.01
"""Width of a drawn line in units of the height of Figure 4: "agreeing" cannot mean closer."""

SETTINGS = tuple((rate, batch) for rate in (0.01, 0.02, 0.04) for batch in (8, 32, 128))

MANY = 30_000
"""Networks with the milder Z, whose two species are harder to tell from one."""


def z_changes_the_rate(data: Data) -> Judgement:
    """Fitted rate of the upper over that of the lower level, Z with curvatures 1 : 4."""
    return _rates(STRONG)


def z_changes_the_rate_mildly(data: Data) -> Judgement:
    """The same for curvatures 1 : 2."""
    return _rates(MILD)


def fits_agree_with_the_mean(data: Data) -> Judgement:
    """A line's width less the rms deviation of the relaxation law from the mean of 500, over kappa."""
    return holds(minus(_deviation(fit_relaxation), LINE))


def logistic_fits_agree_with_the_mean(data: Data) -> Judgement:
    """The same for a logistic curve, which would be right if both layers were trained."""
    return holds(minus(_deviation(fit_logistic), LINE))


def logistic_solution_without_noise(data: Data) -> Judgement:
    """Gradient descent of both layers from balanced weights, extrapolated to alpha -> 0; Saxe's curve."""
    time = np.arange(0, 1.2, 0.05)
    levels = []
    for rate in (2e-3, 1e-3, 5e-4):
        run = train(
            LinearNetwork(trained="both"), n_models=1, learning_rate=rate, batch_size=None,
            record_steps=np.round(time / rate).astype(int), start="aligned",
        )  # fmt: skip
        levels.append(run["levels"].values[0, :, 0])
    first, second = 2 * levels[1] - levels[0], 2 * levels[2] - levels[1]
    found, law = (4 * second - first) / 3, logistic(time, kappa=4.0, start=0.01)
    # Richardson: the last extrapolation moved the curve by far more than it can be wrong.
    return identity(found, law, tolerance=float(np.abs(found - second).max() / 4.0))


def spacing_scales_with_temperature(data: Data) -> Judgement:
    """Exponent of <S> in alpha / |B|, nine pairs."""
    scan = spacing_scan(LinearNetwork(STRONG), SETTINGS, n_models=1000)
    logs = np.log(scan["temperature"].values)
    values, errors = np.log(scan["spacing"].values), (scan["spacing_error"] / scan["spacing"]).values
    centred = logs - logs.mean()
    slope = float(np.dot(centred, values) / np.dot(centred, centred))
    error = float(np.sqrt(np.dot(centred**2, errors**2)) / np.dot(centred, centred))
    return agrees(Estimate(slope, error), 0.5)


def linear_scaling_rule(data: Data) -> Judgement:
    """Two pairs of the same alpha / |B|, alpha four times larger in one: ratio of their spacings."""
    scan = spacing_scan(LinearNetwork(STRONG), SETTINGS, n_models=1000)
    small, large = (scan.isel(setting=k) for k in (SETTINGS.index((0.01, 8)), SETTINGS.index((0.04, 32))))
    value = float(large["spacing"] / small["spacing"])
    relative = [float(one["spacing_error"] / one["spacing"]) for one in (small, large)]
    error = value * float(np.hypot(relative[0], relative[1]))
    return agrees(Estimate(value, error), 1.0)


def slope_of_the_2x2_network(data: Data) -> Judgement:
    """<S> of the singular values of W over sqrt(alpha A^2 / |B|), Z = 1; exact correction for alpha."""
    scan = spacing_scan(LinearNetwork(), SETTINGS, n_models=1000, singular_values=True)
    unit = scan.attrs["amplitude"] * np.sqrt(scan["temperature"].values)
    finite = scan["exact"].values / scan["leading"].values
    x, y, weight = unit * finite, scan["spacing"].values, scan["spacing_error"].values ** -2.0
    norm = float(np.sum(weight * x**2))
    return agrees(Estimate(float(np.sum(weight * x * y)) / norm, norm**-0.5), float(np.sqrt(np.pi)))


def semicircle_of_the_2x2_network(data: Data) -> Judgement:
    """Kolmogorov-Smirnov distance to the one-species law with the exact width, 10 000 levels, Z = 1."""
    levels = _levels("induced", IDENTITY)
    one = levels[np.arange(len(levels)), np.arange(len(levels)) % 2]
    width = _widths(IDENTITY).s1
    test = kstest(one, lambda u: two_level_cdf(u, s1=width, s2=width))
    # A right law exceeds the distance 1.63 / sqrt(n) once in a hundred times.
    margin = 1.63 / np.sqrt(len(one)) - float(test.statistic)
    return holds(Estimate(margin, 0.0), note=f" below the 1 % level, p = {test.pvalue:.2f}")


def two_species_fit_better(data: Data) -> Judgement:
    """Gain in mean log-likelihood of two widths over one, induced noise, curvatures 1 : 4."""
    return holds(_gain("induced", STRONG))


def two_species_fit_better_mildly(data: Data) -> Judgement:
    """The same for curvatures 1 : 2."""
    return holds(_gain("induced", MILD, n_models=MANY))


def more_so_on_the_right(data: Data) -> Judgement:
    """Difference of these two gains."""
    strong, mild = _gain("induced", STRONG), _gain("induced", MILD, n_models=MANY)
    return holds(Estimate(strong.value - mild.value, float(np.hypot(strong.error, mild.error))))


def peak_and_tails(data: Data) -> Judgement:
    """Share of levels near the target and far from it over that of the one-species fit, less 1."""
    levels = _levels("induced", STRONG).ravel()
    width = fit_density(levels, species=1).s1
    parts = {}
    for name, inside in (("peak", np.abs(levels) < width / 2), ("tails", np.abs(levels) > 3 * width)):
        edge = width / 2 if name == "peak" else 3 * width
        within = float(np.diff(two_level_cdf(np.array([-edge, edge]), s1=width, s2=width))[0])
        expected = within if name == "peak" else 1 - within
        share = mean_of(inside.astype(float))
        parts[name] = Estimate(share.value / expected - 1, share.error / expected)
    return all_hold(parts)


def two_species_under_independent_noise(data: Data) -> Judgement:
    """The gain if the noise has independent entries, curvatures 1 : 4."""
    return holds(_gain("independent", STRONG))


def two_species_under_label_noise(data: Data) -> Judgement:
    """Ratio of the spreads of X_11 and X_22, noise on the labels; two species would have 2."""
    run = stationary_state(LinearNetwork(STRONG, noise="label"), n_models=10_000)
    w = run["weights"].values[:, 0]
    x = np.einsum("nik,nik->ni", w, w)
    return agrees(resampled(lambda v: float(v[:, 0].std() / v[:, 1].std()), x), 2.0)


def gas_of_two_species_is_exact(data: Data) -> Judgement:
    """<S> over that of the two-species gas with the true widths, induced noise, curvatures 1 : 4."""
    widths = _widths(STRONG)
    gaps = mean_of(spacings(stationary_state(LinearNetwork(STRONG), n_models=10_000)))
    ansatz = mean_spacing(a=widths.a, b=widths.a)
    return agrees(Estimate(gaps.value / ansatz, gaps.error / ansatz), 1.0)


def surmise_is_universal(data: Data) -> Judgement:
    """<S^2> / <S>^2 for curvatures 1 : 4; Wigner's surmise has 4/pi."""
    gaps = spacings(stationary_state(LinearNetwork(STRONG), n_models=10_000))
    return agrees(resampled(lambda s: float((s**2).mean() / s.mean() ** 2), gaps), 4 / np.pi)


def density_is_not_universal(data: Data) -> Judgement:
    """Fourth moment over squared second of the levels: curvatures 1 : 4 less 1 : 1."""
    found = [resampled(_kurtosis, _levels("induced", readout)) for readout in (STRONG, IDENTITY)]
    return holds(Estimate(found[0].value - found[1].value, float(np.hypot(found[0].error, found[1].error))))


def _rates(readout: Readout) -> Judgement:
    network = LinearNetwork(readout)
    run = learning_curves(network)
    kept = run["epoch"].values >= FIRST_EPOCH
    time, levels = run["time"].values[kept], run["levels"].values[:, kept]

    def ratio(levels: Array) -> float:
        slow, fast = (fit_relaxation(time, levels[..., k].mean(axis=0)).rate for k in (0, 1))
        return fast / slow

    rate = run.attrs["learning_rate"]
    slow, fast = np.log(1 - rate * network.curvatures)
    return agrees(resampled(ratio, levels, resamples=40), float(fast / slow))


def _deviation(fit: Callable[[Array, Array], CurveFit]) -> Estimate:
    """Root mean square over times and levels of the fit less the mean of 500 networks, in units of kappa."""
    run = learning_curves(LinearNetwork(STRONG))
    kept = run["epoch"].values >= FIRST_EPOCH
    time, levels = run["time"].values[kept], run["levels"].values[:, kept]

    def deviation(levels: Array) -> float:
        means = levels.mean(axis=0).T
        gaps = [fit(time, mean).values - mean for mean in means]
        return float(np.sqrt(np.mean(np.square(gaps))) / run.attrs["kappa"])

    return resampled(deviation, levels, resamples=40)


def _levels(noise: Noise, readout: Readout, n_models: int = 10_000) -> Array:
    """Levels less kappa, (network, 2)."""
    network = LinearNetwork(readout, noise=noise)
    return final_levels(stationary_state(network, n_models=n_models)) - network.kappa


def _widths(readout: Readout) -> Widths:
    """Exact widths of the runs with induced noise."""
    network = LinearNetwork(readout)
    attrs = stationary_state(network, n_models=10_000).attrs
    return stationary_widths(network, learning_rate=attrs["learning_rate"], batch_size=attrs["batch_size"])


@lru_cache(maxsize=8)
def _gain(noise: Noise, readout: Readout, n_models: int = 10_000) -> Estimate:
    """Mean over networks of the log-likelihood, two species less one; refitting is second order."""
    levels = _levels(noise, readout, n_models)
    one, two = (fit_density(levels, species=k) for k in (1, 2))
    ratio = two_level_density(levels, s1=two.s1, s2=two.s2) / two_level_density(levels, s1=one.s1, s2=one.s1)
    return mean_of(np.log(ratio).mean(axis=1))


def _kurtosis(levels: Array) -> float:
    return float((levels**4).mean() / (levels**2).mean() ** 2)
