"""The dossiers of the story on disk, opened in the system's own Chromium, which may ask nobody else for anything."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pipelines.promote.dossier.pages import render_page
from tests.builders.dossiers import OVERRIDDEN, PROMOTED, REFUSED, tell_story

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

VERSIONS = {"promotion": PROMOTED, "refusal": REFUSED, "override": OVERRIDDEN}


class Visit:
    """A page as it was opened, with everything that it asked for and every word it said on the console."""

    def __init__(self, page: Page, file: Path) -> None:
        self.page = page
        self.requests: list[str] = []
        self.complaints: list[str] = []
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.route("**/*", self._meet)
        page.goto(file.as_uri())

    def _meet(self, route: Any) -> None:
        self.requests.append(route.request.url)
        route.continue_() if route.request.url.startswith("file://") else route.abort()


Open = Callable[..., Any]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.skip("Chromium is not installed on this machine")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("dossiers")
    record = tell_story(root)
    files = {name: root / f"{name}.html" for name in VERSIONS}
    for name, version in VERSIONS.items():
        files[name].write_bytes(render_page(record.facts(version)))
    return files


@pytest.fixture
def visit(browser: Browser) -> Open:
    @contextmanager
    def visit_page(file: Path, **options: Any) -> Iterator[Visit]:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
        try:
            yield Visit(context.new_page(), file)
        finally:
            context.close()

    return visit_page
