"""The way from a report's explorer to what made it, in Chromium: the link, the address, every setting of the run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from emocam_widgets import export_report
from emocam_widgets.run import Run
from tests.browser.axe import violations
from tests.reports import two_methods


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return two_methods(tmp_path_factory.mktemp("world"), 30)


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A page without network."""
    context = chromium.new_context(viewport={"width": 1366, "height": 900}, offline=True)
    yield context.new_page()
    context.close()


def test_method_and_settings_are_one_click_away(page: Page, run: Run, tmp_path: Path) -> None:
    file = export_report(run, tmp_path / "report.html")
    page.goto(file.as_uri())
    expect(page.get_by_test_id("browser")).to_have_attribute("data-ready", "true", timeout=15_000)
    heading = page.get_by_role("heading", name="Method and settings")
    expect(heading).not_to_be_in_viewport()
    link = page.get_by_role("link", name="Method and settings")
    link.click()
    expect(heading).to_be_in_viewport()
    assert page.evaluate("window.scrollY") > 0
    terms = page.locator("#about dl > dt").all_text_contents()
    about = dict(zip(terms, page.locator("#about dl > dd").all_text_contents(), strict=True))
    manifest = run.manifest
    assert about["Classifier"].startswith(manifest.classifier.name)
    assert about["Classifier's fingerprint"] == manifest.classifier.fingerprint
    assert about["Labels"] == ", ".join(manifest.labels)
    detector = manifest.detectors[0]
    assert about["Detector"].startswith(detector.name)
    assert about[f"Its {len(detector.classes)} classes"] == ", ".join(detector.classes)
    methods = [
        text
        for term, text in zip(terms, page.locator("#about dl > dd").all_text_contents(), strict=True)
        if term == "Method"
    ]
    assert [text.split(",")[0] for text in methods] == list(run.methods)
    assert any(term.startswith("Counted: ") for term in terms)
    assert violations(page.locator("#about")) == []

    page.evaluate("window.scrollTo(0, 0)")
    expect(heading).not_to_be_in_viewport()
    link.focus()
    page.keyboard.press("Enter")
    expect(heading).to_be_in_viewport()
    page.goto("about:blank")
    page.goto(f"{file.as_uri()}#about")  # as somebody else passes it on
    expect(page.get_by_role("heading", name="what the classifier looks at")).to_be_in_viewport(timeout=15_000)
    expect(page.get_by_test_id("browser")).to_have_attribute("data-ready", "true", timeout=15_000)
    expect(page.get_by_role("heading", name="what the classifier looks at")).to_be_in_viewport()
