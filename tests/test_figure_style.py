"""What all figures share: the style, the colours, the provenance line, the way numbers are written."""

from io import BytesIO

import matplotlib as mpl
import matplotlib.colors as mcolors
import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr
from PIL import Image

from phasebook.figures import ProvenanceLine, phase_diagram, provenance, scientific
from phasebook.figures.maps import cell_edges, decade_norm
from phasebook.figures.style import LARGEST_PNG, PHASES, curve_colours, new_figure


def test_figures_render_without_pyplot(synthetic_sweep):
    """A figure renders itself as the value of a cell, and pyplot never hears of it (no second copy)."""
    figure = phase_diagram.test_error_map(synthetic_sweep)
    image = plt.imread(BytesIO(figure._repr_png_()))
    assert image.shape[1] == 1280
    assert len(np.unique(image.reshape(-1, image.shape[-1]), axis=0)) > 100
    assert plt.get_fignums() == []


def test_style_does_not_leak_in_or_out(synthetic_sweep):
    """The user's own settings neither change a figure nor are changed by it."""
    with mpl.rc_context({"font.size": 30.0}):
        figure = phase_diagram.test_error_map(synthetic_sweep)
        assert mpl.rcParams["font.size"] == 30.0
    assert figure.axes[0].xaxis.label.get_fontsize() == 10.5


def test_phases_and_curves_survive_greyscale():
    """Rec. 709 luminance: the three phases at least 0.1 apart, the colours of curves in rising order."""
    weights = np.array([0.2126, 0.7152, 0.0722])
    phases = np.sort([np.dot(weights, mcolors.to_rgb(phase.colour)) for phase in PHASES])
    assert np.all(np.diff(phases) > 0.1)
    assert len({phase.marker for phase in PHASES}) == len({phase.linestyle for phase in PHASES}) == 3
    colours = curve_colours(12)
    assert np.all(np.diff([np.dot(weights, colours(k)[:3]) for k in range(12)]) > 0)


def test_cells_meet_half_way_between_powers_of_two():
    """Edges at the geometric means, half a step beyond the ends; a single cell is a factor 2 wide."""
    np.testing.assert_allclose(cell_edges(np.array([1.0, 2.0, 4.0])), 2.0 ** np.array([-0.5, 0.5, 1.5, 2.5]))
    np.testing.assert_allclose(cell_edges(np.array([1.0])), 2.0 ** np.array([-0.5, 0.5]))


def test_colour_scale_needs_positive_numbers():
    """A map of zeros has no logarithm: said, not drawn."""
    with pytest.raises(ValueError, match="positive"):
        decade_norm(xr.DataArray([0.0, np.nan]))


def test_provenance_says_scale_time_networks_seed_and_cost(synthetic_sweep):
    """All of it in one line, and diverged networks counted if there are any."""
    line = provenance(synthetic_sweep)
    parts = "synthetic scale", "100 epochs", "100\N{NARROW NO-BREAK SPACE}000 SGD steps", "12 × 12 cells"
    for part in (*parts, "6 networks each", "seed 0", "float32", "12 s on 2 threads", "computed"):
        assert part in line
    assert "\n" not in line
    assert "left out" not in line
    broken = synthetic_sweep.copy(deep=True)
    broken["diverged"][0, 0, 0] = 1
    assert "1 of 864 networks diverged" in provenance(broken)
    assert ProvenanceLine("a < b")._repr_html_() == '<p class="provenance">a &lt; b</p>'


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (4.123e-5, 3e-6, "(4.1 ± 0.3) × 10⁻⁵"),
        (0.2513, 0.0142, "0.251 ± 0.014"),
        (3.2e-7, None, "3.2 × 10⁻⁷"),
        (12.3, 0.4, "12.3 ± 0.4"),
        (0.44, None, "0.44"),
        (0.0, None, "0"),
        (2.0, None, "2"),
        (-2.0, None, "−2"),
        (-0.149, 0.012, "−0.149 ± 0.012"),
        (0.00874, 3e-4, "0.0087 ± 0.0003"),
        (9.9e3, 600, "(9.9 ± 0.6) × 10³"),
    ],
)
def test_numbers_as_a_reader_writes_them(value, error, text):
    """Digits follow the error; powers of ten only outside 0.001 to 1000."""
    assert scientific(value, error) == text


def test_a_large_picture_keeps_its_looks_in_a_palette():
    """Many thin lines: a third of the bytes, and hardly a pixel far from what was drawn."""
    figure = new_figure(height=4.0)
    rng = np.random.default_rng(0)
    figure.subplots().plot(rng.standard_normal((60, 150)).cumsum(axis=0), linewidth=0.5, color="#004488")
    full = BytesIO()
    figure.savefig(full, format="png")
    small = figure._repr_png_()
    assert len(full.getvalue()) > max(LARGEST_PNG, 2 * len(small))
    drawn, shown = (
        np.asarray(Image.open(source).convert("RGB"), dtype=int) for source in (full, BytesIO(small))
    )
    assert drawn.shape == shown.shape
    assert np.abs(drawn - shown).mean() < 1
    assert np.quantile(np.abs(drawn - shown), 0.99) <= 2, "of 255 levels"
