"""What a chapter's cells hand to its text, as MyST-NB reads it from their outputs."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest
import xarray as xr
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from myst_nb.ext.glue import extract_glue_data_cell
from nbformat.v4 import new_code_cell, new_output

from phasebook.figures import ProvenanceLine
from phasebook.text import put, put_line, put_percent, say


@pytest.fixture
def outputs_of() -> Iterator[Callable[..., dict[str, dict[str, str]]]]:
    """What a call leaves below its cell: name -> kind of data -> text, and nothing that a reader sees."""
    InteractiveShell.instance()

    def outputs(call: Callable[..., None], *args: object, **options: object) -> dict[str, dict[str, str]]:
        with capture_output() as captured:
            call(*args, **options)
        assert captured.stdout == captured.stderr == ""
        cell = new_code_cell(
            outputs=[
                new_output("display_data", data=one.data, metadata=one.metadata) for one in captured.outputs
            ]
        )
        glued = dict(extract_glue_data_cell(cell))
        assert not cell.outputs
        return {name: one.data for name, one in glued.items()}

    yield outputs
    InteractiveShell.clear_instance()


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda name: put(name, 0.5), "'0.50'"),
        (lambda name: put(name, 2 / 3, digits=4), "'0.6667'"),
        (lambda name: put(name, np.float32(4.1e-5)), "'4.1 × 10⁻⁵'"),
        (lambda name: put(name, xr.DataArray(1.234), np.array(0.05)), "'1.23 ± 0.05'"),
        (lambda name: put_percent(name, xr.DataArray(0.1249)), "'12 %'"),
        (lambda name: say(name, "none"), "'none'"),
        (lambda name: say(name, 19), "19"),
    ],
)
def test_the_text_receives_the_number(outputs_of, call, text):
    assert outputs_of(call, "n")["n"]["text/plain"] == text


def test_a_line_is_a_paragraph_of_its_own_class(outputs_of):
    for run in ("a < b | seed 0", ProvenanceLine("a < b | seed 0")):
        shown = outputs_of(put_line, "line", run)["line"]
        assert shown["text/html"] == '<p class="provenance">a &lt; b | seed 0</p>'
        assert shown["text/plain"] == "a < b | seed 0"


def test_a_line_of_a_sweep_says_its_scale_size_and_seed(outputs_of, synthetic_sweep):
    shown = outputs_of(put_line, "line", synthetic_sweep)["line"]["text/plain"]
    assert shown.startswith(f"{synthetic_sweep.attrs['scale']} scale | t_f = ")
    assert (
        f"{synthetic_sweep.sizes['model']} networks each | seed {synthetic_sweep.attrs['seed']} | " in shown
    )


def test_a_line_ends_in_the_seconds_that_the_run_took(outputs_of):
    shown = outputs_of(put_line, "line", "seed 0", since=time.perf_counter() - 42.2)
    assert shown["line"]["text/plain"] == "seed 0 | 42 s"


def test_without_myst_nb_nothing_is_shown_and_nothing_fails(outputs_of, monkeypatch):
    monkeypatch.setitem(sys.modules, "myst_nb", None)
    assert outputs_of(put, "n", 1.0, 0.1) == {}
    assert outputs_of(put_percent, "n", 0.1) == {}
    assert outputs_of(put_line, "n", "seed 0") == {}
    assert outputs_of(say, "n", "none") == {}
