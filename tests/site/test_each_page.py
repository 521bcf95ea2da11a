"""Every page as its readers meet it: on a desktop, in the dark, on a phone; with the network off.

A page is opened once for each of the three, as drawing its mathematics is what takes long; what changes the
page comes last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page as Tab

    Opener = Callable[..., AbstractContextManager[Tab]]

MATHEMATICS_IS_DRAWN = """() => [...document.querySelectorAll('article .math')]
    .every(math => math.querySelector('mjx-container svg') && !math.querySelector('[data-mjx-error]'))"""
BROKEN_IMAGES = """() => [...document.images].filter(image => image.loading !== 'lazy')
    .filter(image => !(image.complete && image.naturalWidth > 0)).map(image => image.src)"""
# How far text stands out from its ground, by the definition of WCAG 2 (4.5 is legible, 21 black on white).
CONTRAST = """() => {
  const light = css => css.match(/[\\d.]+/g).slice(0, 3).map(Number)
    .map(c => c / 255).map(c => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const text = light(getComputedStyle(document.querySelector('article p')).color);
  const ground = light(getComputedStyle(document.body).backgroundColor);
  return {ground, contrast: (Math.max(text, ground) + 0.05) / (Math.min(text, ground) + 0.05)};
}"""
FIGURE_GROUNDS = """() => [...document.querySelectorAll('article figure img')]
    .map(image => getComputedStyle(image)).map(css => [css.backgroundColor, css.filter])"""
SCROLLED = """() => [...document.querySelectorAll(
    'article pre, article div.math, article .claims-table, article .pst-scrollable-table-container')]
    .filter(part => part.checkVisibility() && part.scrollWidth > part.clientWidth + 1)
    .map(part => part.textContent.split('\\n').sort((a, b) => b.length - a.length)[0].trim())"""


@dataclass(frozen=True)
class View:
    """A page in a window of its own, and what its console complained about."""

    tab: Tab
    complaints: list[str]


@contextmanager
def view(opened: Opener, page: Any, *, width: int, theme: Literal["light", "dark"]) -> Iterator[View]:
    """The page when its mathematics is drawn; a picture of it is kept."""
    complaints: list[str] = []
    with opened(page, width=width, theme=theme, complaints=complaints) as tab:
        tab.screenshot(
            path=page.screenshot(theme=theme, width=width), full_page=True, type="jpeg", quality=80
        )
        yield View(tab, complaints)


@pytest.fixture(scope="module")
def desktop(opened: Opener, page: Any) -> Iterator[View]:
    with view(opened, page, width=1280, theme="light") as seen:
        yield seen


@pytest.fixture(scope="module")
def dark(opened: Opener, page: Any) -> Iterator[View]:
    with view(opened, page, width=1280, theme="dark") as seen:
        yield seen


@pytest.fixture(scope="module")
def phone(opened: Opener, page: Any) -> Iterator[View]:
    with view(opened, page, width=390, theme="light") as seen:
        yield seen


def test_page_opens_without_a_network(desktop, mathjax_is_local):
    broken = desktop.tab.evaluate(BROKEN_IMAGES)
    if mathjax_is_local:
        assert not desktop.complaints
        assert desktop.tab.evaluate(MATHEMATICS_IS_DRAWN)
    assert not broken


def test_page_is_open_to_everybody(desktop, violations):
    assert not violations(desktop.tab)


def test_nothing_scrolls_sideways_on_a_desktop(desktop):
    """Code of 88 characters, equations and tables fit beside the contents of the page, folded ones too."""
    desktop.tab.evaluate("document.querySelectorAll('article details').forEach(one => one.open = true)")
    assert not desktop.tab.evaluate(SCROLLED)


def test_theme_button_changes_the_page(desktop):
    before = desktop.tab.evaluate(CONTRAST)["ground"]
    for _ in range(3):  # it goes round: light, dark, as the system asks
        desktop.tab.locator("button.theme-switch-button:visible").first.click()
        if desktop.tab.evaluate("document.documentElement.dataset.theme") == "dark":
            break
    assert before > 0.9
    assert desktop.tab.evaluate(CONTRAST)["ground"] < 0.05


def test_page_is_legible_in_the_dark(dark, violations):
    """The reader's system asks for a dark page: light text, and figures on white, their colours unchanged."""
    seen = dark.tab.evaluate(CONTRAST)
    assert seen["ground"] < 0.05
    assert seen["contrast"] > 7
    assert all(look == ["rgb(255, 255, 255)", "none"] for look in dark.tab.evaluate(FIGURE_GROUNDS))
    assert not violations(dark.tab, rules=["color-contrast"])


def test_page_fits_a_phone(phone, violations):
    assert phone.tab.evaluate("document.documentElement.scrollWidth") <= 390
    starts = phone.tab.evaluate("[...document.querySelectorAll('div.math')].map(math => math.scrollLeft)")
    assert not any(starts), "a long equation does not open at its beginning"
    assert not violations(phone.tab)


def test_axe_would_have_found_it(opened, page_named, violations):
    """A picture without a name and pale letters, put into a page, are found."""
    with opened(page_named("book/index"), width=1280) as tab:
        tab.evaluate("""() => document.querySelector('article').insertAdjacentHTML('afterbegin',
            '<img src="x.png"><p style="color: #ccc; background: #fff">pale letters</p>')""")
        assert {"image-alt", "color-contrast"} <= {one[1] for one in violations(tab)}
