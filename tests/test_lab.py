"""Live pictures: sliders where a kernel runs, a still picture in the pages."""

import ipywidgets
import pytest

from phasebook.lab import STATIC, live


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
