"""XMP: properties sorted by namespace into public, private and no longer true, and written anew.

XMP: ISO 16684-1; properties about use: IPTC, PLUS, Creative Commons, TDMRep.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from ...pixels.packet import (
    ADOBE,
    CC,
    DC,
    EXIF,
    EXT,
    MEDIA,
    PLUS,
    RDF,
    RIGHTS,
    SHOP,
    TDM,
    TIFF,
    XML,
)
from .pictures import spells_picture

SMALL = ADOBE + "xap/1.0/g/img/"

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
"""Properties of authorship and licence, and the form of each: "" is plain text, "resource" a link,
the others are RDF's kinds of lists."""
NAMELESS = {
    *(_TITLE, f"{{{PLUS}}}DataMining", f"{{{TDM}}}reservation", f"{{{EXT}}}DigitalSourceType"),
}
"""Those of FORMS that name nobody."""
LICENSOR = f"{{{PLUS}}}Licensor"
_LICENSOR = (f"{{{PLUS}}}LicensorName", f"{{{PLUS}}}LicensorURL")
PROFILE = f"{{{SHOP}}}ICCProfile"
OLDER = {f"{{{TIFF}}}Artist": _CREATOR, f"{{{TIFF}}}Copyright": _RIGHTS}
"""Older properties, and those of FORMS that replaced them."""

_FALSE = (
    *(ADOBE + "hdr-gain-map/", "http://ns.apple.com/HDRGainMap/", ADOBE + "xmp/note/"),
    *("http://ns.google.com/photos/", "http://ns.apple.com/", "http://ns.xiaomi.com/"),
    *("http://ns.oplus.com/", "http://ns.vivo.com/", "http://ns.samsung.com/"),
    *(ADOBE + "hdr-metadata/", SMALL),
)
"""Beginnings of namespaces that describe or hold a second picture (a gain map, a depth map, a
moving picture), which the copy does not have: phones' own namespaces hold little else."""
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
"""Namespace -> properties that describe the original's pixels as they were stored."""
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

_LONGEST, _PICTURE = 10_000, 64_000  # most characters of one text; of all texts of one property

_ROOTS = "data|home|media|mnt|net|opt|private|root|run|srv|storage|tmp|users|var|volumes"
_PATH = re.compile(
    r"^(?:file:|//|/[^/\s][^/]*/(?:.*/|.*\.\w{2,4}$))"
    r"""|(?:^|[\s"'(<\[=,;])"""
    r"(?:[a-z]:/[^/]|(?:afp|cifs|content|file|nfs|sftp|smb)://?|~\w*/|%\w+%/|/(?:" + _ROOTS + ")/)"
    r"|:/users/",
    re.DOTALL,
)
"""Paths as operating systems write them, with / for every \\: as a whole text, or within one."""

Said = dict[str, list[tuple[str, str]]]
"""Property -> (language, text) of each of its items."""


def texts(one: Element) -> list[tuple[str, str]]:
    """(language, text) of each item of a property that may be published, whatever its form.

    None of the items where all together could encode a picture.
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
    """Whether the text may be published: it is no picture and names no path on somebody's disk."""
    return 0 < len(text) <= _LONGEST and not spells_picture(text) and not local_path(text)


def local_path(text: str) -> bool:
    """Whether the text is or contains a path on somebody's disk or network."""
    return bool(_PATH.search(text.lower().replace("\\", "/")) or "\\\\" in text)


def authorship(found: Iterable[Element]) -> tuple[Said, list[dict[str, str]]]:
    """The properties of authorship and licence, and the licensors."""
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
    """One field of a structure, written as an element or as an attribute; "" where it is missing
    or may not be published."""
    inner = next(item.iter(name), None)
    written = next((one.get(name, "") for one in item.iter() if one.get(name)), "")
    text = (inner.text or "" if inner is not None else written).strip()
    return text if sound(text) else ""


def with_picture(one: Element) -> bool:
    """Whether a property could hold a picture, in any of its parts and in any encoding."""
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
    """Whether the property is no longer true of a copy: it describes pixels as they were stored, or
    a picture that the copy does not have."""
    space, _, local = one.tag.removeprefix("{").partition("}")
    return space.startswith(_FALSE) or local in _PIXELS.get(space, ())


def gain_map(found: Iterable[Element]) -> bool:
    """Whether a property announces a gain map for HDR."""
    return any(one.tag.removeprefix("{").startswith(_FALSE[:2]) for one in found)


def known(one: Element) -> bool:
    """Whether `authorship` reads the property."""
    return one.tag in FORMS or one.tag in OLDER or one.tag == LICENSOR


def kinds(found: Iterable[Element]) -> set[str]:
    """What kinds of private metadata these properties are: NAME of each message "metadata.NAME"."""
    rest = (one for one in found if not (false(one) or with_picture(one) or known(one)))
    return {kind(one.tag) for one in rest}


def kind(tag: str) -> str:
    """The kind of one property, as in `kinds`."""
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
    """An XMP packet of authorship, licensors, and other properties as they were read."""
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
    """Adds a property in the form that FORMS has for it."""
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
    """Creators, rights and title of these properties; each empty where it is missing."""
    creators = tuple(text for _, text in said.get(_CREATOR, ()))
    rights, title = (next((text for _, text in said.get(n, ())), "") for n in (_RIGHTS, _TITLE))
    return creators, rights, title


def completed(said: Said, creators: tuple[str, ...], rights: str, title: str) -> Said:
    """These properties, with creators, rights and title added where they are missing."""
    more = {_CREATOR: [("", name) for name in creators]}
    more |= {_RIGHTS: [("", rights)] if rights else [], _TITLE: [("", title)] if title else []}
    return {**{name: items for name, items in more.items() if items}, **said}
