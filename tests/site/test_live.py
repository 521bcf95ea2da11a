"""The live training as a reader drives it: the built page from the disk in Chromium, with the network off."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from bs4 import BeautifulSoup

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from playwright.sync_api import Page as Tab

ROOT = Path(__file__).resolve().parents[2]
HTML = ROOT / "_build" / "html"
LIVE = HTML / "book" / "live.html"
SCREENSHOT = ROOT / "_build" / "screenshots" / "live-learnt.png"
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
WIDE = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
OF_THE_THEME = {"label-content-name-mismatch"}  # the button that shows a cell's code
FASTEST = "14"
PATIENCE = 90_000  # milliseconds; a quiet machine needs a few seconds
DRAWN = """() => [...document.querySelectorAll('.live canvas')].map(canvas => {
  const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  return new Set(new Uint32Array(pixels.buffer)).size;
})"""


@pytest.fixture(autouse=True, scope="module")
def uplot_is_local() -> None:
    if not (HTML / "_static/vendor/uplot/uPlot.iife.min.js").is_file():
        message = "uPlot was not copied: the live training has nothing to draw with"
        if os.environ.get("PHASEBOOK_REQUIRE_BROWSER"):
            pytest.fail(message)
        pytest.skip(message)


@contextmanager
def opened(browser: Browser, address: str = "", **settings: Any) -> Iterator[Tab]:
    """The page in a fresh window; it must not have complained by the end."""
    context = browser.new_context(**{"viewport": WIDE, "offline": True, **settings})
    complaints: list[str] = []
    tab = context.new_page()
    tab.set_default_timeout(PATIENCE)
    tab.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    tab.goto(LIVE.as_uri() + address)
    tab.wait_for_load_state("load")
    try:
        yield tab
    finally:
        context.close()
    assert not complaints


def number(tab: Tab, name: str) -> float:
    """A reading of the page, waiting for it to appear."""
    tab.wait_for_function(f"/[0-9]/.test(document.querySelector('#live-{name}').textContent)")
    return float(re.sub(r"[^\d.e-]", "", tab.locator(f"#live-{name}").inner_text()))


def wait_for_steps(tab: Tab, least: int) -> None:
    tab.wait_for_function(
        f"Number(document.querySelector('#live-steps').textContent.replace(/\\D/g, '')) >= {least}"
    )


def say(tab: Tab) -> str:
    return tab.locator(".live-status").inner_text()


def test_the_ordered_place_learns(browser):
    with opened(browser) as tab:
        tab.get_by_role("button", name="ordered").click()
        assert number(tab, "steps") == 0
        at_start = number(tab, "loss")
        tab.get_by_label("Speed").fill(FASTEST)
        tab.get_by_role("button", name="Train").click()
        tab.wait_for_function("Number(document.querySelector('#live-loss').textContent) < 1e-4")
        tab.get_by_role("button", name="Pause").click()
        assert at_start > 1e-2
        assert number(tab, "loss") < 1e-4
        assert number(tab, "epochs") == pytest.approx(number(tab, "steps") / 1000, rel=0.05)
        assert tab.evaluate(DRAWN) == [pytest.approx(5000, abs=4995)] * 4  # each picture has several colours
        tab.screenshot(path=SCREENSHOT, full_page=True)


def test_pause_reset_and_speed(browser):
    with opened(browser) as tab:
        at_start = number(tab, "loss")
        speed = tab.get_by_label("Speed")
        speed.fill("0")
        tab.get_by_role("button", name="Train").click()
        wait_for_steps(tab, 5)
        tab.get_by_role("button", name="Pause").click()
        assert say(tab) == "Paused."
        tab.wait_for_timeout(300)  # the two requests under way
        slow = number(tab, "steps")
        tab.wait_for_timeout(300)
        assert number(tab, "steps") == slow < 500
        speed.fill(FASTEST)
        tab.get_by_role("button", name="Train").click()
        wait_for_steps(tab, int(slow) + 2000)  # on from where it stood
        tab.get_by_role("button", name="Reset").click()
        tab.wait_for_function("document.querySelector('#live-steps').textContent === '0'")
        tab.wait_for_timeout(200)
        assert (number(tab, "steps"), number(tab, "loss")) == (0, at_start)
        assert tab.get_by_role("button", name="Train").is_visible()


def test_a_hidden_tab_rests(browser):
    """A browser gives a hidden tab no animation frames; here they are taken from it by hand."""
    with opened(browser) as tab:
        tab.get_by_label("Speed").fill(FASTEST)
        tab.get_by_role("button", name="Train").click()
        wait_for_steps(tab, 1000)
        tab.evaluate("""() => {
            window.draw = window.requestAnimationFrame;
            window.requestAnimationFrame = (next) => { window.next = next; };
            Object.defineProperty(document, 'hidden', {value: true, configurable: true});
            const post = Worker.prototype.postMessage;
            Worker.prototype.postMessage = function (...any) {
                window.posted++;
                return post.apply(this, any);
            };
        }""")
        tab.wait_for_timeout(300)  # the last frame there was
        tab.evaluate("window.posted = 0")
        tab.wait_for_timeout(300)
        assert tab.evaluate("window.posted") == 0
        tab.evaluate("""() => {
            delete document.hidden;
            window.requestAnimationFrame = window.draw;
            requestAnimationFrame(window.next);
        }""")
        tab.wait_for_function("window.posted > 3", polling=50)


def test_sliders_answer_to_the_keyboard(browser):
    with opened(browser, "#preset=ordered&seed=1") as tab:
        number(tab, "steps")
        rate = tab.get_by_label("Learning rate")
        rate.focus()
        tab.keyboard.press("ArrowRight")
        assert rate.get_attribute("aria-valuetext") == "2 to the power -2"
        assert tab.locator("#live-temperature").inner_text() == "2⁻⁴"
        tab.get_by_label("Batch size").focus()
        tab.keyboard.press("Home")
        assert tab.locator("#live-temperature").inner_text() == "2⁻²"
        tab.get_by_role("button", name="Train").focus()
        tab.keyboard.press("Space")
        wait_for_steps(tab, 100)
        before = number(tab, "steps")
        rate.focus()
        tab.keyboard.press("End")
        assert tab.locator("#live-phase").inner_text() == "paramagnetic"
        wait_for_steps(tab, int(before) + 100)  # the same student goes on
        tab.get_by_role("button", name="Pause").focus()
        tab.keyboard.press("Enter")
        tab.get_by_label("starts anew").focus()
        tab.keyboard.press("ArrowLeft")
        tab.wait_for_function("document.querySelector('#live-steps').textContent === '0'")
        assert "new student" in say(tab)


def test_every_control_is_reached_by_tab(browser):
    with opened(browser) as tab:
        number(tab, "steps")
        tab.get_by_role("button", name="ordered").focus()
        reached = []
        for _ in range(12):
            reached.append(tab.evaluate("document.activeElement.id || document.activeElement.textContent"))
            tab.keyboard.press("Tab")
        assert reached[:12] == [
            "ordered", "jammed", "paramagnetic", "edge", "Train", "Reset", "live-seed", "live-log",
            "live-rate", "live-batch", "live-inv-sigma-w", "live-speed",
        ]  # fmt: skip


def test_places(browser):
    with opened(browser) as tab:
        for name, phase in {
            **{one: one for one in ("jammed", "paramagnetic", "ordered")},
            "edge": "ordered",
        }.items():
            button = tab.get_by_role("button", name=name)
            button.click()
            assert button.get_attribute("aria-pressed") == "true"
            assert tab.locator(".live button[aria-pressed='true']").count() == 1
            assert tab.locator("#live-phase").inner_text() == phase
            assert tab.evaluate("location.hash").startswith(f"#preset={name}&")
            picture = tab.locator(".live").get_by_role("img", name="Phase diagram")
            assert phase in (picture.get_attribute("aria-label") or "")


def test_the_jammed_start_is_saturated(browser):
    with opened(browser, "#preset=jammed&seed=3") as tab:
        assert number(tab, "overlap") > 0.9
        label = tab.locator(".live").get_by_role("img", name="Histogram").get_attribute("aria-label")
        assert label
        assert int(re.findall(r"\d+", label)[0]) > 90


def test_address_is_the_state(browser):
    with opened(browser, "#rate=0.5&batch=8&inv_sigma_w=2&seed=12") as tab:
        assert number(tab, "steps") == 0
        assert tab.get_by_label("Seed").input_value() == "12"
        assert tab.locator("#live-temperature").inner_text() == "2⁻⁴"
        loss = number(tab, "loss")
        seed = tab.get_by_label("Seed")
        seed.fill("13")
        seed.press("Enter")
        assert tab.evaluate("location.hash") == "#rate=0.5&batch=8&inv_sigma_w=2&seed=13"
        tab.wait_for_function(f"Number(document.querySelector('#live-loss').textContent) !== {loss}")
        seed.fill("12")
        seed.press("Enter")
        tab.wait_for_function(f"Number(document.querySelector('#live-loss').textContent) === {loss}")
        tab.evaluate("location.hash = '#preset=boiling&seed=1'")
        tab.wait_for_function("document.querySelector('.live-status').textContent.includes('cannot be had')")
        assert "preset is one of ordered, jammed, paramagnetic, edge" in say(tab)
        seed.fill("1.5")
        seed.press("Enter")
        assert "whole number" in say(tab)


def test_fits_a_phone(browser):
    with opened(browser, viewport=PHONE) as tab:
        number(tab, "steps")
        assert tab.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        boxes = [panel.bounding_box() for panel in tab.locator(".live-panel").all()]
        assert len({box["x"] for box in boxes if box}) == 1, "one panel below the other"
        buttons = [button.bounding_box() for button in tab.locator(".live button").all()]
        assert all(box and box["height"] >= 40 for box in buttons)
        tab.set_viewport_size({"width": 1280, "height": 900})
        tab.wait_for_function("document.querySelector('.live canvas').getBoundingClientRect().width > 200")
        assert tab.evaluate("document.documentElement.scrollWidth") <= WIDE["width"]


@pytest.mark.parametrize(("theme", "part"), [("light", "article"), ("dark", ".live")])
def test_accessible(browser, theme, part):
    if not AXE.is_file():
        pytest.skip("axe-core is not here: npm ci fetches it")
    with opened(browser, color_scheme=theme) as tab:
        tab.get_by_label("Speed").fill("6")
        tab.get_by_role("button", name="Train").click()
        wait_for_steps(tab, 100)
        tab.get_by_role("button", name="Pause").click()
        tab.add_script_tag(path=AXE)
        found = tab.evaluate("part => axe.run(part, {preload: false})", part)["violations"]
        grave = [one for one in found if one["impact"] in ("serious", "critical")]
        assert not [(one["id"], one["nodes"][0]["html"]) for one in grave if one["id"] not in OF_THE_THEME]
        assert tab.evaluate("getComputedStyle(document.querySelector('.live-panel')).backgroundColor") == (
            "rgb(255, 255, 255)"
        )


def test_little_motion_for_who_asks_for_it(browser):
    counts = {}
    for wish in "no-preference", "reduce":
        with opened(browser, reduced_motion=wish) as tab:
            tab.get_by_role("button", name="Train").click()
            wait_for_steps(tab, 1)
            counts[wish] = tab.evaluate("""() => new Promise(resolve => {
                let seen = 0;
                const watch = new MutationObserver(() => seen++);
                watch.observe(document.querySelector('#live-steps'), {childList: true});
                setTimeout(() => resolve(seen), 2000);
            })""")
    assert 1 <= counts["reduce"] <= 3 < counts["no-preference"]


def test_without_javascript_the_page_says_so(browser):
    with opened(browser, java_script_enabled=False) as tab:
        assert tab.get_by_text("in a browser with JavaScript").is_visible()
        assert tab.locator("figure#fig-live-still img").is_visible()
        assert tab.locator(".live button").count() == 0


def test_page_is_small():
    soup = BeautifulSoup(LIVE.read_text(encoding="utf-8"), "html.parser")
    scripts = [str(tag["src"]) for tag in soup.select("article script[src]")]
    assert len(scripts) > 5
    parts = [LIVE, *((LIVE.parent / name).resolve() for name in scripts)]
    assert sum(part.stat().st_size for part in parts) < 1_500_000


def test_other_pages_do_not_load_it():
    assert "live_network.js" not in (HTML / "book/index.html").read_text(encoding="utf-8")
