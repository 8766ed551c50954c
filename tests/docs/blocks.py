"""
The fenced blocks of a page, and how each says it is proven.

On the line before a block stands an HTML comment, which no reader sees:

    <!-- proof: run -->             its commands end with 0, as root on a disposable machine
    <!-- proof: run, user -->       the same, as an ordinary user
    <!-- proof: run, exit 1 -->     the last of them ends with 1
    <!-- proof: output -->          is what the block that ran before it printed
    <!-- proof: crontab -->         its lines' commands end with 0, as cron calls them
    <!-- proof: file /etc/x.conf -->  is that file on the machine, for the commands below
    <!-- proof: env -->             the lines of an env file, which load
    <!-- proof: sample NAME -->     is what samples.py makes under that name
    <!-- proof: none: REASON -->    cannot be proven, because
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

ROOT = Path(__file__).parents[2]

_FENCE = re.compile(r"^(?P<indent> *)(?P<ticks>```+|~~~+)(?P<language>[\w+-]*)[^`\n]*$")
_MARK = re.compile(r"^ *<!-- proof: (?P<words>.+?) -->$")
_KINDS = re.compile(
    r"run(?P<user>, user)?(?:, exit (?P<code>\d))?|output|env|crontab"
    r"|file (?P<path>/\S+)|sample (?P<name>\S+)|none: (?P<reason>\S.*)"
)


@dataclass(frozen=True, slots=True)
class Proof:
    """What a mark says. `kind`: its first word."""

    kind: str
    user: bool = False
    exit_code: int = 0
    path: str = ""
    name: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block; `line` is that of its opening fence, `mark` the comment's words or None."""

    page: str
    line: int
    language: str
    text: str
    mark: str | None

    @property
    def place(self) -> str:
        return f"{self.page}:{self.line}"

    @property
    def kind(self) -> str:
        """The proof's kind; empty where the mark is missing or wrong, which one test tells."""
        try:
            return self.proof.kind
        except ValueError:
            return ""

    @property
    def proof(self) -> Proof:
        """How it is proven. ValueError: it does not say so, or says what means nothing."""
        if self.mark is None:
            raise ValueError(f"{self.place}: no <!-- proof: … --> on the line before")
        found = _KINDS.fullmatch(self.mark)
        if not found:
            raise ValueError(f"{self.place}: {self.mark!r} is no proof")
        return Proof(
            re.split(r"[ ,:]", self.mark)[0],
            user=bool(found["user"]),
            exit_code=int(found["code"] or 0),
            path=found["path"] or "",
            name=found["name"] or "",
            reason=found["reason"] or "",
        )


def pages() -> list[str]:
    """Return every document that a reader is sent to, by its path from the root."""
    found = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return [str(path.relative_to(ROOT)) for path in found]


def blocks_of(page: str) -> list[Block]:
    """Return the fenced blocks of a page, top to bottom."""
    return parse_blocks(page, (ROOT / page).read_text(encoding="utf-8").splitlines())


def parse_blocks(page: str, lines: Sequence[str]) -> list[Block]:
    """Return the fenced blocks among `lines`. ValueError: one is not closed."""
    blocks = []
    numbers = iter(range(len(lines)))
    for number in numbers:
        if not (fence := _FENCE.match(lines[number])):
            continue
        text = []
        for inner in numbers:
            if lines[inner].strip() == fence["ticks"]:
                break
            text.append(lines[inner])
        else:
            raise ValueError(f"{page}:{number + 1}: the block is not closed")
        mark = _MARK.match(lines[number - 1]) if number else None
        blocks.append(
            Block(
                page,
                number + 1,
                fence["language"],
                dedent("\n".join(text) + "\n") if text else "",
                mark["words"] if mark else None,
            )
        )
    return blocks
