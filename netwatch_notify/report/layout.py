"""Words every format shares: a section's heading, and what is said of things left out."""

from netwatch_notify.model.message import Item, Section, View
from netwatch_notify.report.harmless import harmless


def heading(section: Section) -> str:
    """Return the title, with how many facts there are where not all are shown."""
    title = harmless(section.title)
    if title and section.left_out:
        return f"{title} ({len(section.items) + section.left_out:,})"
    return title


def item_lines(item: Item) -> list[str]:
    """Return the headline and the details, made harmless; what is then blank says nothing."""
    lines = (harmless(text) for text in (item.headline, *item.details))
    return [line for line in lines if line]


def left_out_line(section: Section) -> str:
    """Return the line that stands for what was left out; empty if nothing was."""
    if not section.left_out:
        return ""
    if not section.items:
        return "not shown here"
    return f"and {section.left_out:,} more" + ("" if section.title else " problems")


def closing_lines(view: View) -> list[str]:
    """Return the footer, after where to read what was left out and the hint."""
    lines = [harmless(line) for line in (view.hint, *view.footer)]
    if view.rest and any(section.left_out for section in view.sections):
        lines.insert(0, f"All of it: {harmless(view.rest)}")
    return [line for line in lines if line]
