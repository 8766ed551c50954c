"""How wide a site's pages are in a phone's window, by headless Chromium."""

import json
import re
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from functools import partial
from html import unescape
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

PHONE_WIDTH = 360
MEASURING = "measure-widths.html"

# A frame is a window of its own to the page in it: narrower than Chromium's own may be. Without
# scripts, because the workers of the search keep Chromium from ever being done.
_FRAME = '<iframe sandbox="allow-same-origin" width="{width}" height="640" src="{page}"></iframe>'
_MEASURE = """<script>
addEventListener("load", () => {
  const widths = {};
  for (const frame of document.querySelectorAll("iframe"))
    widths[frame.getAttribute("src")] = frame.contentDocument.documentElement.scrollWidth;
  document.documentElement.dataset.widths = JSON.stringify(widths);
});
</script>"""


class _Silent(SimpleHTTPRequestHandler):
    def log_message(self, *words: Any) -> None:
        """Say nothing of each request."""


def measure(site: Path, pages: Sequence[str]) -> dict[str, int]:
    """Return the width of each page's content, in pixels, where the window is `PHONE_WIDTH`."""
    frames = [_FRAME.format(width=PHONE_WIDTH, page=page) for page in pages]
    text = "\n".join(["<!doctype html>", "<style>iframe { border: 0 }</style>", *frames, _MEASURE])
    (site / MEASURING).write_text(text, encoding="utf-8")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Silent, directory=str(site))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            dom = _dom_of(f"http://127.0.0.1:{server.server_port}/{MEASURING}")
        finally:
            server.shutdown()
            thread.join()
            (site / MEASURING).unlink()
    found = re.search(r'data-widths="([^"]*)"', dom)
    if not found:
        raise RuntimeError(f"Chromium did not measure {site} to the end")
    widths: dict[str, int] = json.loads(unescape(found[1]))
    return widths


def _dom_of(address: str) -> str:
    with tempfile.TemporaryDirectory(prefix="chromium-") as profile:
        command = [
            *("chromium", "--headless=new", "--no-sandbox", "--no-first-run", "--disable-gpu"),
            f"--user-data-dir={profile}",
            *("--dump-dom", address),
        ]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return done.stdout
