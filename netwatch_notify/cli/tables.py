"""Tables on a terminal, plain columns in a pipe, JSON for machines."""

import io
import json
import os
import shutil
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

import click

from netwatch_notify.model.listing import Table
from netwatch_notify.model.text import clean

CELL_LIMIT = 4000
"""Characters of one cell; what is put into words is bounded far below, but for open ports."""
MOST_ROWS = 2000
"""A terminal gets longer tables as plain columns, too: rich takes half a millisecond a row."""
GAP = "  "


def print_tables(tables: Sequence[Table], *, last: Iterable[str] = ()) -> None:
    """Print tables one below the other, then lines; hostile text is a cell's text, no more."""
    sized = sys.stdout.isatty() and sum(len(table.rows) for table in tables) <= MOST_ROWS
    blocks = [_on_terminal(table) if sized else "\n".join(_plain(table)) for table in tables]
    blocks += ["\n".join(clean(line, CELL_LIMIT) for line in last)] if last else []
    _print("\n\n".join(filter(None, blocks)))


def print_json(body: object) -> None:
    """Print JSON in ASCII, which every terminal and pipe takes."""
    _print(json.dumps(body, indent=2))


def _print(text: str) -> None:
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A name that the locale's encoding has no letters for must not stop the output.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        if text:
            click.echo(text)
        sys.stdout.flush()
    except BrokenPipeError:
        # A reader that has seen enough (`head`) is no failure; what is still buffered must not
        # become one at the end of the process. Here, because click makes it an exit code of 1.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _plain(table: Table) -> Iterator[str]:
    """Yield one line a row, columns aligned, however wide."""
    rows = [table.columns] if table.columns else []
    rows += [tuple(map(_cell, row)) for row in table.rows]
    if table.title:
        yield clean(table.title)
    count = len(rows[0]) if rows else 0
    widths = [max(_width(row[column]) for row in rows) for column in range(count)]
    for row in rows:
        cells = (
            cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)
        )
        yield GAP.join(cells).rstrip()


def _cell(text: str) -> str:
    """A cell's text, its indent kept, without anything a terminal acts on."""
    indent = len(text) - len(text.lstrip(" "))
    return " " * indent + clean(text, CELL_LIMIT)


def _width(text: str) -> int:
    """Return the columns a text takes on a terminal."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def _on_terminal(table: Table) -> str:
    """Return the table fitted to the terminal, long cells folded."""
    from rich.console import Console
    from rich.table import Table as RichTable
    from rich.text import Text

    drawn = RichTable(
        box=None,
        show_header=bool(table.columns),
        pad_edge=False,
        padding=(0, len(GAP), 0, 0),
        title=Text(clean(table.title), style="bold") if table.title else None,
        title_justify="left",
        header_style="bold",
    )
    for number in range(len(table.rows[0]) if table.rows else len(table.columns)):
        heading = Text(table.columns[number]) if table.columns else ""
        drawn.add_column(heading, overflow="fold", no_wrap=number == 0)
    for row in table.rows:
        # Text, not str: rich reads markup, links and emoji codes in a str.
        drawn.add_row(*(Text(_cell(cell)) for cell in row))
    file = io.StringIO()
    console = Console(
        file=file,
        force_terminal=True,
        width=shutil.get_terminal_size().columns,
        highlight=False,
        markup=False,
        emoji=False,
    )
    console.print(drawn)
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines())
