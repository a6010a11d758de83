"""Draws the page's icons from `frontend/logo.svg`: `python -m deploy.icons`.

Needs Chromium, which $CHROMIUM or the path names. Owns their sizes and margins; the manifest names the files.
"""

import os
import shutil
from pathlib import Path

from playwright.sync_api import sync_playwright

FRONTEND = Path(__file__).resolve().parent.parent / "frontend"
# Of each file, its edge in pixels, and the logo's share of it. Whatever shape is cut out of a maskable icon holds the circle
# of 80 % (https://www.w3.org/TR/appmanifest/#icon-masks), so its logo has to fit into that, corners and all.
ICONS = {"192.png": (192, 1.0), "512.png": (512, 1.0), "maskable.png": (512, 0.55)}


def draw_icons(folder: Path) -> None:
    """Write the icons into a folder, which is made where it is absent."""
    folder.mkdir(parents=True, exist_ok=True)
    logo = (FRONTEND / "logo.svg").read_text("utf-8")
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for name, (edge, share) in ICONS.items():
            page = browser.new_page(viewport={"width": edge, "height": edge})
            place = f"display: grid; place-content: center; height: {edge}px; margin: 0"
            page.set_content(f'<body style="{place}">{logo.replace("<svg", f"<svg width={edge * share}", 1)}</body>')
            page.screenshot(path=folder / name, omit_background=share == 1)
        browser.close()


if __name__ == "__main__":
    draw_icons(FRONTEND / "icons")
