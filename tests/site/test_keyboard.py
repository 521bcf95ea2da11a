"""Whether the keyboard leads everywhere and shows where it is."""

from __future__ import annotations

import pytest

FOCUS = """() => {
    const at = document.activeElement, look = getComputedStyle(at), box = at.getBoundingClientRect();
    return {name: at.textContent.trim().slice(0, 40), href: at.getAttribute('href'),
            past: at === document.body,
            inside: box.bottom > 0 && box.top < innerHeight && box.width > 1,
            marked: (look.outlineStyle !== 'none' && parseFloat(look.outlineWidth) > 0)
                    || look.boxShadow !== 'none' || at.matches('.skip-link *')};
}"""


@pytest.mark.parametrize("name", ["book/index", "book/scorecard"])
def test_keyboard_reaches_everything_and_shows_where_it_is(opened, page_named, name):
    """The first stop is the link that skips to the text; every other one can be seen."""
    with opened(page_named(name), width=1280) as tab:
        tab.keyboard.press("Tab")
        tab.wait_for_function(f"({FOCUS})().inside")  # it slides into the page
        assert tab.evaluate(FOCUS)["href"] == "#main-content"
        for _ in range(60):  # the contents, the header, and into the text
            tab.keyboard.press("Tab")
            stop = tab.evaluate(FOCUS)
            if stop["past"]:
                break
            assert stop["marked"], f"nothing shows that {stop['name']!r} has the focus"


def test_keyboard_sorts_the_scorecard(opened, page_named):
    with opened(page_named("book/scorecard"), width=1280) as tab:
        head = tab.locator("table.scorecard th button").first
        head.focus()
        tab.keyboard.press("Enter")
        assert tab.locator("table.scorecard th").first.get_attribute("aria-sort") == "ascending"
