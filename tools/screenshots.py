"""
Take pictures of mails as readers show them, in headless Chromium, for docs/pictures/.

Run it as `python -m tools.screenshots` in the repository's folder (`make screenshots`), with
`--all FOLDER` to look at every story, size and background. It fails where a mail is wider than
its window, or a line runs out of it.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path

from netwatch_notify.deliver import mail
from netwatch_notify.model.message import Format, View
from netwatch_notify.report.render import render
from netwatch_notify.report.view import shorten
from tests.report import stories
from tests.report.large_nights import night

PICTURES = Path(__file__).resolve().parent.parent / "docs" / "pictures"
LARGEST_BYTES = 150_000
CALL_SECONDS = 60
"""For one call of Chromium, which takes about one."""

_MEASURE = """
addEventListener("load", () => {
  const mail = document.querySelector("iframe").contentDocument;
  const size = [mail.documentElement.scrollWidth, mail.documentElement.clientWidth];
  const ends = [...mail.querySelectorAll("*")].map(part => part.getBoundingClientRect().right);
  size.push(Math.ceil(Math.max(...ends)), mail.documentElement.offsetHeight);
  document.documentElement.dataset.size = size.join(" ");
});
"""
_SIZE = re.compile(r'data-size="(\d+) (\d+) (\d+) (\d+)"')


@dataclass(frozen=True, slots=True)
class Window:
    """Where a mail is read: how wide, how much of it is seen, and how fine."""

    name: str
    width: int
    height: int
    scale: int


PHONE = Window("phone", 360, 640, 2)
DESKTOP = Window("desktop", 1100, 640, 1)
# What the phone's and the desktop's own mail readers look like, roughly; none of it is the mail.
BACKGROUNDS = {"light": ("#ffffff", "#202124"), "dark": ("#1b1b1f", "#e3e3e6")}


@dataclass(frozen=True, slots=True)
class Picture:
    """One mail, in one window, on one background."""

    story: str
    window: Window
    background: str

    @property
    def name(self) -> str:
        return f"mail-{self.story}-{self.window.name}-{self.background}.png"


KEPT = (
    Picture("sample", PHONE, "light"),
    Picture("sample", PHONE, "dark"),
    Picture("problems", PHONE, "light"),
    Picture("problems", DESKTOP, "light"),
    Picture("300-changes", DESKTOP, "light"),
)


class TooWideError(Exception):
    """Somebody would have to scroll sideways."""


def views() -> dict[str, View]:
    """Return what is photographed, by name."""
    return {
        "sample": stories.SAMPLE.view,
        "problems": stories.PROBLEMS.view,
        "300-changes": night(300).view,
        "hostile": stories.HOSTILE.view,
        "kinds": stories.KINDS.view,
        "first-run": stories.FIRST_RUN.view,
    }


def page(view: View, background: str) -> str:
    """Return a mail as a reader puts it: beneath subject and sender, in the reader's colours."""
    message = render(shorten(view, mail.BUDGET, Format.HTML, attached=True), Format.HTML)
    paper, ink = BACKGROUNDS[background]
    return f"""<!DOCTYPE html><html><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
:root {{ color-scheme: {background}; }}
body {{ margin: 0; padding: 16px; background: {paper}; color: {ink}; font: 16px sans-serif; }}
header {{ margin-bottom: 16px; padding-bottom: 12px; border-bottom: 1px solid #8886; }}
h1 {{ margin: 0 0 6px; font-size: 20px; font-weight: normal; }}
header div {{ font-size: 13px; opacity: .75; }}
</style></head>
<body><header><h1>{escape(message.subject)}</h1><div>netwatch-notify · 07:00</div></header>
{message.body}</body></html>"""


def frame(inner: str, window: Window) -> str:
    """
    Return a page that shows another one in a window of any width, and says how large it is.

    A headless window narrower than 500 pixels is laid out as 500 and cut (Chromium 156, 2026-11).
    """
    return f"""<!DOCTYPE html><html><head><meta charset="utf-8"><style>
body {{ margin: 0 }} iframe {{ display: block; border: 0; width: {window.width}px; height: 9999px }}
</style><script>{_MEASURE}</script></head><body>
<iframe srcdoc="{escape(inner)}"></iframe></body></html>"""


def measure(shown: Path, window: Window, folder: Path) -> int:
    """Return how high the mail is; TooWideError if it, or anything in it, is too wide."""
    dom = _chromium(shown, window, folder, "--dump-dom")
    found = _SIZE.search(dom)
    if not found:
        raise RuntimeError(f"Chromium did not say how large {shown.stem} is")
    scroll_width, client_width, furthest, height = map(int, found.groups())
    if max(scroll_width, furthest) > client_width:
        raise TooWideError(f"{shown.stem}: {max(scroll_width, furthest)} pixels in {client_width}")
    return height


def take(picture: Picture, view: View, into: Path, folder: Path) -> Path:
    """Write the picture, and return where; no higher than the mail."""
    window = picture.window
    shown = folder / f"{Path(picture.name).stem}.html"
    shown.write_text(frame(page(view, picture.background), window), encoding="utf-8")
    height = min(measure(shown, window, folder), window.height)
    path = into / picture.name
    cut = Window(window.name, window.width, height, window.scale)
    _chromium(shown, cut, folder, f"--screenshot={path.resolve()}")
    return path


def _chromium(shown: Path, window: Window, folder: Path, what: str) -> str:
    # Root, as in a container, has no sandbox; the page is our own.
    command = [
        *("chromium", "--headless=new", "--no-sandbox", "--hide-scrollbars", "--no-first-run"),
        *(
            "--disable-background-networking",
            "--disable-lcd-text",
            f"--user-data-dir={folder / 'profile'}",
        ),
        f"--force-device-scale-factor={window.scale}",
        f"--window-size={window.width},{window.height}",
        what,
        shown.as_uri(),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=CALL_SECONDS, check=True)
    return done.stdout


def every_picture() -> Iterator[Picture]:
    """Yield each story in each window on each background."""
    for story in views():
        for window in (PHONE, DESKTOP):
            for background in BACKGROUNDS:
                yield Picture(story, window, background)


def main() -> int:
    """Take the pictures; 1 if one of them does not fit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", metavar="FOLDER", type=Path, help="every picture, into FOLDER")
    everything = parser.parse_args().all
    into = everything or PICTURES
    into.mkdir(parents=True, exist_ok=True)
    shown, faults = views(), 0
    with tempfile.TemporaryDirectory(prefix="netwatch-pictures-") as folder:
        for picture in every_picture() if everything else KEPT:
            try:
                path = take(picture, shown[picture.story], into, Path(folder))
            except TooWideError as error:
                faults += 1
                print(error, file=sys.stderr)
                continue
            size = path.stat().st_size
            faults += size > LARGEST_BYTES
            print(f"{path.name}: {size:,} bytes" + (", too large" * (size > LARGEST_BYTES)))
    return min(faults, 1)


if __name__ == "__main__":
    sys.exit(main())
