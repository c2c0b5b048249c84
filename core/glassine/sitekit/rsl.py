"""Really Simple Licensing (RSL 1.0): the licence as the kit writes it, and as a site has it.

Elements, their places and their words: RSL-SPEC-1.0 of 10 December 2025, sections 3 and 4.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from ..causes import details_of
from ..messages import Message, message

SPACE = "https://rslstandard.org/rsl"
KIND = "application/rsl+xml"
FILE = "license.xml"
_INSIDE = {
    "rsl": {"content"},
    "content": {"license", "alternate", "schema", "copyright", "terms"},
    "license": {"permits", "prohibits", "payment", "reporting", "legal"},
    "payment": {"standard", "custom", "amount", "accepts"},
}
_AI = ("ai-train", "ai-all", "all")


def licence(policy: str) -> str:
    """XML that permits search and prohibits AI, with the address of the licence page if any."""
    terms = f"    <terms>{escape(policy)}</terms>\n" if policy else ""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<rsl xmlns="{SPACE}">\n'
        '  <content url="/">\n    <license>\n      <permits type="usage">search</permits>\n'
        '      <prohibits type="usage">ai-all</prohibits>\n'
        f"    </license>\n{terms}  </content>\n</rsl>\n"
    )


def link(site: str) -> str:
    """The value of a header `Link`, which names the licence for anything that is sent."""
    return f'<{site.rstrip("/")}/{FILE}>; rel="license"; type="{KIND}"'


def faults(data: bytes) -> Iterator[Message]:
    """What violates the specification in it, and whether it leaves AI unmentioned."""
    try:
        root = document(data)
    except (ElementTree.ParseError, ValueError) as error:
        yield message("site.no_xml", details=details_of(error))
        return
    if root.tag != f"{{{SPACE}}}rsl":
        yield message("site.rsl_space", space=SPACE)
        return
    yield from misplaced(root)
    for content in root.findall(f"{{{SPACE}}}content"):
        if content.get("url") is None or content.find(f"{{{SPACE}}}license") is None:
            yield message("site.rsl_content")
    if not refused_uses(root):
        yield message("site.rsl_silent")


def misplaced(element: Element) -> Iterator[Message]:
    """RSL elements in a place where none of their name may stand: each voids the document."""
    inside = _INSIDE.get(local(element), set())
    for child in element:
        if child.tag.startswith(f"{{{SPACE}}}") and local(child) not in inside:
            yield message("site.rsl_misplaced", name=local(child), within=local(element))
        yield from misplaced(child)


def refused_uses(root: Element) -> tuple[str, ...]:
    """Uses for AI that the licence prohibits, in its own words."""
    said = (one.text or "" for one in root.iter(f"{{{SPACE}}}prohibits"))
    words = [word for text in said for word in text.replace(",", " ").split()]
    return tuple(dict.fromkeys(word for word in words if word in _AI))


def document(data: bytes) -> Element:
    """Raises ParseError, and ValueError for a document type."""

    class Plain(ElementTree.TreeBuilder):
        def doctype(self, *_: str | None) -> None:
            raise ValueError("doctype")

    parser = ElementTree.XMLParser(target=Plain())
    parser.feed(data)
    found: Element = parser.close()
    return found


def local(element: Element) -> str:
    return element.tag.rpartition("}")[2]
