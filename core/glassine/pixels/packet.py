"""The properties of an XMP packet from an untrusted file (ISO 16684-1).

expat parses it. A document type is refused before its contents are read, and so is a tree deeper or
larger than any picture's metadata.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
XML = "http://www.w3.org/XML/1998/namespace"
ADOBE = "http://ns.adobe.com/"
DC = "http://purl.org/dc/elements/1.1/"
RIGHTS = ADOBE + "xap/1.0/rights/"
CC = "http://creativecommons.org/ns#"
PLUS = "http://ns.useplus.org/ldf/xmp/1.0/"
TDM = "http://www.w3.org/ns/tdmrep/"
EXT = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
CORE = "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/"
SHOP, TIFF, EXIF = ADOBE + "photoshop/1.0/", ADOBE + "tiff/1.0/", ADOBE + "exif/1.0/"
BASIC, MEDIA = ADOBE + "xap/1.0/", ADOBE + "xap/1.0/mm/"
PREFIXES = {
    "rdf": RDF, "dc": DC, "xmpRights": RIGHTS, "cc": CC, "plus": PLUS, "tdm": TDM, "xmp": BASIC,
    "Iptc4xmpExt": EXT, "Iptc4xmpCore": CORE, "photoshop": SHOP, "tiff": TIFF, "exif": EXIF,
    "xmpMM": MEDIA, "stRef": BASIC + "sType/ResourceRef#", "stEvt": BASIC + "sType/ResourceEvent#",
    "exifEX": "http://cipa.jp/exif/1.0/", "aux": ADOBE + "exif/1.0/aux/",
    "crs": ADOBE + "camera-raw-settings/1.0/", "lr": ADOBE + "lightroom/1.0/",
}  # fmt: skip
for _prefix, _uri in PREFIXES.items():
    ElementTree.register_namespace(_prefix, _uri)

_DEPTH, _MOST = 60, 20_000  # elements: most that are nested, most in all


class Refused(ValueError):
    """The packet is no XML, has a document type, or is too deep or too large."""


class _Sane(ElementTree.TreeBuilder):
    """Builds the tree; raises Refused at a document type and past _DEPTH and _MOST."""

    def __init__(self) -> None:
        super().__init__()
        self._depth = self._count = 0

    def doctype(self, *_: str | None) -> None:
        raise Refused("doctype")

    def start(self, tag: str, attrs: dict[str, str], /) -> Element:
        self._depth, self._count = self._depth + 1, self._count + 1
        if self._depth > _DEPTH or self._count > _MOST:
            raise Refused("size")
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> Element:
        self._depth -= 1
        return super().end(tag)


def properties(packet: bytes) -> list[Element]:
    """Every property of a packet, including those written as attributes. Raises Refused."""
    parser = ElementTree.XMLParser(target=_Sane())
    try:
        parser.feed(as_text(packet))
        root: Element = parser.close()
    except (ElementTree.ParseError, ValueError) as error:
        raise Refused(str(error)) from error
    found = []
    for part in (one for rdf in root.iter(f"{{{RDF}}}RDF") for one in rdf):
        found += list(attributes(part))
        found += list(part)
    return found


def as_text(packet: bytes) -> str:
    """The packet's text, without the padding around it; UTF-8 unless its first bytes say UTF-16 or
    UTF-32."""
    codings = {b"\xff\xfe\0\0": "utf-32", b"\0\0\xfe\xff": "utf-32", b"<\0\0\0": "utf-32-le"}
    codings |= {b"\0\0\0<": "utf-32-be", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
    codings |= {b"<\0": "utf-16-le", b"\0<": "utf-16-be"}
    coding = next((name for head, name in codings.items() if packet.startswith(head)), "utf-8")
    return packet.decode(coding, "replace").strip("\0\ufeff \t\r\n")


def attributes(part: Element) -> Iterator[Element]:
    """Properties that are written as attributes of an element, as elements of their own."""
    for name, text in part.attrib.items():
        if not name.startswith((f"{{{RDF}}}", f"{{{XML}}}")) and name.startswith("{"):
            one = Element(name)
            one.text = text
            yield one
