"""Writes the pictures of the guide: ``python -m tests.browser.images`` from the repository's root, with Chromium installed."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from pipelines.promote.dossier.pages import render_page
from tests.builders.dossiers import PROMOTED, REFUSED, tell_story

IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"
SHOTS = {
    "dossier-promotion": (PROMOTED, 1280, 900, "#headline", "light"),
    "dossier-refusal": (REFUSED, 1280, 900, "#headline", "light"),
    "dossier-findings": (REFUSED, 1280, 620, "#verdict", "dark"),
    "dossier-phone": (REFUSED, 360, 720, "#headline", "light"),
}


def main() -> None:
    """Write all of them."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        record = tell_story(Path(folder))
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for name, (version, width, height, part, scheme) in SHOTS.items():
            page = chromium.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
            file = Path(folder) / f"{name}.html"
            file.write_bytes(render_page(record.facts(version)))
            page.goto(f"{file.as_uri()}{part if part != '#headline' else ''}")
            page.screenshot(path=IMAGES / f"{name}.png")
        chromium.close()


if __name__ == "__main__":
    main()
