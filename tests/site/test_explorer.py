"""The explorer, driven in Chromium by mouse, keyboard, finger and address, with the network off."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from bs4 import BeautifulSoup

from phasebook.evidence.numbers import scientific
from phasebook.evidence.statistics import mean_and_error
from phasebook.runs.load import load_sweep

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
LIMIT = 1_000_000
"""Bytes of page, data, libraries, scripts and pictures together."""

# The fold of a hidden cell is the theme's: its name for a screen reader is not the one that it shows.
SERIOUS = """async () =>
  (await axe.run({include: ['article'], exclude: ['details.hide']},
                   {resultTypes: ['violations'], preload: false})).violations
    .filter(one => ['serious', 'critical'].includes(one.impact))
    .map(one => [one.id, one.nodes.map(node => node.html.slice(0, 120))])"""
FILLS = """() => [...document.querySelectorAll('.explorer-picture g[aria-label=rect] rect')]
    .map(rect => rect.getAttribute('fill'))"""
AXES = """() => [...document.querySelectorAll('.flow')].map(chart =>
    [...chart.querySelectorAll('g[aria-label^=y-axis] text')]
        .map(text => text.textContent + text.getAttribute('transform')).join())"""
CONTRASTS = """() => {
  const light = css => css.match(/[\\d.]+/g).slice(0, 3).map(Number)
    .map(c => c / 255).map(c => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = light(getComputedStyle(document.body).backgroundColor);
  const line = document.querySelector('.history g[aria-label=line]').getAttribute('stroke');
  const probe = document.createElement('i');
  probe.style.color = line;
  document.body.append(probe);
  const colours = [getComputedStyle(probe).color,
    ...['td', 'th small', '.explorer-legend text']
      .map(one => getComputedStyle(document.querySelector('.explorer ' + one)).color)];
  return colours.map(light).map(x => (Math.max(x, ground) + 0.05) / (Math.min(x, ground) + 0.05));
}"""


@pytest.fixture(scope="module")
def page_file(built_book: Path) -> Path:
    return built_book / "book" / "explorer.html"


@pytest.fixture(autouse=True, scope="module")
def library_is_here(built_book: Path) -> None:
    if not (built_book / "_static" / "vendor" / "plot" / "plot.umd.min.js").is_file():
        pytest.skip("npm could not bring the plotting library: the page shows its message")


@contextmanager
def opened(browser: Browser, file: Path, view: str = "", **options: Any) -> Iterator[tuple[Page, list[str]]]:
    """The page at a view, and every complaint of its console and every request that leaves the disk."""
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, "offline": True, **options})
    tab = context.new_page()
    complaints: list[str] = []
    tab.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    tab.on(
        "request", lambda request: complaints.append(request.url) if request.url.startswith("http") else None
    )
    tab.goto(file.as_uri() + view)
    try:
        if options.get("java_script_enabled", True):
            tab.wait_for_selector("#explorer.explorer-ready svg, .explorer-fallback", timeout=20_000)
        yield tab, complaints
        assert not complaints
    finally:
        context.close()


def cell(tab: Page, name: str) -> Any:
    return tab.locator(f'[role=gridcell][data-cell="{name}"]')


def box(element: Any) -> dict[str, float]:
    """Where an element stands on the screen; it has to be visible."""
    found = element.bounding_box()
    assert found, "not on the screen"
    return found


def boxes(tab: Page, selector: str) -> list[dict[str, float]]:
    """The same of several elements, all in one look: what is above them may still move as the page loads."""
    script = "elements => elements.map(one => one.getBoundingClientRect().toJSON())"
    return tab.locator(selector).evaluate_all(script)


def hash_of(tab: Page) -> str:
    return str(tab.evaluate("location.hash"))


def ready(tab: Page) -> None:
    tab.wait_for_selector("#explorer.explorer-ready .explorer-card svg")


@pytest.mark.parametrize("width", [1280, 768, 390])
def test_nothing_jumps_while_it_loads(browser, page_file, width):
    """Cumulative layout shift below 0.1, which web.dev calls good; a map that pushes the text away: 0.5."""
    shifts = """() => new Promise(done => {
      new PerformanceObserver(list => done(list.getEntries().reduce((sum, one) => sum + one.value, 0)))
        .observe({type: 'layout-shift', buffered: true});
      setTimeout(() => done(0), 2000);  // nothing moved: the observer has nothing to say
    })"""
    with opened(browser, page_file, viewport={"width": width, "height": 900}) as (tab, _):
        ready(tab)
        assert tab.evaluate(shifts) < 0.1


def test_a_click_shows_the_cell(browser, page_file):
    with opened(browser, page_file) as (tab, _):
        ready(tab)
        cell(tab, "T2,D0").click()
        assert cell(tab, "T2,D0").get_attribute("aria-selected") == "true"
        assert tab.locator("[role=gridcell][aria-selected=true]").count() == 1
        assert hash_of(tab) == "#observable=test_error&t=100&cell=T2,D0"
        card = tab.locator(".explorer-card")
        assert "T = 2², 1/σW = 2⁰" in card.locator("h2").inner_text()
        assert card.locator(".flow g[aria-label=line] path").count() == 16
        assert card.locator(".history svg").count() == 2
        assert card.locator(".explorer-claims li").count() > 0


def test_pointing_shows_the_numbers_of_the_sweep(browser, page_file):
    """Test error and overlap in the table, against the packaged sweep, which has the same networks."""
    sweep = load_sweep("book", packaged=True, progress=False)
    place = {"temperature": 2.0**-2, "inv_sigma_w": 2.0}
    expected = [
        scientific(*(float(one) for one in mean_and_error(values.sel(place))))
        for values in (2 * sweep["test_loss"], sweep["feature_overlap"])
    ]
    with opened(browser, page_file) as (tab, _):
        ready(tab)
        cell(tab, "T-2,D1").hover()
        table = tab.locator(".explorer-numbers")
        assert "looking at" in table.inner_text()
        rows = [
            table.locator("tr", has_text=title).locator("td").first for title in ("test error", "overlap")
        ]
        assert [row.inner_text() for row in rows] == expected
        tab.mouse.move(5, 5)
        assert "A, selected" in table.inner_text()


def test_keyboard_moves_selects_pins_and_clears(browser, page_file):
    with opened(browser, page_file) as (tab, _):
        ready(tab)
        tab.locator("#explorer-slider").focus()
        tab.keyboard.press("Tab")  # the grid is one stop, at the selected cell
        focused = "document.activeElement.dataset.cell"
        assert tab.evaluate(focused) == "T-5,D3"
        for key in ("ArrowUp", "ArrowUp", "ArrowLeft", "ArrowDown"):
            tab.keyboard.press(key)
        assert tab.evaluate(focused) == "T-4,D2"
        assert "looking at" in tab.locator(".explorer-numbers").inner_text()
        assert tab.evaluate("document.activeElement.ariaLabel").startswith("T = 2⁻⁴, 1/σ_W = 2²: test error ")
        tab.keyboard.press("Enter")
        assert hash_of(tab).endswith("cell=T-4,D2")
        for key in ("Home", "PageUp", "ArrowUp", "p"):  # the edge of the map stops it
            tab.keyboard.press(key)
        assert hash_of(tab).endswith("cell=T-4,D2&pin=T6,D-8")
        assert tab.locator(".explorer-card").count() == 2
        assert tab.locator(".explorer-readout").inner_text().startswith("Pinned T = 2⁶")
        tab.keyboard.press("Escape")
        assert hash_of(tab).endswith("cell=none")
        assert tab.locator(".explorer-card").count() == 0
        tab.keyboard.press("Tab")
        assert tab.evaluate("document.activeElement.closest('.explorer-side') !== null"), (
            "no way out of the map"
        )


def test_time_recolours_the_map(browser, page_file):
    with opened(browser, page_file) as (tab, _):
        ready(tab)
        before = tab.evaluate(FILLS)
        assert len(before) == 144
        tab.locator("#explorer-slider").focus()
        tab.keyboard.press("End")
        assert "t=100000&" in hash_of(tab)
        assert tab.locator("#explorer-t").inner_text() == "100 000 epochs = 100 000 000 steps"
        after = tab.evaluate(FILLS)
        assert sum(one != other for one, other in zip(before, after, strict=True)) > 100
        tab.locator("#explorer-play").click()  # from the end it starts anew
        tab.wait_for_function("location.hash.includes('t=0.158&')", timeout=5000)
        tab.locator("#explorer-play").click()


def test_observable_recorded_at_two_times_only(browser, page_file):
    with opened(browser, page_file, "#observable=test_error&t=1000&cell=T-5,D3") as (tab, _):
        ready(tab)
        tab.locator("#explorer-observable").select_option("gradient_epoch")
        assert "observable=gradient_epoch&t=100&" in hash_of(tab)
        assert tab.locator("#explorer-slider").get_attribute("max") == "1"


def test_boundary_under_a_reading(browser, page_file):
    lines = "document.querySelectorAll('.explorer-picture g[aria-label=line]').length"
    with opened(browser, page_file) as (tab, _):
        ready(tab)
        assert tab.evaluate(lines) == 0
        tab.locator("#explorer-reading").select_option("released")
        assert "reading=released" in hash_of(tab)
        assert tab.evaluate(lines) > 4
        assert "68 %" in tab.locator(".explorer-lines").inner_text()
        tab.locator("#explorer-reading").select_option("literal")
        assert tab.evaluate(lines) == 2  # the vertical line alone, and its dark edge
        assert tab.locator(".explorer-lines").inner_text().startswith("No line")


def test_address_restores_two_cells(browser, page_file):
    view = "#observable=overlap&t=10&cell=T-5,D-8&pin=T2,D3&reading=spread-table"
    with opened(browser, page_file, view) as (tab, _):
        ready(tab)
        assert cell(tab, "T-5,D-8").get_attribute("data-mark") == "A"
        assert cell(tab, "T2,D3").get_attribute("data-mark") == "B"
        assert tab.locator("#explorer-observable").input_value() == "overlap"
        assert tab.locator("#explorer-reading").input_value() == "spread-table"
        assert tab.locator(".explorer-card").count() == 2
        assert tab.locator(".explorer-notice").inner_text() == ""
        left, right = boxes(tab, ".explorer-card")
        assert left["y"] == right["y"]
        assert left["x"] + left["width"] <= right["x"]
        domains = tab.evaluate(AXES)
        assert domains[0] == domains[1], "two cells, two scales: they cannot be compared"


def test_bad_address_is_named_and_the_rest_is_used(browser, page_file):
    with opened(browser, page_file, "#observable=overlap&cell=T9,D3&colour=1") as (tab, _):
        ready(tab)
        notice = tab.locator(".explorer-notice").inner_text()
        assert "no cell T9,D3" in notice
        assert "colour is not one of" in notice
        assert tab.locator("#explorer-observable").input_value() == "overlap"
        assert tab.locator("[aria-selected=true]").get_attribute("data-cell") == "T-5,D3"


def views(built_book: Path) -> dict[str, str]:
    """Every view that a page of the book links to, with the page."""
    found = {}
    for page in (built_book / "book").glob("*.html"):
        soup = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
        for link in soup.select('a[href*="explorer.html#"]'):
            view = str(link["href"]).partition("#")[2]
            if "=" in view:
                found[view] = page.name
    return found


def test_every_link_to_a_view_is_one(browser, page_file, built_book):
    linked = views(built_book)
    assert len(linked) >= 5  # the guided questions
    with opened(browser, page_file) as (tab, _):
        ready(tab)
        for view, page in linked.items():
            tab.evaluate("view => { location.hash = view }", view)
            tab.wait_for_timeout(50)
            assert tab.locator(".explorer-notice").inner_text() == "", page
            assert tab.evaluate("document.querySelector('#explorer-link').hash.slice(1)").startswith(view)


def test_guided_question_changes_the_view(browser, page_file):
    with opened(browser, page_file) as (tab, _):
        ready(tab)
        tab.locator("a.explorer-view").first.click()
        tab.wait_for_function("document.querySelectorAll('.explorer-card').length === 2")
        assert tab.locator("#explorer-t").inner_text().startswith("0.1 epochs")
        tab.wait_for_function(  # and comes into sight
            "Math.abs(document.querySelector('#explorer').getBoundingClientRect().top) < 200", timeout=3000
        )


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_legible(browser, page_file, theme):
    """Curves at 3 : 1 and text at 4.5 : 1, the least that WCAG 2 allows."""
    with opened(browser, page_file, "#cell=T-5,D3&pin=T2,D3", color_scheme=theme) as (tab, _):
        ready(tab)
        assert tab.evaluate("document.documentElement.dataset.theme") == theme
        line, *texts = tab.evaluate(CONTRASTS)
        assert line >= 3
        assert min(texts) >= 4.5


def test_theme_of_the_address(browser, page_file):
    with opened(browser, page_file, "#theme=dark") as (tab, _):
        ready(tab)
        assert tab.evaluate("document.documentElement.dataset.theme") == "dark"
        assert (
            tab.locator(".explorer-card").evaluate("one => one.style.getPropertyValue('--phase')")
            == "#6699CC"
        )


def test_phone(browser, page_file):
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
    with opened(browser, page_file, "#cell=T-5,D3&pin=T2,D3&reading=released", **phone) as (tab, _):
        ready(tab)
        assert tab.evaluate("document.documentElement.scrollWidth") <= 390
        assert box(tab.locator(".explorer-grid"))["width"] / 12 >= 23  # a finger finds a cell
        cell(tab, "T0,D-4").tap()
        assert "cell=T0,D-4" in hash_of(tab)
        tab.locator("#explorer-pin").tap()
        assert "pin=T0,D-4" in hash_of(tab)
        upper, *lower = boxes(tab, ".explorer-card")
        assert all(one["y"] > upper["y"] for one in lower)


def test_without_javascript_there_is_a_message_and_a_picture(browser, page_file):
    with opened(browser, page_file, java_script_enabled=False) as (tab, _):
        assert "with JavaScript" in tab.locator(".explorer-fallback").inner_text()
        assert box(tab.locator("figure#fig-explorer-still img"))["width"] > 300


def test_without_the_library_there_is_a_message(browser, page_file):
    context = browser.new_context(offline=True)
    tab = context.new_page()
    tab.route("**/plot.umd.min.js", lambda route: route.abort())
    tab.goto(page_file.as_uri())
    tab.wait_for_timeout(1500)
    assert "with JavaScript" in tab.locator(".explorer-fallback").inner_text()
    assert tab.locator("#explorer.explorer-ready").count() == 0
    context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_accessible(browser, page_file, theme):
    """No violation that axe-core calls serious or critical, of the article with two cells open."""
    if not AXE.is_file():
        pytest.skip("axe-core comes from npm, which could not be reached")
    view = "#observable=overlap&t=10&cell=T-5,D-8&pin=T2,D3&reading=released"
    with opened(browser, page_file, view, color_scheme=theme) as (tab, _):
        ready(tab)
        tab.add_script_tag(path=AXE)
        assert tab.evaluate(SERIOUS) == []


def test_weight(page_file, built_book):
    html = page_file.read_text(encoding="utf-8")
    addresses = re.findall(r'(?:src|href)="([^"?]*(?:/explorer/|/_images/)[^"?]*)', html)
    libraries = re.search(r'data-libraries="([^"]*)"', html)
    assert libraries
    files = {(page_file.parent / one).resolve() for one in (*addresses, *libraries[1].split())}
    assert {"d3.min.js", "plot.umd.min.js", "main.js", "explorer.css"} <= {one.name for one in files}
    assert page_file.stat().st_size + sum(one.stat().st_size for one in files) < LIMIT


def test_licences_of_the_libraries_come_with_them(built_book):
    for name in ("d3", "plot"):
        assert "Copyright" in (built_book / "_static/vendor" / name / "LICENSE").read_text(encoding="utf-8")


def test_only_this_page_loads_the_library(built_book):
    for page in (built_book / "book").glob("*.html"):
        if page.name != "explorer.html":
            assert "plot.umd" not in page.read_text(encoding="utf-8"), page.name
