"""The page of a report in Chromium: on screens of three widths, in light and dark, by keys alone, and on paper (A4).
NTKSWEEP names the program."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from browser import Browser

MISSING = [name for name in ("chromium", "pdftotext") if not shutil.which(name)]
pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"needed: {', '.join(MISSING)}")
HERE = Path(__file__).resolve().parent
REPORT = HERE.parents[1] / "analysis/report"
WIDTHS = (400, 1000, 1600)
UNFOLD = "for (const part of document.querySelectorAll('details')) part.open = true"
MARGIN = 15 / 25.4 * 72  # of a printed page, in points
SHEET = 180 / 25.4 * 96, 267 / 25.4 * 96  # what A4 leaves within its margins, in pixels
CONTRAST = 4.5  # WCAG 2.1, 1.4.3


@pytest.fixture(scope="session")
def report(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    subprocess.run([os.environ["NTKSWEEP"], "run", HERE / "study.yaml", "-o", folder / "study"], check=True)
    subprocess.run([REPORT, folder / "study", "-o", folder / "report"], check=True)
    return folder / "report"


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    one = Browser(tmp_path_factory.mktemp("profile"))
    one("Emulation.setFocusEmulationEnabled", enabled=True)
    yield one
    one.close()


@pytest.fixture
def page(browser, report):
    """A function that opens the page."""

    def open(width=1000, **options):
        browser.open(report / "index.html", width, **options)
        return browser

    return open


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_wider_than_the_screen(page, width):
    browser = page(width)
    browser.value(UNFOLD)
    assert browser.value("document.documentElement.scrollWidth") == width
    beyond = browser.value("""
        [...document.body.querySelectorAll(":not(.skip)")]
            .filter(part => !part.parentElement.closest(".scroll, .picture"))
            .filter(part => part.getBoundingClientRect().right > innerWidth + 0.5)
            .map(part => part.outerHTML.slice(0, 80))""")
    assert beyond == []


@pytest.mark.parametrize("width", WIDTHS)
def test_boxes_that_hold_more_than_is_seen_say_so(page, width):
    browser = page(width)
    browser.value(UNFOLD)
    browser.value(NEXT_FRAME)
    boxes = browser.value("""
        [...document.querySelectorAll(".scroll, .picture")].map(box =>
            [box.scrollWidth > box.clientWidth, getComputedStyle(box, "::before").content.includes("sideways")])""")
    assert all(wide == said for wide, said in boxes) and any(wide for wide, _ in boxes)


def test_all_pictures_are_there(page):
    sizes = page().value("[...document.images].map(image => image.naturalWidth)")
    assert len(sizes) > 15 and min(sizes) > 0


def test_every_link_leads_somewhere(page, report):
    links = page().value("[...document.links].map(link => link.getAttribute('href'))")
    names = set(page().value("[...document.querySelectorAll('[id]')].map(part => part.id)"))
    assert len(links) > 50
    for link in links:
        assert link[1:] in names if link.startswith("#") else (report / link).is_file(), link


def test_the_column_of_what_diverged_is_reached_by_keys_on_a_narrow_screen(page):
    browser = page(400)
    browser.value("""{
        const head = [...document.querySelectorAll("th")].find(head => head.textContent == "median with diverged");
        globalThis.box = head.closest(".scroll"); globalThis.last = head; box.focus() }""")
    seen = "last.getBoundingClientRect().right <= box.getBoundingClientRect().right + 1"
    assert not browser.value(seen)
    for _ in range(100):
        browser.press("ArrowRight")
    browser.value("new Promise(done => setTimeout(done, 500))")
    assert browser.value(seen)


NEXT_FRAME = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
FOCUS = """(() => {
    const part = document.activeElement, box = part.getBoundingClientRect(), look = getComputedStyle(part);
    return { tag: part.tagName, kind: part.className, link: part.getAttribute("href"), open: part.parentElement?.open,
             outlined: look.outlineStyle != "none" && parseFloat(look.outlineWidth) >= 2
                       && look.outlineColor != look.backgroundColor,
             inside: box.right > 0 && box.bottom > 0 && box.left < innerWidth && box.top < innerHeight };
})()"""


def stops(browser):
    """Where Tab leads, from the top to the end; what is folded in is opened with Enter."""
    found = []
    while len(found) < 2000:
        browser.press("Tab")
        stop = browser.value(FOCUS)
        if not stop["inside"]:  # on a busy machine the page is scrolled a frame later
            browser.value(NEXT_FRAME)
            stop = browser.value(FOCUS)
        if stop["tag"] in ("BODY", "HTML"):
            return found
        found.append(stop)
        if stop["tag"] == "SUMMARY":
            browser.press("Enter")
            assert browser.value(FOCUS)["open"], stop
    raise AssertionError("Tab comes to no end")


@pytest.mark.parametrize("width", (400, 1000))
def test_everything_is_reached_by_tab_and_seen(page, width):
    browser = page(width)
    found = stops(browser)
    assert found[0]["kind"] == "skip" and browser.value(f"document.querySelector('{found[0]['link']}').tagName") == "H2"
    for stop in found:
        assert stop["outlined"] and stop["inside"], stop
    pictures = browser.value("[...document.querySelectorAll('.picture')].map(link => link.getAttribute('href'))")
    assert [stop["link"] for stop in found if stop["kind"] == "picture"] == pictures
    assert len(pictures) == browser.value("document.images.length") > 15
    for kind in ("scroll", "SUMMARY", "A"):
        selector = {"scroll": ".scroll", "SUMMARY": "summary", "A": "a"}[kind]
        there = browser.value(f"document.querySelectorAll('{selector}').length")
        assert sum(kind in (stop["kind"], stop["tag"]) for stop in found) == there > 1, kind


def test_a_picture_is_enlarged_with_enter(page, report):
    browser = page()
    browser.value("document.querySelector('.picture').focus()")
    browser.press("Enter")
    browser.value("new Promise(done => setTimeout(done, 500))")
    assert browser.value("location.href").endswith("figures/rmse_width.svg")


COLOURS = """(() => {
    const light = colour => colour.match(/[\\d.]+/g).slice(0, 3).map(part => part / 255)
        .map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
        .reduce((sum, part, i) => sum + part * [0.2126, 0.7152, 0.0722][i], 0);
    const behind = part => {
        const colour = getComputedStyle(part).backgroundColor;
        return colour.endsWith(", 0)") && part.parentElement ? behind(part.parentElement) : colour;
    };
    const texts = [...document.querySelectorAll("h1, h2, p, a, li, th, td, pre, summary, figcaption, .soft")];
    const contrasts = texts.map(part => {
        const [low, high] = [light(getComputedStyle(part).color), light(behind(part))].sort((a, b) => a - b);
        return (high + 0.05) / (low + 0.05);
    });
    return { back: light(behind(document.body)), least: Math.min(...contrasts) };
})()"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_in_light_and_dark(page, scheme):
    found = page(scheme=scheme).value(COLOURS)
    assert (found["back"] > 0.5) == (scheme == "light") and found["least"] >= CONTRAST, found


@pytest.fixture(scope="module")
def paper(browser, report, tmp_path_factory):
    path = tmp_path_factory.mktemp("paper") / "report.pdf"
    browser.open(report / "index.html", 1000)
    browser.pdf(path)
    return path


def told(path, option):
    return subprocess.run(["pdftotext", option, path, "-"], check=True, capture_output=True, text=True).stdout


def squeezed(text):
    return re.sub(r"\s", "", text)


def test_paper_has_all_text_of_the_page_and_what_is_folded_in(page, paper):
    printed = squeezed(told(paper, "-raw"))
    parts = page().value("""
        [...document.querySelectorAll("h1, h2, p, li, th, td, pre, summary, figcaption")]
            .map(part => part.textContent)""")
    folded = page().value("[...document.querySelectorAll('details *')].length")
    lost = [part for part in parts if squeezed(part) not in printed]
    assert len(parts) > 500 and folded > 100 and lost == []


def test_nothing_is_cut_on_paper(paper):
    pages = told(paper, "-bbox").split("<page ")[1:]
    assert len(pages) > 5
    for number, text in enumerate(pages, start=1):
        width, height = (float(value) for value in re.findall(r'^width="(\S+)" height="(\S+)"', text)[0])
        words = re.findall(r'xMin="(\S+)" yMin="(\S+)" xMax="(\S+)" yMax="(\S+)">(.*?)</word>', text)
        for *box, word in words:
            left, top, right, bottom = map(float, box)
            assert left >= MARGIN - 1 and right <= width - MARGIN + 1, (number, word)
            assert top >= MARGIN - 4 and bottom <= height - MARGIN + 4, (number, word)  # letters reach over their lines


def test_nothing_is_larger_than_a_sheet_and_no_picture_broken(page):
    """What is wider makes browsers print all the rest smaller."""
    browser = page(int(SHEET[0]), media="print")
    browser.value(UNFOLD)
    assert browser.value("document.documentElement.scrollWidth") <= SHEET[0]
    boxes = browser.value("""
        [...document.images].map(image => [image.getBoundingClientRect().right, image.getBoundingClientRect().height,
                                           getComputedStyle(image.closest("figure")).breakInside])""")
    assert len(boxes) > 15
    for right, height, broken in boxes:
        assert right <= SHEET[0] and height <= SHEET[1] and broken == "avoid"
