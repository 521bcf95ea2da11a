"""Whether everybody can read the pages: axe-core, the keyboard, and what does not scroll sideways."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

GRAVE = ("serious", "critical")
VIOLATIONS = """rules => axe.run(document, rules ? {runOnly: rules} : {}).then(found => found.violations
    .map(one => [one.impact, one.id, one.nodes.map(node => node.target.join(' ')).slice(0, 5)]))"""
SCROLLED = """() => [...document.querySelectorAll('article div.cell_input pre, article .claims-table')]
    .filter(part => part.checkVisibility() && part.scrollWidth > part.clientWidth + 1)
    .map(part => part.textContent.split('\\n').sort((a, b) => b.length - a.length)[0].trim())"""
FOCUS = """() => {
    const at = document.activeElement, look = getComputedStyle(at), box = at.getBoundingClientRect();
    return {name: at.textContent.trim().slice(0, 40), href: at.getAttribute('href'),
            inside: box.bottom > 0 && box.top < innerHeight && box.width > 1,
            marked: (look.outlineStyle !== 'none' && parseFloat(look.outlineWidth) > 0)
                    || look.boxShadow !== 'none' || at.matches('.skip-link *')};
}"""


def violations(tab: Page, axe: str, rules: list[str] | None = None) -> list[Any]:
    """What axe-core finds serious or critical, with the first places of each."""
    tab.evaluate(axe)
    return [one for one in tab.evaluate(VIOLATIONS, rules) if one[0] in GRAVE]


@pytest.mark.parametrize(
    ("width", "theme", "rules"),
    [(1280, "light", None), (1280, "dark", ["color-contrast"]), (390, "light", None)],
    ids=["wide", "dark", "phone"],
)
def test_axe_finds_nothing_serious(opened, page, axe, width, theme, rules):
    with opened(page, width=width, theme=theme) as tab:
        assert not violations(tab, axe, rules)


def test_axe_would_have_found_it(opened, page_named, axe):
    """A picture without a name and pale letters, put into a page, are found."""
    with opened(page_named("book/index"), width=1280) as tab:
        tab.evaluate("""() => document.querySelector('article').insertAdjacentHTML('afterbegin',
            '<img src="x.png"><p style="color: #ccc; background: #fff">pale letters</p>')""")
        assert {"image-alt", "color-contrast"} <= {one[1] for one in violations(tab, axe)}


def test_nothing_scrolls_sideways_on_a_desktop(opened, page):
    """Code of 88 characters and the scorecard fit beside the contents of the page; folded code as well."""
    with opened(page, width=1280) as tab:
        tab.evaluate("document.querySelectorAll('article details').forEach(one => one.open = true)")
        assert not tab.evaluate(SCROLLED)


@pytest.mark.parametrize("name", ["book/index", "book/scorecard"])
def test_keyboard_reaches_everything_and_shows_where_it_is(opened, page_named, name):
    """The first stop is the link that skips to the text; every other one can be seen."""
    with opened(page_named(name), width=1280) as tab:
        tab.keyboard.press("Tab")
        tab.wait_for_function(f"({FOCUS})().inside")  # it slides into the page
        assert tab.evaluate(FOCUS)["href"] == "#main-content"
        for _ in range(20):
            tab.keyboard.press("Tab")
            stop = tab.evaluate(FOCUS)
            assert stop["marked"], f"nothing shows that {stop['name']!r} has the focus"


def test_keyboard_sorts_the_scorecard(opened, page_named):
    with opened(page_named("book/scorecard"), width=1280) as tab:
        head = tab.locator("table.scorecard th button").first
        head.focus()
        tab.keyboard.press("Enter")
        assert tab.locator("table.scorecard th").first.get_attribute("aria-sort") == "ascending"
