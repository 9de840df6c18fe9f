"""The report in a real browser: offline, without JavaScript, in both languages, on a desk, on a phone and on A4."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

import pypdf
import pytest

from tests.e2e.conftest import serious
from tests.warehouse.report_release import release
from warehouse.reports.assessment import assess, render_html

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "assessment-2024-Q1.html"
    with release() as con:
        path.write_text(render_html(assess(con, "2024-Q1"), site="assessment-2024-Q1"), encoding="utf-8")
    return path


def _open(browser: Browser, report: Path, *, width: int = 1280, scripts: bool = False) -> Page:
    context = browser.new_context(viewport={"width": width, "height": 900}, java_script_enabled=scripts)
    page = context.new_page()
    page.goto(report.as_uri())
    return page


def test_page_opens_alone_and_in_silence(browser: Browser, report: Path) -> None:
    context = browser.new_context(offline=True)
    page = context.new_page()
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(report.as_uri())
    page.wait_for_load_state("networkidle")
    assert asked == [report.as_uri()]
    assert said == []
    assert "quý I năm 2024" in page.title()
    context.close()


def test_language_switches_without_javascript(browser: Browser, report: Path) -> None:
    page = _open(browser, report)
    vietnamese = page.get_by_role("heading", name=re.compile("^II. Từng mục tiêu"))
    english = page.get_by_role("heading", name=re.compile("^II. Goal by goal"))
    assert vietnamese.is_visible()
    assert not english.is_visible()
    page.locator("label[for=in-en]").click()
    assert english.is_visible()
    assert not vietnamese.is_visible()
    page.locator("label[for=in-vi]").click()
    assert vietnamese.is_visible()
    page.context.close()


def test_language_switches_from_the_keyboard(browser: Browser, report: Path) -> None:
    page = _open(browser, report)
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    assert page.get_by_role("heading", name=re.compile("^I. Summary")).is_visible()
    page.context.close()


@pytest.mark.parametrize("language", ["vi", "en"])
def test_no_text_of_the_other_language_is_left(browser: Browser, report: Path, language: str) -> None:
    page = _open(browser, report, scripts=True)
    page.locator(f"label[for=in-{language}]").click()
    other = "en" if language == "vi" else "vi"
    left = page.evaluate(
        """other => [...document.querySelectorAll(`main [lang="${other}"]:not(.keep)`)]
            .filter(element => element.getClientRects().length && !element.closest("title"))
            .map(element => element.textContent)""",
        other,
    )
    assert left == []
    page.context.close()


@pytest.mark.parametrize("width", [1280, 820, 400])
@pytest.mark.parametrize("language", ["vi", "en"])
def test_page_never_scrolls_sideways(browser: Browser, report: Path, width: int, language: str) -> None:
    page = _open(browser, report, width=width, scripts=True)
    page.locator(f"label[for=in-{language}]").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    cut = page.evaluate(
        """() => [...document.querySelectorAll("main *")]
            .filter(element => !element.closest(".scroll") && !element.closest(".unseen") && !element.closest("svg"))
            .filter(element => element.getBoundingClientRect().right > innerWidth + 1)
            .map(element => element.tagName + "." + element.className)"""
    )
    assert cut == []
    page.context.close()


def test_every_mark_and_bar_is_drawn(browser: Browser, report: Path) -> None:
    page = _open(browser, report, scripts=True)
    empty = page.evaluate(
        """() => [...document.querySelectorAll("main svg.chart, main svg.mark")]
            .filter(element => element.getClientRects().length && !element.getBoundingClientRect().width).length"""
    )
    assert empty == 0
    assert page.locator("table.matrix svg.mark").count() == 56 * 11
    page.context.close()


def test_texts_stand_out_from_their_ground(browser: Browser, report: Path) -> None:
    """Contrast of at least 4.5 : 1 for every visible text against the ground behind it (WCAG AA)."""
    page = _open(browser, report, scripts=True)
    weak = page.evaluate(
        """() => {
            const parts = colour => colour.match(/[\\d.]+/g).map(Number);
            const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
                .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
                .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
            const ground = element => {
                for (let at = element; at; at = at.parentElement) {
                    const found = parts(getComputedStyle(at).backgroundColor);
                    if (found.length === 3 || found[3] > 0) return found;
                }
                return [255, 255, 255];
            };
            const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
            const weak = new Set();
            while (walker.nextNode()) {
                const element = walker.currentNode.parentElement;
                if (!walker.currentNode.textContent.trim() || element.closest("svg, .unseen, .skip")) continue;
                if (!element.getClientRects().length) continue;
                const [text, behind] = [light(parts(getComputedStyle(element).color)), light(ground(element))];
                const contrast = (Math.max(text, behind) + 0.05) / (Math.min(text, behind) + 0.05);
                if (contrast < 4.5) weak.add(`${element.className}: ${contrast.toFixed(2)}`);
            }
            return [...weak];
        }"""
    )
    assert weak == []
    page.context.close()


def test_report_prints_on_a4(browser: Browser, report: Path) -> None:
    page = _open(browser, report)
    printed = page.pdf(prefer_css_page_size=True)
    pages = len(re.findall(rb"/Type\s*/Page\b", printed))
    assert 5 <= pages <= 45
    assert re.search(rb"/MediaBox\s*\[\s*0\s+0\s+59[45]\.\d+\s+84[12]\.\d+", printed), "not A4 portrait"
    page.context.close()


def test_the_briefing_is_two_printed_pages_that_end_with_the_signature(browser: Browser, report: Path) -> None:
    page = _open(browser, report)
    printed = pypdf.PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True)))
    texts = [re.sub(r"\s+", " ", one.extract_text()) for one in printed.pages]
    page.context.close()
    assert [number for number, text in enumerate(texts, 1) if len(text) < 60] == []  # a number alone: an empty page
    annexes = next(number for number, text in enumerate(texts) if "PHỤ LỤC" in text)
    assert annexes <= 2
    assert "(Ký, ghi rõ họ tên, đóng dấu)" in texts[annexes - 1]
    assert "đến tận tệp nguồn" not in " ".join(texts)  # a link on paper leads nowhere


def test_nothing_is_wider_than_the_printed_page(browser: Browser, report: Path) -> None:
    page = _open(browser, report, width=624, scripts=True)  # 165 mm between the margins of NĐ 30, at 96 dpi
    page.emulate_media(media="print")
    cut = page.evaluate(
        """() => [...document.querySelectorAll("main *")]
            .filter(element => !element.closest(".unseen, svg, .gist"))  // a gist is shortened on purpose
            .filter(element => element.getBoundingClientRect().right > 625)
            .map(element => element.outerHTML.slice(0, 80))"""
    )
    assert cut == []
    page.context.close()


@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_serious(browser: Browser, report: Path, width: int) -> None:
    page = _open(browser, report, width=width, scripts=True)
    for language in ("vi", "en"):
        page.locator(f"label[for=in-{language}]").click()
        assert serious(page) == []
    page.context.close()
