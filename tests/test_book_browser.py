"""The built pages in a real browser: nothing breaks, everything that moves or opens does so, by
mouse and by keyboard, and axe-core finds no serious barrier.
"""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
NAMES = ["book/intro", "book/kitchen", "book/try_it", "book/data_card"]
CHAPTERS = [
    path.relative_to(ROOT).with_suffix("").as_posix()
    for path in sorted(ROOT.glob("notebooks/*.ipynb"))
]
NAMES += CHAPTERS
INSIDE = "notebooks/03_inside_a_pretrained_network"
AXE = ROOT / "node_modules/axe-core/axe.min.js"
RULES = {
    "light": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]},
    "dark": {"type": "rule", "values": ["color-contrast"]},  # all that the scheme can change
}


@pytest.mark.parametrize("name", NAMES)
def test_wide_and_on_a_phone(visit, name):
    for width, scheme in ((1280, "light"), (390, "dark")):
        page = visit(name, width, scheme)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        # The theme's script decides once it has loaded, which takes a while on a busy machine.
        page.wait_for_function(f"document.documentElement.dataset.theme == '{scheme}'")
        broken = "[...document.images].filter(i => i.complete && !i.naturalWidth).map(i => i.src)"
        assert page.evaluate(broken) == []


def test_pictures_keep_their_shape_on_a_phone(visit):
    page = visit("book/kitchen", 390)
    shapes = page.evaluate(
        "[...document.querySelectorAll('.cell_output img')].map(i =>"
        " (i.width / i.height) / (i.naturalWidth / i.naturalHeight))"
    )
    assert shapes and all(abs(shape - 1) < 0.03 for shape in shapes)


def test_dark_mode_leaves_the_colours_of_pictures_alone(visit):
    page = visit("book/kitchen", scheme="dark")
    filters = page.evaluate(
        "[...document.querySelectorAll('.cell_output img')].map(i => getComputedStyle(i).filter)"
    )
    assert set(filters) == {"none"}


def test_search_finds_a_word(visit):
    page = visit("search")
    page.goto(page.url + "?q=BatchNorm", wait_until="networkidle")
    page.wait_for_selector("#search-results li a")
    assert "glossary" in page.inner_text("#search-results").lower()


@pytest.fixture
def slider(visit):
    """The first slider of chapter 3, in sight: its control, and what it moves."""
    frames = visit(INSIDE).locator(".hd-frames").first
    frames.scroll_into_view_if_needed()
    return frames.locator("input[type=range]"), frames.locator(".hd-frames-stack")


def seen(stack):
    """Value and text of the one frame that can be seen."""
    figure = stack.locator("figure:visible")
    assert figure.count() == 1
    return figure.get_attribute("data-value"), figure.locator("img").get_attribute("alt")


def test_frames_move_by_keyboard_and_say_so(slider):
    control, stack = slider
    values = [f.get_attribute("data-value") for f in stack.locator("figure").all()]
    assert control.get_attribute("aria-label") and len(values) > 2
    control.focus()
    steps = {"End": values[-1], "ArrowLeft": values[-2], "Home": values[0], "ArrowRight": values[1]}
    texts = set()
    for key, value in steps.items():
        control.press(key)
        now, text = seen(stack)
        texts.add(text)
        assert now == value == control.get_attribute("aria-valuetext")
        assert stack.locator("figure:visible figcaption").inner_text() == text
    assert len(texts) == len(set(steps.values()))


def test_frames_move_by_mouse_and_the_picture_changes(slider):
    control, stack = slider
    before, pixels = seen(stack), stack.locator("figure:visible img").screenshot()
    box = control.bounding_box()
    control.click(position={"x": box["width"] - 4, "y": box["height"] / 2})
    assert seen(stack) != before
    assert stack.locator("figure:visible img").screenshot() != pixels


def test_every_slider_moves(visit):
    """No chapter has a slider that stands still."""
    with_sliders = [name for name in CHAPTERS if 'class="hd-frames"' in source(name)]
    assert INSIDE in with_sliders
    for name in with_sliders:
        for frames in visit(name).locator(".hd-frames").all():
            control, stack = frames.locator("input"), frames.locator(".hd-frames-stack")
            at_start = control.input_value() == "0"
            before = seen(stack)
            control.press("ArrowRight" if at_start else "ArrowLeft")
            assert seen(stack)[0] != before[0], name


def source(name):
    return (ROOT / f"_build/html/{name}.html").read_text(encoding="utf-8")


def test_without_javascript_every_frame_is_there(browser, server):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{server}/{INSIDE}.html")
    frames = page.locator(".hd-frames").first
    assert frames.locator("img:visible").count() == frames.locator("img").count() > 2
    assert not frames.locator("input").is_visible()
    context.close()


def test_the_graph_opens_by_keyboard_and_all_at_once(visit):
    graph = visit(INSIDE).locator(".hd-graph").first
    inside = graph.locator("details").first.locator(".hd-graph-more").first
    graph.get_by_role("button", name="Close all").click()
    assert graph.locator("details[open]").count() == 0 and not inside.is_visible()
    graph.locator("summary").first.press("Enter")
    assert graph.locator("details[open]").count() == 1 and inside.is_visible()
    graph.get_by_role("button", name="Open all").click()
    assert graph.locator("details:not([open])").count() == 0


@pytest.mark.parametrize("name", CHAPTERS)
def test_quizzes_open_and_solutions_unfold(visit, name):
    page = visit(name)
    for quiz in page.locator("details.hd-quiz").all():
        text = quiz.locator("p").first
        assert not text.is_visible()
        quiz.locator("summary").press("Enter")
        assert text.is_visible()
    for solution in page.locator(".solution.dropdown").all():
        code = solution.locator(".cell_input").first
        code.wait_for(state="hidden")  # the script that folds it comes late
        solution.locator("button.toggle-button").press("Enter")
        code.wait_for(state="visible")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["book/intro", "book/kitchen", "book/try_it", INSIDE])
def test_axe_finds_no_serious_barrier(visit, name, scheme):
    if not AXE.exists():
        pytest.skip("axe-core is missing: run python book/browser_parts.py first")
    page = visit(name, scheme=scheme)
    page.wait_for_function(f"document.documentElement.dataset.theme == '{scheme}'")
    page.add_script_tag(path=AXE)
    run = "rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']})"
    found = page.evaluate(run, RULES[scheme])["violations"]
    serious = [
        f"{rule['id']}: {rule['help']} ({node['html'][:150]})"
        for rule in found
        if rule["impact"] in ("serious", "critical")
        for node in rule["nodes"]
    ]
    assert not serious
