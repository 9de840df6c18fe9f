"""The site in a real browser: offline and without JavaScript, on a desk, on a phone, on paper, by keyboard, by axe."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.e2e.conftest import serious
from tests.warehouse.report_release import KEY_FIGURES, release
from warehouse.reports.assessment import assess
from warehouse.reports.folders import replace_folder
from warehouse.reports.site import site
from warehouse.reports.site_pages import pages

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.slow

KINDS = (
    "index.html", "goals.html", "indicators.html", "quality.html", "dictionary.html", "units/33.html",
    "units/326.html", "goals/G2.2-f.html", "goals/R1-a.html", "goals/G2.1-b.html", "indicators/AR01.html",
    "indicators/MM19.html", "indicators/SA07.html", "indicators/AR10.html",
)  # fmt: skip
"""One page of every kind, with and without figures; counts beside shares."""
PAGES = (*KINDS, *(f"en/{path}" for path in KINDS))
DESK, PHONE = 1280, 390


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("site") / "assessment-2024-Q1"
    with release(key_figures=KEY_FIGURES) as con:
        replace_folder(made, pages(site(con, assess(con, "2024-Q1"))))
    return made


def _open(browser: Browser, width: int = DESK, *, scripts: bool = True) -> Page:
    # what asks the page from outside is not bound by its policy, which forbids all scripts
    context = browser.new_context(
        viewport={"width": width, "height": 900}, java_script_enabled=scripts, bypass_csp=scripts, offline=True
    )
    return context.new_page()


@pytest.mark.parametrize("width", [DESK, PHONE])
def test_axe_finds_nothing_serious_on_any_kind_of_page(browser: Browser, folder: Path, width: int) -> None:
    page = _open(browser, width)
    found = {}
    for path in PAGES:
        page.goto((folder / path).as_uri())
        found[path] = serious(page)
    assert {path: said for path, said in found.items() if said} == {}
    page.context.close()


def test_axe_is_asked_and_answers(browser: Browser) -> None:
    page = _open(browser)
    page.set_content("<html lang='vi'><title>x</title><main><img src='a.png'><p style='color:#ccc'>chữ mờ</p></main>")
    assert {one.split(" ")[0] for one in serious(page)} == {"image-alt", "color-contrast"}
    page.context.close()


@pytest.mark.parametrize("width", [DESK, PHONE])
def test_no_page_scrolls_sideways(browser: Browser, folder: Path, width: int) -> None:
    page = _open(browser, width)
    for path in PAGES:
        page.goto((folder / path).as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        cut = page.evaluate(
            """() => [...document.querySelectorAll("body *")]
                .filter(element => !element.closest(".scroll, .unseen, .skip, svg, thead"))
                .filter(element => element.getBoundingClientRect().right > innerWidth + 1)
                .map(element => element.outerHTML.slice(0, 80))"""
        )
        assert cut == [], path
    page.context.close()


def test_pages_open_without_scripts_offline_and_in_silence(browser: Browser, folder: Path) -> None:
    page = _open(browser, scripts=False)
    asked: set[str] = set()
    said: list[str] = []
    page.on("request", lambda request: asked.add(request.url))
    page.on("console", lambda message: said.append(message.text))
    for path in PAGES:
        page.goto((folder / path).as_uri())
    assert said == []
    assert asked == {(folder / path).as_uri() for path in (*PAGES, "style.css")}
    page.context.close()


def test_the_style_reaches_every_page_past_its_policy(browser: Browser, folder: Path) -> None:
    context = browser.new_context(viewport={"width": DESK, "height": 900}, offline=True)
    page = context.new_page()
    for path in ("index.html", "units/326.html", "en/index.html", "en/units/326.html"):
        page.goto((folder / path).as_uri())
        sheets = page.locator("link[rel=stylesheet]").evaluate_all("links => links.map(link => !!link.sheet)")
        assert sheets == [True], path
        assert page.locator(".bar").evaluate("bar => getComputedStyle(bar).backgroundColor") == "rgb(22, 58, 95)"
    context.close()


def test_links_lead_through_the_site_and_to_the_other_language(browser: Browser, folder: Path) -> None:
    page = _open(browser, scripts=False)
    page.goto((folder / "index.html").as_uri())
    page.get_by_role("link", name="Huyện Văn Giang").first.click()
    assert page.get_by_role("heading", level=1).inner_text() == "Huyện Văn Giang"
    page.get_by_role("link", name="English").click()
    assert page.get_by_role("heading", level=1).inner_text() == "Văn Giang district"
    page.get_by_role("link", name="On-time share of resolved dossiers").click()
    assert page.url.endswith("/en/indicators/AR01.html")
    page.context.close()


def test_the_keyboard_reaches_content_and_menu(browser: Browser, folder: Path) -> None:
    page = _open(browser)
    page.goto((folder / "units/326.html").as_uri())
    page.keyboard.press("Tab")
    skip = page.locator(":focus")
    assert skip.get_attribute("href") == "#content"
    assert skip.bounding_box()["x"] >= 0  # type: ignore[index]
    for _ in range(3):
        page.keyboard.press("Tab")
    assert page.locator(":focus").evaluate("link => getComputedStyle(link).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    page.wait_for_url("**/goals.html")
    page.context.close()


def test_units_lie_on_the_map_on_a_desk_and_in_rows_on_a_phone(browser: Browser, folder: Path) -> None:
    places = "tiles => tiles.map(tile => { const box = tile.getBoundingClientRect(); return [box.left, box.top]; })"
    for width, columns, rows in ((DESK, 3, 4), (PHONE, 1, 10)):
        page = _open(browser, width)
        page.goto((folder / "index.html").as_uri())
        boxes = page.locator(".tiles > li").evaluate_all(places)
        assert len(boxes) == 10
        assert len({left for left, _ in boxes}) == columns
        assert len({top for _, top in boxes}) == rows
        page.context.close()


def test_tables_are_cards_on_a_phone_with_the_heads_in_their_cells(browser: Browser, folder: Path) -> None:
    page = _open(browser, PHONE)
    page.goto((folder / "quality.html").as_uri())
    cell = page.locator(".grid tbody tr").nth(1).locator("td").first
    assert cell.evaluate("cell => getComputedStyle(cell, '::before').content") == '"Hoạt động công tác dân vận"'
    page.goto((folder / "en/indicators/AR01.html").as_uri())
    cell = page.locator(".goal-figures td.now").first
    assert cell.evaluate("cell => getComputedStyle(cell, '::before').content") == '"This period"'
    page.context.close()


@pytest.mark.parametrize("path", ["indicators/AR01.html", "en/indicators/AR01.html", "en/units/326.html"])
def test_tables_have_their_heads_on_a_desk_and_cells_repeat_nothing(browser: Browser, folder: Path, path: str) -> None:
    page = _open(browser)
    page.goto((folder / path).as_uri())
    repeated = page.locator("td").evaluate_all(
        "cells => cells.map(cell => getComputedStyle(cell, '::before').content).filter(text => text !== 'none')"
    )
    assert repeated == []
    assert page.locator("thead th").first.is_visible()
    page.context.close()


def test_pages_print_on_a4_and_nothing_is_cut(browser: Browser, folder: Path) -> None:
    page = _open(browser, 624)  # 165 mm between the margins of NĐ 30, at 96 dpi
    for path in KINDS:
        page.goto((folder / path).as_uri())
        page.emulate_media(media="print")
        cut = page.evaluate(
            """() => [...document.querySelectorAll("main *")]
                .filter(element => !element.closest(".unseen, svg"))
                .filter(element => element.getBoundingClientRect().right > 625)
                .map(element => element.outerHTML.slice(0, 80))"""
        )
        assert cut == [], path
    printed = page.pdf(prefer_css_page_size=True)
    assert re.search(rb"/MediaBox\s*\[\s*0\s+0\s+59[45]\.\d+\s+84[12]\.\d+", printed), "not A4 portrait"
    page.context.close()
