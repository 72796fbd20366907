"""The stylesheet as it is sent: a browser reads the same rules in it as in the source."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser

from portal.hosted.assets import shorten

SOURCE = Path(__file__).parents[2] / "static" / "app.css"
READ = """text => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(text);
    // a property of our own keeps its blanks
    return [...sheet.cssRules].map(rule => rule.cssText.replaceAll(", ", ","));
}"""


def test_the_shorter_one_has_the_same_rules(chromium: Browser) -> None:
    page = chromium.new_page()
    source = SOURCE.read_text()
    rules = page.evaluate(READ, source)
    assert len(rules) > 200
    assert page.evaluate(READ, shorten(source)) == rules
    assert len(shorten(source)) < 0.85 * len(source)
    page.close()
