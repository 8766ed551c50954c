"""Words every format shares: a section's heading, and what is said of things left out."""

from netwatch_notify.model.message import Item, Section, View
from netwatch_notify.report.harmless import harmless
from netwatch_notify.report.kinds import kind_words, words_without_number


def heading(section: Section) -> str:
    """Return the title, with how many changes there are where not all are shown."""
    title = harmless(section.title)
    if title and section.left_out:
        shown = sum(item.stands_for for item in section.items)
        return f"{title} ({shown + section.left_out:,})"
    return title


def item_lines(item: Item) -> list[str]:
    """Return the headline and the details, made harmless; what is then blank says nothing."""
    lines = (harmless(text) for text in (item.headline, *item.details))
    return [line for line in lines if line]


def left_out_line(section: Section) -> str:
    """Return the line that counts what was left out, by kind; empty if nothing was."""
    if not section.left_out:
        return ""
    words = ", ".join(kind_words(section.left_out_kinds))
    if not section.items:
        return f"not shown here: {words}" if words else "not shown here"
    more = f"and {section.left_out:,} more"
    if len(section.left_out_kinds) == 1:
        kind, number = section.left_out_kinds[0]
        return f"{more} {words_without_number(kind, number)}".rstrip()
    return f"{more}: {words}" if words else more


def closing_lines(view: View) -> list[str]:
    """Return the footer, after where to read what was left out and the hint."""
    lines = [harmless(line) for line in (view.hint, *view.footer)]
    if any(section.left_out for section in view.sections):
        where = filter(None, ("attached" if view.attached else "", harmless(view.rest)))
        told = ", or ".join(where)
        lines.insert(0, f"All of it: {told}" if told else "")
    return [line for line in lines if line]
