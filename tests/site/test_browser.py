"""What a reader sees: every page opened from the disk in Chromium, with the network off."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

WIDE = (1280, 900)
PHONE = (390, 844)

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


@contextmanager
def opened(
    browser: Browser, page: Any, *, size: tuple[int, int], theme: Literal["light", "dark"] = "light"
) -> Iterator[tuple[Page, list[str]]]:
    """The page in a fresh window, ready to look at, and what its console complained about."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, color_scheme=theme, offline=True
    )
    complaints: list[str] = []
    tab = context.new_page()
    tab.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    tab.goto(page.html.as_uri())
    tab.wait_for_load_state("load")
    tab.evaluate("window.MathJax?.startup?.promise")
    try:
        yield tab, complaints
    finally:
        shown = tab.evaluate("document.documentElement.dataset.theme")
        tab.screenshot(path=page.screenshot(theme=shown, width=size[0]), full_page=True)
        context.close()


def test_page_opens_without_a_network(browser, page, mathjax_is_local):
    with opened(browser, page, size=WIDE) as (tab, complaints):
        broken = tab.evaluate(BROKEN_IMAGES)
        if mathjax_is_local:
            assert not complaints
            assert tab.evaluate(MATHEMATICS_IS_DRAWN)
        assert not broken


def test_page_fits_a_phone(browser, page, mathjax_is_local):
    with opened(browser, page, size=PHONE) as (tab, _):
        assert tab.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
        starts = tab.evaluate("[...document.querySelectorAll('div.math')].map(math => math.scrollLeft)")
        assert not any(starts), "a long equation does not open at its beginning"


def test_page_is_legible_in_the_dark(browser, page):
    """The reader's system asks for a dark page: light text, and figures on white, their colours unchanged."""
    with opened(browser, page, size=WIDE, theme="dark") as (tab, _):
        seen = tab.evaluate(CONTRAST)
        assert seen["ground"] < 0.05
        assert seen["contrast"] > 7
        assert all(look == ["rgb(255, 255, 255)", "none"] for look in tab.evaluate(FIGURE_GROUNDS))


def test_theme_button_changes_the_page(browser, page):
    with opened(browser, page, size=WIDE) as (tab, _):
        before = tab.evaluate(CONTRAST)["ground"]
        for _ in range(3):  # it goes round: light, dark, as the system asks
            tab.locator("button.theme-switch-button:visible").first.click()
            if tab.evaluate("document.documentElement.dataset.theme") == "dark":
                break
        assert before > 0.9
        assert tab.evaluate(CONTRAST)["ground"] < 0.05


def test_search_finds_a_page(browser, built_book):
    context = browser.new_context(offline=True)
    tab = context.new_page()
    tab.goto((built_book / "search.html").as_uri() + "?q=temperature")
    tab.wait_for_selector("#search-results li a", timeout=10_000)
    context.close()


def test_definition_of_a_term_shows_with_the_mouse_and_with_the_keyboard(browser, built_book):
    """And goes away with Escape; without a pointer the link leads to the glossary."""
    tab = browser.new_page(viewport={"width": WIDE[0], "height": WIDE[1]}, offline=True)
    tab.goto((built_book / "book" / "index.html").as_uri())
    tab.wait_for_load_state("load")
    link, box = tab.locator("a.glossary-term").first, tab.locator(".glossary-tip")
    assert "glossary.html#term-" in (link.get_attribute("href") or "")
    assert not box.is_visible()
    link.scroll_into_view_if_needed()
    link.hover()
    box.wait_for(state="visible")
    assert len(box.inner_text()) > 40
    assert box.inner_text() == link.get_attribute("aria-description")
    tab.keyboard.press("Escape")
    box.wait_for(state="hidden")
    tab.mouse.move(0, 0)
    tab.keyboard.press("Tab")
    link.focus()
    box.wait_for(state="visible")
    tab.close()
