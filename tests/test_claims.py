"""The ledger: complete, judged, and impossible to be wrong unseen."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from bs4 import BeautifulSoup
from claims_line import with_counts

from phasebook import network
from phasebook.claims import phase_diagram, soft_spins
from phasebook.claims.data import Data
from phasebook.claims.differences import MEASURES, differences
from phasebook.claims.judge import LedgerMismatch, check, judge, mismatches, select
from phasebook.claims.ledger import CHAPTERS, Claim, counts, ledger, summary
from phasebook.claims.pages import ClaimsBox, Scorecard, chapter_box
from phasebook.claims.verdicts import agrees, all_hold, holds, identity, share_of
from phasebook.cli import execute
from phasebook.evidence.statistics import Estimate
from phasebook.runs.load import load_sweep

ROOT = Path(__file__).resolve().parents[1]
UNTRAINED = ("soft_spins", "disorder")
"""Chapters whose claims are judged here in a second or two each; the pages judge the others."""


@pytest.fixture(scope="module")
def data() -> Data:
    """The packaged book sweep, which has no weights, in the place of the cached one."""
    found = Data()
    found.__dict__["book"] = load_sweep("book", packaged=True, progress=False)
    return found


def named(*ids: str) -> list[Claim]:
    found = [claim for claim in ledger() if claim.id in ids]
    assert len(found) == len(ids)
    return found


def test_the_ledger_covers_the_whole_paper():
    assert len(ledger()) >= 40
    assert {claim.section.partition(".")[0] for claim in ledger()} >= {"1", "2", "3", "4", "5", "A", "B"}
    assert {claim.chapter for claim in ledger()} == set(CHAPTERS)
    assert all(claim.quote and claim.quantity and claim.expected and claim.source for claim in ledger())


def test_every_claim_has_a_function_of_its_own_and_every_function_a_claim():
    used = [claim.judge for claim in ledger()]
    assert len(set(used)) == len(used)
    for chapter in CHAPTERS:
        module = import_module(f"phasebook.claims.{chapter}")
        theirs = {name.partition(".")[2] for name in used if name.startswith(f"{chapter}.")}
        ours = [one for one in vars(module).values() if getattr(one, "__module__", "") == module.__name__]
        assert theirs == {one.__name__ for one in ours if not one.__name__.startswith("_")}


def test_equations_named_in_the_ledger_are_printed_in_the_book():
    text = "".join(path.read_text("utf-8") for path in (ROOT / "book").glob("*.md"))
    for claim in ledger():
        if claim.where.startswith("(") and claim.paper == "phase diagram":
            number = claim.where[1:-1]
            assert f"(eq-{number.lower().replace('.', '-')})=" in text, claim.id


@pytest.mark.parametrize("chapter", UNTRAINED)
def test_recorded_verdicts_are_the_computed_ones(chapter, data):
    check(judge(select(chapter=chapter), data))


def test_recorded_verdicts_at_book_and_paper_time(data):
    """All of Section 3; what needs weights or eigenvalues of the book sweep is judged by the pages."""
    chapters = ("phase_diagram", "time")
    claims = [one for one in ledger() if one.chapter in chapters and one.scale != "smoke"]
    assert len(claims) > 30
    check(judge(claims, data))


def test_one_changed_verdict_is_a_mismatch(data):
    (claim,) = named("double-well")
    results = judge([dataclasses.replace(claim, verdict="not reproduced")], data)
    with pytest.raises(LedgerMismatch, match="double-well: the ledger records 'not reproduced', computed"):
        check(results)


def test_a_box_fails_with_the_ledger(monkeypatch, data):
    """What a page calls raises, which fails the build."""
    original = soft_spins.variance_is_bounded
    monkeypatch.setattr(soft_spins, "variance_is_bounded", lambda d: holds(Estimate(-1.0, 0.1)))
    with pytest.raises(LedgerMismatch, match="moments-bound"):
        chapter_box("soft_spins", data)
    monkeypatch.setattr(soft_spins, "variance_is_bounded", original)
    assert isinstance(chapter_box("soft_spins", data), ClaimsBox)


# Wrong observables, planted one at a time, each with the claims that have to notice.


def loss_without_the_half(outputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
    return np.mean(np.sum((outputs - targets) ** 2, axis=-1), axis=-1)


def test_a_loss_without_its_half_is_caught(monkeypatch, data):
    claims = named("loss-half", "loss-hamiltonian")
    assert not mismatches(judge(claims, data))
    monkeypatch.setattr(soft_spins, "loss", loss_without_the_half)
    caught = mismatches(judge(claims, data))
    assert [line.partition(":")[0] for line in caught] == ["loss-half", "loss-hamiltonian"]


def plant(data: Data, part: str, change: Callable[[xr.Dataset], xr.Dataset]) -> Data:
    """Another `Data` in which one sweep is altered."""
    wrong = Data()
    wrong.__dict__["book"] = data.book
    wrong.__dict__[part] = change(getattr(data, part))
    return wrong


@pytest.mark.parametrize(
    ("claim", "part", "change"),
    [
        ("half-in-figure-2", "book", lambda x: x.assign(test_loss=2 * x["test_loss"])),
        ("figure-2-jammed", "cells", lambda x: x.assign(test_error_128=x["test_error_128"] / 2)),
        ("figure-5-alignment", "cells", lambda x: x.assign(alignment_128=x["alignment_128"] / 128)),
        ("columns-hot", "book", lambda x: x.assign(
            training_loss_epoch_mean=x["training_loss_epoch_mean"] * x["inv_sigma_w"] ** -0.1)),
        ("gradient-order-code", "book", lambda x: x.assign(gradient_norm_epoch_mean=x["gradient_norm"])),
        ("footnote-width", "cells", lambda x: x.assign(eigenvalues=x["eigenvalues"] ** 0.5)),
    ],
)  # fmt: skip
def test_a_wrong_observable_is_caught(claim, part, change, data):
    claims = named(claim)
    assert not mismatches(judge(claims, data))
    assert mismatches(judge(claims, plant(data, part, change)))


def test_verdicts_follow_from_value_and_error():
    assert agrees(Estimate(1.02, 0.01), 1.0).verdict == "reproduced"
    assert agrees(Estimate(1.04, 0.01), 1.0).verdict == "not reproduced"
    assert agrees(Estimate(1.04, 0.01), 1.0, direction=True).verdict == "direction only"
    assert agrees(Estimate(1.04, 0.01), 1.0, expected_error=0.02).verdict == "reproduced"
    assert agrees(Estimate(1.0, float("nan")), 1.0).verdict == "not testable at this scale"
    assert holds(Estimate(0.2, 0.1)).verdict == "not testable at this scale"
    assert holds(Estimate(-0.4, 0.1)).verdict == "not reproduced"
    up, down, unsure = Estimate(1.0, 0.1), Estimate(-1.0, 0.1), Estimate(0.1, 0.1)
    assert all_hold({"a": up, "b": up}).verdict == "reproduced"
    assert all_hold({"a": up, "b": down}).verdict == "direction only"
    assert all_hold({"a": down, "b": down}).verdict == "not reproduced"
    assert all_hold({"a": up, "b": unsure}).verdict == "not testable at this scale"
    assert identity([1.0, 2.0], [1.0, 2.0 + 1e-9]).verdict == "not reproduced"


def test_share_of_all_has_an_error():
    assert share_of(np.ones(100)).error > 0
    one = share_of(np.arange(100) < 30)
    assert one.value == pytest.approx(0.3)
    assert one.error == pytest.approx(np.sqrt(0.3 * 0.7 / 100), rel=0.02)


def test_the_median_ratio_of_two_cells_is_found():
    """`decades` on made-up networks with a known ratio of 100."""
    rng = np.random.default_rng(0)
    values = xr.DataArray(
        np.exp(0.3 * rng.standard_normal((2, 400))) * np.array([[100.0], [1.0]]),
        dims=("temperature", "model"), coords={"temperature": [4.0, 1.0]},
    )  # fmt: skip
    found = phase_diagram.decades(values, {"temperature": 4.0}, {"temperature": 1.0})
    assert abs(found.value - 2) < 4 * found.error < 0.2


def test_readme_has_the_counts():
    readme = (ROOT / "README.md").read_text("utf-8")
    assert summary() in " ".join(readme.split())
    assert with_counts(readme) == readme, "run python tools/claims_line.py"
    assert sum(counts().values()) == len(ledger())


def test_command_and_page_say_the_same(capsys, data, monkeypatch):
    monkeypatch.setattr("phasebook.claims.judge.Data", lambda: data)
    assert execute(["claims", "--json", "--section", "2.4"]) == 0
    said = json.loads(capsys.readouterr().out)
    page = BeautifulSoup(Scorecard(judge(select(section="2.4"), data))._repr_html_(), "html.parser")
    rows = [[cell.get_text() for cell in row.find_all("td")] for row in page.find_all("tr")[1:]]
    assert [row[0] for row in rows] == [one["id"] for one in said]
    for row, one in zip(rows, said, strict=True):
        assert row[5].startswith(one["found"])
        assert one["verdict"] in row[6]


def test_command_fails_when_the_ledger_is_wrong(capsys, data, monkeypatch):
    monkeypatch.setattr("phasebook.claims.judge.Data", lambda: data)
    monkeypatch.setattr(network, "loss", loss_without_the_half)
    monkeypatch.setattr(soft_spins, "loss", loss_without_the_half)
    assert execute(["claims", "--section", "2.1"]) == 1
    error = capsys.readouterr().err
    assert "loss-half: the ledger records 'reproduced', computed is 'not reproduced'" in error


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--scale", "large"], "--scale must be smoke, book or paper, got large"),
        (["--section", "7"], "--section must be 1, 2, 2.1"),
        (["--jason"], "unrecognized arguments: --jason"),
    ],
)
def test_bad_input_is_one_line(arguments, words, capsys):
    assert execute(["claims", *arguments]) == 2
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1


def test_a_scale_too_small_is_said_and_contradicts_nothing(capsys):
    assert execute(["claims", "--json", "--scale", "smoke", "--section", "5"]) == 0
    said = {one["id"]: one for one in json.loads(capsys.readouterr().out)}
    assert said["fastest-temperature"]["verdict"] == "not testable at this scale"
    assert said["fastest-temperature"]["found"] == "needs scale book"
    assert said["fastest-temperature"]["judged"] is False
    assert said["vertical-line"]["verdict"] == "not reproduced"


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_chapter_has_the_box_with_its_claims(chapter):
    text = (ROOT / "book" / f"{chapter}.md").read_text(encoding="utf-8")
    assert re.findall(r'^chapter_box\("(\w+)"\)$', text, re.MULTILINE) == [chapter]


def test_differences_are_complete_and_refer_to_claims():
    """25 of the first reading and those found since; `differences` raises for a name that is not there."""
    rows = differences()
    assert len(rows) >= 30
    assert all(row.difference and row.book for row in rows)
    assert len({row.difference for row in rows}) == len(rows)


@pytest.mark.parametrize("name", ["second_order", "points", "mean", "binomial"])
def test_measures_of_differences_are_numbers(name, data):
    assert re.search(r"\d", MEASURES[name](data))
