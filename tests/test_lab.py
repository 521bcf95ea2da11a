"""Live pictures: controls where a kernel runs, a still picture in the pages."""

import asyncio

import ipywidgets
import numpy as np
import pytest

from phasebook.figures.style import BookFigure
from phasebook.lab import Laboratory, laboratory, live
from phasebook.lab.stepwise import advance, start
from phasebook.network import sample_ensemble
from phasebook.runs.progress import STATIC
from phasebook.sgd import train

SHORT = 0.006  # epochs, six steps


@pytest.fixture
def slider():
    return ipywidgets.FloatSlider(value=0.5, min=0.0, max=1.0)


def test_the_page_shows_the_picture_at_the_start(monkeypatch, slider):
    monkeypatch.setenv(STATIC, "1")
    assert live(lambda x: f"picture at {x}", x=slider) == "picture at 0.5"


def test_a_notebook_redraws_when_the_slider_moves(monkeypatch, slider):
    monkeypatch.delenv(STATIC, raising=False)
    seen = []
    widget = live(lambda x: seen.append(x), x=slider)
    assert widget.children[0] is slider
    widget.update()
    slider.value = 0.75
    assert seen[-1] == 0.75


# --- training in pieces ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("batch_size", "pieces"), [(4, (1, 2, 90, 150, 57)), (3, (60, 7, 70)), (64, (1, 5))])
def test_pieces_have_the_bits_of_one_run(batch_size, pieces):
    """400 samples: 100 batches of 4; 133 of 3 with one sample to spare; 6 of 64 with 16 to spare."""
    ensemble = sample_ensemble(n_models=3, inv_sigma_w=2.0, n_samples=400, seed=5)
    whole = train(ensemble, learning_rate=0.5, batch_size=batch_size, record_steps=np.cumsum(pieces).tolist())
    state = start(ensemble)
    for place, steps in enumerate(pieces):
        state = advance(ensemble, state, learning_rate=0.5, batch_size=batch_size, steps=steps)
        np.testing.assert_array_equal(state.weights, whole.weights[:, place])
    assert state.steps == sum(pieces)
    assert state.epochs == pytest.approx(sum(pieces) / (400 // batch_size))


def test_another_batch_size_goes_on_from_the_same_weights():
    ensemble = sample_ensemble(n_models=2, inv_sigma_w=2.0, n_samples=40)
    state = advance(ensemble, start(ensemble), learning_rate=0.5, batch_size=4, steps=5)
    still = advance(ensemble, state, learning_rate=1e-30, batch_size=8, steps=1)
    np.testing.assert_array_equal(still.weights, state.weights)
    assert (state.cursor, still.cursor) == (20, 24)


@pytest.mark.parametrize(
    "wrong", [{"steps": 0}, {"batch_size": 41}, {"batch_size": 0}, {"learning_rate": -1.0}]
)
def test_pieces_out_of_range_are_refused(wrong):
    ensemble = sample_ensemble(n_models=1, inv_sigma_w=2.0, n_samples=40)
    settings = {"learning_rate": 0.5, "batch_size": 4, "steps": 1, **wrong}
    with pytest.raises(ValueError, match=next(iter(wrong))):
        advance(ensemble, start(ensemble), **settings)


# --- the laboratory --------------------------------------------------------------------------------------


@pytest.fixture
def board(monkeypatch) -> Laboratory:
    monkeypatch.delenv(STATIC, raising=False)
    monkeypatch.delenv("PHASEBOOK_NO_PACKAGED", raising=False)
    made = laboratory("ordered", epochs=SHORT)
    assert isinstance(made, Laboratory)
    return made


def play(board: Laboratory) -> None:
    """Press Run in a kernel, that is with an event loop, and wait for the end."""

    async def kernel() -> None:
        board.run.value = True
        assert board.task is not None
        await board.task

    asyncio.run(kernel())


def test_run_trains_to_the_end_and_pauses(board):
    first = bytes(board.picture.value)
    assert first.startswith(b"\x89PNG")
    assert "t = 0 epochs" in board.status.value
    play(board)
    assert (board.run.value, board.run.description) == (False, "Run")
    assert board.session.state.epochs == pytest.approx(SHORT)
    assert bytes(board.picture.value) != first
    assert "6 steps" in board.status.value


def test_the_run_is_that_of_the_engine(board):
    """The weights at the end are those of one call of `train` on the same networks."""
    play(board)
    ensemble = sample_ensemble(n_models=16, inv_sigma_w=8.0, common_teachers=True)
    whole = train(ensemble, learning_rate=4 * 2.0**-5, record_steps=[6])
    np.testing.assert_array_equal(board.session.state.weights, whole.weights[:, 0])


def test_pause_holds_the_run_and_run_goes_on(board):
    async def kernel() -> None:
        board.run.value = True
        await asyncio.sleep(0)  # the first picture
        board.run.value = False
        assert board.task is not None
        await board.task

    asyncio.run(kernel())
    assert 0 < board.session.state.steps < 6
    play(board)
    assert board.session.state.steps == 6


def test_controls_change_the_run(board):
    board.advance()
    board.learning_rate.value = 16.0
    assert board.temperature == 4.0
    assert board.session.state.steps == 1, "another temperature heats the run, and does not end it"
    assert "T = ε/|B| = 4;" in board.status.value
    board.inv_sigma_w.value = 1.0
    assert board.session.state.steps == 0, "another disorder is another start"
    board.advance()
    board.again.click()
    assert board.session.state.steps == 0


@pytest.mark.parametrize("place", range(4))
def test_presets_go_to_their_place(board, place):
    board.advance()
    board.places[place].click()
    temperature, inv_sigma_w = {
        "ordered": (2**-5, 8), "jammed": (2**-5, 2**-8), "paramagnetic": (2**6, 8), "edge": (0.5, 8),
    }[board.places[place].description]  # fmt: skip
    assert (board.temperature, board.inv_sigma_w.value) == (temperature, inv_sigma_w)
    assert board.session.state.steps == 0


def test_the_page_shows_the_end_of_the_run(monkeypatch):
    monkeypatch.setenv(STATIC, "1")
    monkeypatch.delenv("PHASEBOOK_NO_PACKAGED", raising=False)
    figure = laboratory("jammed", epochs=SHORT)
    assert isinstance(figure, BookFigure)
    loss, levels, _, plane = figure.axes[:4]
    assert len(loss.lines) == 17
    assert np.asarray(loss.lines[0].get_xdata())[-1] == pytest.approx(SHORT)
    assert len(levels.lines) == 32
    np.testing.assert_array_equal(plane.lines[-1].get_xydata(), [[2**-8, 2**-5]])


@pytest.mark.parametrize("wrong", [{"preset": "frozen"}, {"epochs": 0}, {"epochs": float("inf")}])
def test_a_laboratory_that_cannot_be_is_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        laboratory(**wrong)
