"""The table that closes a chapter: verdicts follow the numbers."""

import numpy as np
import pytest

from phasebook.evidence.equation_checks import FAILS, HOLDS, EquationChecks


@pytest.fixture
def checks() -> EquationChecks:
    return EquationChecks(["2.1", "2.9", "2.13", "2.18"])


def test_identity_holds_to_rounding_only(checks):
    right = np.array([1.0, -2.0])
    assert checks.identity("2.9", "same", right * (1 + 1e-15), right).verdict == HOLDS
    assert checks.identity("2.9", "not the same", right + 1e-9, right).verdict == FAILS
    assert [one.statement for one in checks.failed] == ["not the same"]


def test_estimate_counts_standard_errors(checks):
    check = checks.estimate(
        "2.13", "means", np.array([1.0, 2.0]), np.array([1.1, 2.0]), np.array([0.05, 1.0])
    )
    assert check.verdict == HOLDS
    assert check.result == "largest of 2 deviations: 2.0 standard errors"
    assert checks.estimate("2.13", "far", 1.0, 0.0, 0.1).verdict == FAILS


def test_bound_is_a_bound(checks):
    assert checks.bound("2.18", "below", np.array([0.1, 1.0]), 1.0).verdict == HOLDS
    assert checks.bound("2.18", "above", 1.1, 1.0).verdict == FAILS


def test_table_is_in_the_order_of_the_paper_and_shows_what_is_missing(checks):
    checks.bound("2.18", "a < b", 0.5, 1.0)
    checks.state("2.1", "shape", "(3, 4)")
    assert checks.missing == ["2.9", "2.13"]
    table = checks._repr_html_()
    assert table.index("(2.1)") < table.index("(2.18)")
    assert 'href="#eq-2-18"' in table
    assert "a &lt; b" in table
    assert table.count("no cell has computed this yet") == 2
    checks.bound("2.18", "a < b", 2.0, 1.0)  # a cell run again
    assert len(checks.checks) == 2
    assert repr(checks).endswith(FAILS)


def test_a_cell_shows_its_own_checks(checks):
    """Also when it is run a second time, whose rows replace the first ones."""
    for _ in range(2):
        checks.bound("2.18", "first", 0.5, 1.0)
        checks.bound("2.18", "second", 1.0 - 1e-9, 1.0)
        shown = checks.latest()
        assert [one.statement for one in shown.checks] == ["first", "second"]
        assert shown.checks[1].result == "largest 1e-09 below 1"
        assert "second" in shown._repr_html_()
    assert checks.latest().checks == []


def test_equation_of_another_chapter(checks):
    with pytest.raises(ValueError, match=r"no equation \(4.2\)"):
        checks.state("4.2", "", "")
