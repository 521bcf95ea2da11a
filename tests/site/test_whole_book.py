"""What the whole book offers in a browser: its search, its glossary."""


def test_search_finds_a_page(browser, built_book):
    context = browser.new_context(offline=True)
    tab = context.new_page()
    tab.goto((built_book / "search.html").as_uri() + "?q=temperature")
    tab.wait_for_selector("#search-results li a", timeout=10_000)
    context.close()


def test_definition_of_a_term_shows_with_the_mouse_and_with_the_keyboard(browser, built_book):
    """And goes away with Escape; without a pointer the link leads to the glossary."""
    tab = browser.new_page(viewport={"width": 1280, "height": 900}, offline=True)
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
