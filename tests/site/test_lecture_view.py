"""The lecture view: a page as it goes on a screen in front of a class."""


def test_button_hides_code_and_exercises_and_lasts_on_the_next_page(opened, page_named):
    with opened(page_named("book/soft_spins"), width=1280) as tab:
        code, figure = tab.locator(".cell_input").first, tab.locator("article figure img").first
        exercises = tab.locator("article section > h2", has_text="Exercises")
        button = tab.get_by_role("button", name="Lecture view")
        assert code.is_visible()
        before = figure.bounding_box()["width"]
        button.click()
        assert not code.is_visible()
        assert not exercises.is_visible()
        assert figure.bounding_box()["width"] >= before
        tab.goto(page_named("book/disorder").html.as_uri())
        assert not tab.locator(".cell_input").first.is_visible()
        tab.get_by_role("button", name="Leave lecture view").click()
        assert tab.locator(".cell_input").first.is_visible()


def test_address_asks_for_it(opened, page_named):
    with opened(page_named("book/soft_spins"), width=1280) as tab:
        tab.goto(page_named("book/soft_spins").html.as_uri() + "?lecture")
        assert not tab.locator(".cell_input").first.is_visible()
