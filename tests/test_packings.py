"""Long runs of spheres: kept, resumed with the same bits, packaged and proved."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from phasebook.runs import transition
from phasebook.runs.packings import (
    CENTRES,
    PackingRun,
    even_steps,
    finished,
    log_steps,
    read_run,
    run_packing,
    transition_runs,
)
from phasebook.runs.store import SweepError
from phasebook.runs.transition import assemble, collect, load_packings, package, verify_packings
from phasebook.systems.random_organization import BRO, SGD, evolve

ACTIVE = PackingRun("BRO", 0.2, 0.52, seed=1, n_particles=500, n_steps=400)
DYING = PackingRun("SGD", 0.2, 0.40, seed=1, n_particles=500, n_steps=400)
CHILD = """
import sys
from pathlib import Path
from phasebook.runs.packings import PackingRun, run_packing
from phasebook.systems.random_organization import evolve
sys.modules["phasebook.systems.random_organization.evolve"].CHUNK_PARTICLE_STEPS = 500
run = PackingRun("BRO", 0.2, 0.52, seed=1, n_particles=500, n_steps=10**6)
run_packing(run, Path(sys.argv[1]), save_every=0.0)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    there = tmp_path_factory.mktemp("packings")
    for run in (ACTIVE, DYING):
        run_packing(run, there)
    return there


def test_run_is_the_evolution(folder):
    """What is kept is what `evolve` gives, and a finished run is not run again."""
    state = read_run(ACTIVE, folder)
    after, series = evolve(ACTIVE.start(), BRO(0.2), n_steps=400)
    assert state.packing.digest() == after.digest()
    assert finished(ACTIVE, state)
    kept = np.isin(series.step, state.series.step)
    assert np.array_equal(series.n_active[kept], state.series.n_active)
    assert run_packing(ACTIVE, folder).seconds == state.seconds
    assert isinstance(DYING.law, SGD)
    assert read_run(DYING, folder).packing.absorbed


def test_killed_run_goes_on_with_the_same_bits(tmp_path):
    """SIGKILL between or during two savings; what the file says then is carried on to the same end."""
    long = PackingRun("BRO", 0.2, 0.52, seed=1, n_particles=500, n_steps=10**6)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    child = subprocess.Popen([sys.executable, "-c", CHILD, str(tmp_path)], env=environment)
    try:
        limit = time.monotonic() + 120
        while read_run(long, tmp_path).packing.step < 30 and time.monotonic() < limit:
            time.sleep(0.05)
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()
    there = read_run(long, tmp_path).packing.step
    assert there >= 30
    state = run_packing(long, tmp_path, up_to=there + 50)
    after, _ = evolve(long.start(), long.law, n_steps=there + 50)
    assert (state.packing.step, state.packing.digest()) == (there + 50, after.digest())
    straight = run_packing(long, up_to=there + 50)
    assert np.array_equal(straight.series.n_active, state.series.n_active)


def test_damaged_file_is_as_good_as_none(tmp_path):
    run_packing(DYING, tmp_path)
    path = tmp_path / f"{DYING.name}.run"
    path.write_bytes(path.read_bytes()[:-100])
    assert read_run(DYING, tmp_path).packing.step == 0


def test_steps_of_a_longer_run_contain_those_of_a_shorter():
    assert set(log_steps(1000)) <= set(log_steps(100_000))
    assert len(even_steps(20_000)) == 400
    assert np.all(np.diff(log_steps(10**6)) > 0)


def test_data_set_holds_the_runs(folder):
    dataset = collect([ACTIVE, DYING], folder)
    assert dataset["absorbed"].values.tolist() == [False, True]
    assert dataset["final_step"].values[0] == 400 > dataset["final_step"].values[1]
    active = dataset["n_active"].values
    assert np.all(active[0] > 0)
    assert active[1, -1] == 0
    assert np.all(active[1] >= 0)
    assert np.all(np.isnan(dataset["late_activity"].values[1]))
    _, series = evolve(ACTIVE.start(), BRO(0.2), n_steps=400)
    late = [series.activity[200 + 50 * q : 250 + 50 * q].mean() for q in range(4)]
    assert np.allclose(dataset["late_activity"].values[0], late)
    with pytest.raises(ValueError, match="same number of particles"):
        assemble([])


def test_proof_finds_a_changed_number(folder):
    dataset = collect([ACTIVE, DYING], folder)
    assert verify_packings(dataset) == []
    dataset["n_overlaps"][0, 7] += 1
    assert verify_packings(dataset) == ["BRO, kick 0.2, phi 0.52, seed 1: other numbers here"]


def test_packaged_file_and_its_manifest(folder, tmp_path, monkeypatch):
    dataset = collect([ACTIVE, DYING], folder)
    assert package(dataset, tmp_path).startswith("packings.nc: 2 runs")
    monkeypatch.setattr(transition, "FOLDER", tmp_path)
    back = load_packings()
    assert np.array_equal(back["n_active"], dataset["n_active"])
    assert back.attrs["source"] == "packaged"
    (tmp_path / "packings.nc").write_bytes(b"something else")
    with pytest.raises(SweepError, match="not the file that"):
        load_packings()
    (tmp_path / "packings.nc").unlink()
    with pytest.raises(SweepError, match="missing"):
        load_packings()


def test_every_run_has_a_name_of_its_own():
    runs = transition_runs([0, 1])
    assert len({run.name for run in runs}) == len(runs) == 2 * 2 * 6 * len(CENTRES)


def test_packaged_runs_are_what_computing_gives():
    """The start of one run; `make book` proves more of them."""
    dataset = load_packings()
    assert dataset.attrs["n_particles"] >= 8000
    assert verify_packings(dataset, seed=1, n_runs=1, n_steps=120) == []
