"""Text as a terminal takes it: pyte tells each thing that it would do."""

from collections.abc import Callable, Iterator

import pyte

from tests.report.oracles.characters import steering_characters


class _Witness:
    """Stands where a screen would, and writes down what the terminal's parser asks of it."""

    def __init__(self) -> None:
        self.events: list[tuple[str, tuple[object, ...]]] = []

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *arguments, **_: self.events.append((name, arguments))


class Screen(pyte.Screen):
    """A screen that counts bells, and keeps what it would answer to the program's input."""

    bells = 0

    def __init__(self, columns: int, lines: int) -> None:
        self.answers: list[str] = []
        super().__init__(columns, lines)

    def bell(self, *_: object) -> None:
        self.bells += 1

    def write_process_input(self, data: str) -> None:
        self.answers.append(data)


def terminal_faults(
    text: str, *, tabs: bool = False, bold: frozenset[str] = frozenset()
) -> Iterator[str]:
    """
    Yield all but printing and new lines.

    `tabs` may move on, where they are part of a format. Words in `bold` may stand in bold.
    """
    witness = _Witness()
    stream = pyte.Stream()
    stream.attach(witness)
    stream.feed(text)
    weight: tuple[object, ...] = (0,)
    for name, arguments in witness.events:
        if name == "select_graphic_rendition" and bold and arguments in ((0,), (1,)):
            weight = arguments
        elif name == "draw" and weight != (0,):
            yield from (f"bold: {word!a}" for word in str(arguments[0]).split() if word not in bold)
        elif name not in ("draw", "linefeed") and not (tabs and name == "tab"):
            yield f"{name}{arguments!a}"
    if weight != (0,):
        yield "left in bold"
    # pyte passes some characters over without a word: NUL, DEL, what it does not know.
    plain = text.replace("\x1b[1m", "").replace("\x1b[0m", "") if bold else text
    yield from steering_characters(plain)


def screen_faults(text: str) -> Iterator[str]:
    """Yield what a whole screen, as wide and high as the text, is other than its lines."""
    lines = text.removesuffix("\n").split("\n")
    screen = Screen(max(map(len, lines)) * 2 + 2, len(lines) + 1)
    modes = set(screen.mode)
    stream = pyte.Stream(screen)
    stream.feed(text.replace("\n", "\r\n"))
    if screen.title or screen.icon_name:
        yield f"title: {screen.title!a}"
    if screen.bells or screen.answers:
        yield f"{screen.bells} bells; answers {screen.answers}"
    if screen.mode != modes:
        yield f"modes: {screen.mode ^ modes}"
    if screen.cursor.y != len(lines) - (not text.endswith("\n")):
        yield f"the cursor is in line {screen.cursor.y} of {len(lines)}"
