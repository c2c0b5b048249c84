"""XMP by its namespaces, whatever their prefixes are: read, told apart, written anew.

expat reads it; a document type is refused before anything in it is looked at, and so is a tree that
no picture needs. XMP: ISO 16684-1; who may use what: IPTC, PLUS, Creative Commons, TDMRep.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from .pictures import spells_picture

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
SMALL = ADOBE + "xap/1.0/g/img/"
_PREFIXES = {
    "rdf": RDF, "dc": DC, "xmpRights": RIGHTS, "cc": CC, "plus": PLUS, "tdm": TDM, "xmp": BASIC,
    "Iptc4xmpExt": EXT, "Iptc4xmpCore": CORE, "photoshop": SHOP, "tiff": TIFF, "exif": EXIF,
    "xmpMM": MEDIA, "stRef": BASIC + "sType/ResourceRef#", "stEvt": BASIC + "sType/ResourceEvent#",
    "exifEX": "http://cipa.jp/exif/1.0/", "aux": ADOBE + "exif/1.0/aux/",
    "crs": ADOBE + "camera-raw-settings/1.0/", "lr": ADOBE + "lightroom/1.0/",
}  # fmt: skip
for _prefix, _uri in _PREFIXES.items():
    ElementTree.register_namespace(_prefix, _uri)

_CREATOR, _RIGHTS, _TITLE = f"{{{DC}}}creator", f"{{{DC}}}rights", f"{{{DC}}}title"
FORMS = {
    _CREATOR: "Seq",
    _RIGHTS: "Alt",
    _TITLE: "Alt",
    f"{{{RIGHTS}}}Marked": "",
    f"{{{RIGHTS}}}WebStatement": "",
    f"{{{RIGHTS}}}UsageTerms": "Alt",
    f"{{{RIGHTS}}}Owner": "Bag",
    f"{{{CC}}}license": "resource",
    f"{{{CC}}}attributionName": "",
    f"{{{CC}}}attributionURL": "resource",
    f"{{{CC}}}morePermissions": "resource",
    f"{{{PLUS}}}DataMining": "",
    f"{{{TDM}}}reservation": "",
    f"{{{TDM}}}policy": "",
    f"{{{EXT}}}DigitalSourceType": "",
    f"{{{SHOP}}}Credit": "",
}
"""What tells authorship and licence, and how each is written: plain, in a list, as a link."""
NAMELESS = {
    *(_TITLE, f"{{{PLUS}}}DataMining", f"{{{TDM}}}reservation", f"{{{EXT}}}DigitalSourceType"),
}
"""Of these, what tells nobody's name."""
LICENSOR = f"{{{PLUS}}}Licensor"
_LICENSOR = (f"{{{PLUS}}}LicensorName", f"{{{PLUS}}}LicensorURL")
PROFILE = f"{{{SHOP}}}ICCProfile"
OLDER = {f"{{{TIFF}}}Artist": _CREATOR, f"{{{TIFF}}}Copyright": _RIGHTS}

_FALSE = (
    *(ADOBE + "hdr-gain-map/", "http://ns.apple.com/HDRGainMap/", ADOBE + "xmp/note/"),
    *("http://ns.google.com/photos/", "http://ns.apple.com/", "http://ns.xiaomi.com/"),
    *("http://ns.oplus.com/", "http://ns.vivo.com/", "http://ns.samsung.com/"),
    *(ADOBE + "hdr-metadata/", SMALL),
)
"""Beginnings of namespaces that announce a second picture (a gain map, a depth map, a moving
picture), speak of one, or are one: phones' own say little else."""
_PIXELS = {
    TIFF: {
        *("ImageWidth", "ImageLength", "BitsPerSample", "Compression", "Orientation"),
        *("PhotometricInterpretation", "SamplesPerPixel", "PlanarConfiguration", "NativeDigest"),
        *("YCbCrSubSampling", "YCbCrPositioning", "YCbCrCoefficients", "XResolution"),
        *("YResolution", "ResolutionUnit", "TransferFunction", "WhitePoint"),
        *("PrimaryChromaticities", "ReferenceBlackWhite"),
    },
    EXIF: {
        *("PixelXDimension", "PixelYDimension", "ColorSpace", "NativeDigest"),
        *("ComponentsConfiguration", "CompressedBitsPerPixel"),
    },
    SHOP: {"ICCProfile", "ColorMode"},
    DC: {"format"},
}
"""What describes pixels as they were stored."""
_OWNER = ("OwnerName", "CameraOwnerName", "CreatorContactInfo", "PersonInImage", "Regions")
_PLACES = ("City", "State", "Country", "Location", "CountryCode", "CountryName")
_WORDS = (
    "description",
    "subject",
    "UserComment",
    "ImageDescription",
    "Headline",
    "Label",
    "Rating",
)

_DEPTH, _MOST = 60, 20_000  # elements, one inside the other and in all
_LONGEST, _PICTURE = 10_000, 64_000  # letters of one text; of all texts of one property

Said = dict[str, list[tuple[str, str]]]
"""Property -> (language, text) of each of its items."""


class Refused(ValueError):
    """It is no XML, or none that a picture needs."""


class _Sane(ElementTree.TreeBuilder):
    """Builds the tree as long as it looks like metadata."""

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
    """Every property of a packet, those written as attributes too. Raises Refused."""
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
    """UTF-8, or what its first letter says; without the padding around it."""
    codings = {b"\xff\xfe\0\0": "utf-32", b"\0\0\xfe\xff": "utf-32", b"<\0\0\0": "utf-32-le"}
    codings |= {b"\0\0\0<": "utf-32-be", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
    codings |= {b"<\0": "utf-16-le", b"\0<": "utf-16-be"}
    coding = next((name for head, name in codings.items() if packet.startswith(head)), "utf-8")
    return packet.decode(coding, "replace").strip("\0\ufeff \t\r\n")


def attributes(part: Element) -> Iterator[Element]:
    for name, text in part.attrib.items():
        if not name.startswith((f"{{{RDF}}}", f"{{{XML}}}")) and name.startswith("{"):
            one = Element(name)
            one.text = text
            yield one


def texts(one: Element) -> list[tuple[str, str]]:
    """(language, text) of each item of a property, however it is written.

    None of them where all together spell what none does alone.
    """
    items = list(one.iter(f"{{{RDF}}}li")) or [one]
    found = []
    for item in items:
        inner = item.find(f".//{{{RDF}}}value")
        text = (item if inner is None else inner).text or item.get(f"{{{RDF}}}resource") or ""
        found.append((item.get(f"{{{XML}}}lang", ""), text.strip()))
    if spells_picture(" ".join(text for _, text in found)):
        return []
    return [(language, text) for language, text in found if sound(text)]


def sound(text: str) -> bool:
    """Text that may be published: no picture, and no path on somebody's disk."""
    return 0 < len(text) <= _LONGEST and not spells_picture(text) and not local_path(text)


def local_path(text: str) -> bool:
    lowered = text.lower().replace("\\", "/")
    drive = lowered[1:3] == ":/" and lowered[:1].isalpha()
    rooted = lowered.startswith(("file:", "//", "~/", "/home/", "/users/", "/mnt/", "/media/"))
    return drive or rooted or ":/users/" in lowered


def authorship(found: Iterable[Element]) -> tuple[Said, list[dict[str, str]]]:
    """What they say of authorship and licence, and who licenses it."""
    said: Said = {}
    licensors = []
    for one in found:
        name = OLDER.get(one.tag, one.tag)
        if name in FORMS and (told := texts(one)) and (one.tag == name or name not in said):
            said[name] = told
        if one.tag == LICENSOR:
            for item in one.iter(f"{{{RDF}}}li"):
                licensors.append({field: fields(item, field) for field in _LICENSOR})
    return said, [row for row in licensors if any(row.values())]


def fields(item: Element, name: str) -> str:
    """One field of a structure, written as an element or as an attribute."""
    inner = next(item.iter(name), None)
    written = next((one.get(name, "") for one in item.iter() if one.get(name)), "")
    text = (inner.text or "" if inner is not None else written).strip()
    return text if sound(text) else ""


def with_picture(one: Element) -> bool:
    """Whether a property has a picture in it, wherever and however it is spelt."""
    found = list[str]()
    for part in one.iter():
        space, _, local = part.tag.removeprefix("{").partition("}")
        if space.startswith(SMALL) or "thumbnail" in local.lower():
            return True
        names = (name.removeprefix("{").partition("}")[0] for name in part.attrib)
        if any(name.startswith(SMALL) for name in names):
            return True
        found += (part.text or "", part.tail or "", *part.attrib.values())
    if sum(map(len, found)) > _PICTURE or max(map(len, found)) > _LONGEST:
        return True
    return any(map(spells_picture, found)) or spells_picture(" ".join(found))


def false(one: Element) -> bool:
    """Whether it describes pixels as they were stored, or a picture that is not there any more."""
    space, _, local = one.tag.removeprefix("{").partition("}")
    return space.startswith(_FALSE) or local in _PIXELS.get(space, ())


def gain_map(found: Iterable[Element]) -> bool:
    return any(one.tag.removeprefix("{").startswith(_FALSE[:2]) for one in found)


def known(one: Element) -> bool:
    """Whether `authorship` tells it."""
    return one.tag in FORMS or one.tag in OLDER or one.tag == LICENSOR


def kinds(found: Iterable[Element]) -> set[str]:
    """What they tell besides authorship and pixels: names of rows `metadata.NAME`."""
    rest = (one for one in found if not (false(one) or with_picture(one) or known(one)))
    return {kind(one.tag) for one in rest}


def kind(tag: str) -> str:
    space, _, local = tag.removeprefix("{").partition("}")
    if local.startswith(("GPS", *_PLACES)):
        return "place"
    if local.startswith(_OWNER):
        return "owner"
    if local in _WORDS:
        return "words"
    if "Date" in local:
        return "date"
    if space == MEDIA or local in ("DocumentAncestors", "History"):
        return "history"
    device = space in (TIFF, EXIF) or "exif" in space or local == "CreatorTool"
    return "device" if device else "other"


def packet_of(said: Said, licensors: list[dict[str, str]], others: Iterable[Element] = ()) -> bytes:
    """A packet of what is said, and of other properties as they were."""
    rdf = Element(f"{{{RDF}}}RDF")
    about = SubElement(rdf, f"{{{RDF}}}Description", {f"{{{RDF}}}about": ""})
    for name, items in said.items():
        put(about, name, items)
    if licensors:
        bag = SubElement(SubElement(about, LICENSOR), f"{{{RDF}}}Bag")
        for row in licensors:
            item = SubElement(bag, f"{{{RDF}}}li", {f"{{{RDF}}}parseType": "Resource"})
            for name, text in row.items():
                if text:
                    SubElement(item, name).text = text
    about.extend(others)
    body = ElementTree.tostring(rdf, encoding="unicode").encode()
    return b'<x:xmpmeta xmlns:x="adobe:ns:meta/">' + body + b"</x:xmpmeta>"


def put(about: Element, name: str, items: list[tuple[str, str]]) -> None:
    form, one = FORMS[name], SubElement(about, name)
    if form == "resource":
        one.set(f"{{{RDF}}}resource", items[0][1])
    elif not form:
        one.text = items[0][1]
    else:
        many = SubElement(one, f"{{{RDF}}}{form}")
        for language, text in items:
            lang = {f"{{{XML}}}lang": language or "x-default"} if form == "Alt" else {}
            SubElement(many, f"{{{RDF}}}li", lang).text = text


def titled(said: Said) -> tuple[tuple[str, ...], str, str]:
    """Creators, rights and title."""
    creators = tuple(text for _, text in said.get(_CREATOR, ()))
    rights, title = (next((text for _, text in said.get(n, ())), "") for n in (_RIGHTS, _TITLE))
    return creators, rights, title


def completed(said: Said, creators: tuple[str, ...], rights: str, title: str) -> Said:
    """With what other parts of the file say, where it says nothing itself."""
    more = {_CREATOR: [("", name) for name in creators]}
    more |= {_RIGHTS: [("", rights)] if rights else [], _TITLE: [("", title)] if title else []}
    return {**{name: items for name, items in more.items() if items}, **said}
