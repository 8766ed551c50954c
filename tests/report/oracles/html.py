"""HTML as lxml parses it: only what the renderer itself writes may be an element."""

from collections.abc import Iterator

import lxml.html
from lxml import etree

from tests.report.oracles.characters import steering_characters, unseen_characters
from tests.report.oracles.links import live_text

Part = tuple[str, str, str]
"""Tag, attribute and its value; the last two are empty for the tag itself."""

_ACTIVE = {
    *("a", "area", "audio", "base", "button", "embed", "form", "frame", "iframe", "img", "input"),
    *("link", "math", "object", "script", "source", "svg", "textarea", "video"),
}
_REACHING = {"action", "background", "data", "formaction", "href", "ping", "poster", "src"}


def parts(markup: str) -> set[Part]:
    """Return the elements and attributes of a page."""
    found: set[Part] = set()
    for element in _parse(markup).iter(etree.Element):
        tag = str(element.tag)
        found.add((tag, "", ""))
        found |= {(tag, str(name), str(value)) for name, value in element.attrib.items()}
    return found


def text_of(markup: str) -> str:
    """Return what a page says; its elements stand apart."""
    return " ".join(_parse(markup).itertext())


def html_faults(markup: str, ours: set[Part]) -> Iterator[str]:
    """Yield what is not among `ours`, what no message may have, and what its text would do."""
    for part in sorted(parts(markup)):
        tag, name, value = part
        if part not in ours or tag in _ACTIVE or name in _REACHING or name.startswith("on"):
            yield f"element: {part!a}"
        if "url(" in value.lower() or "expression" in value.lower():
            yield f"style: {part!a}"
    for element in _parse(markup).iter(etree.Comment, etree.PI, etree.Entity):
        yield f"comment or instruction: {element!a} {element.text!a}"
    if "<!" in markup.removeprefix("<!DOCTYPE html>"):
        yield "declaration"
    text = text_of(markup)
    yield from live_text(text)
    yield from steering_characters(markup)
    yield from steering_characters(text)
    yield from unseen_characters(text)


def _parse(markup: str) -> lxml.html.HtmlElement:
    parser = lxml.html.HTMLParser(huge_tree=True, encoding="utf-8")
    try:
        page = markup.encode(errors="surrogatepass")
        return lxml.html.document_fromstring(page, parser=parser)
    except etree.ParserError:  # its word for a page on which nothing stands
        return lxml.html.document_fromstring("<p></p>")
