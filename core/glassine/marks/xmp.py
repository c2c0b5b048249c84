"""XMP with the IPTC and PLUS properties that say "do not train", where machines look for them.

The packet is merged with the picture's own and handed to the encoder, which knows where its format
keeps one. Files are read without trust: `containers` refuses entities and sizes that no picture
needs, and a packet that is no metadata counts as empty.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from ..errors import NotUsable
from ..messages import Field, Message, message
from ..pixels.packet import BASIC, CC, DC, EXT, PLUS, RDF, RIGHTS, SHOP, TDM, XML, Refused
from ..pixels.packet import properties as properties_in
from ..types import Claim, Protected, Report
from . import containers
from .base import Found, Mark
from .vocabulary import HANDMADE, POLICIES, PROHIBITED, SOURCE_TYPES

_SPACES = {
    "plus": PLUS,
    "tdm": TDM,
    "iptcExt": EXT,
    "xmpRights": RIGHTS,
    "dc": DC,
    "cc": CC,
    "photoshop": SHOP,
    "xmp": BASIC,
}
"""exiv2's prefixes, by which this file names properties ("Xmp.dc.creator")."""
_NAMES = {uri: prefix for prefix, uri in _SPACES.items()}
_SEGMENT = 65_000  # bytes of a packet that fit into one segment of a JPEG
_MINING, _SOURCE = "Xmp.plus.DataMining", "Xmp.iptcExt.DigitalSourceType"


def properties(claim: Claim) -> dict[str, Any]:
    """The claim's properties by exiv2's names. Empty fields are left out, so that the file's own
    properties stay there."""
    if claim.policy not in POLICIES:
        raise NotUsable("xmp.policy", policy=claim.policy, known=tuple(POLICIES))
    if claim.source_type not in HANDMADE:
        raise NotUsable("xmp.source_type", kind=claim.source_type, known=HANDMADE)
    words = {
        _MINING: POLICIES[claim.policy].plus,
        "Xmp.tdm.reservation": "1",
        _SOURCE: SOURCE_TYPES + claim.source_type,
        "Xmp.xmpRights.WebStatement": claim.url,
        "Xmp.tdm.policy": claim.url,
        "Xmp.xmpRights.Marked": "True" if claim.rights or claim.creator else "",
        "Xmp.dc.creator": [claim.creator] if claim.creator else "",
        "Xmp.dc.rights": _language(claim.rights),
        "Xmp.dc.title": _language(claim.title),
        "Xmp.xmpRights.UsageTerms": _language(claim.usage_terms),
    }
    return {key: value for key, value in words.items() if value}


def _language(text: str) -> dict[str, str] | str:
    return {'lang="x-default"': text} if text else ""


def stated(claim: Claim, existing: bytes | None) -> dict[str, Any]:
    """The claim's properties, without defaults that would replace what the file itself says.

    The default policy gives way to a reservation that the file has already, which it could only
    loosen, and the default source type to the file's own.
    """
    wanted, told = properties(claim), said(existing or b"")
    usual = Claim()
    if claim.policy == usual.policy and str(told.get(_MINING, "")).startswith(PROHIBITED):
        del wanted[_MINING]
    if claim.source_type == usual.source_type and told.get(_SOURCE):
        del wanted[_SOURCE]
    return wanted


def merged(claim: Claim, existing: bytes | None) -> bytes:
    """A packet of the claim and of everything else that the packet `existing` says."""
    wanted = {_tag(key): value for key, value in stated(claim, existing).items()}
    rdf = Element(f"{{{RDF}}}RDF")
    about = SubElement(rdf, f"{{{RDF}}}Description", {f"{{{RDF}}}about": ""})
    about.extend(one for one in _found(existing or b"") if one.tag not in wanted)
    for tag, value in wanted.items():
        _put(about, tag, value)
    body = ElementTree.tostring(rdf, encoding="unicode").encode()
    return b'<x:xmpmeta xmlns:x="adobe:ns:meta/">' + body + b"</x:xmpmeta>"


def _tag(key: str) -> str:
    _, prefix, name = key.split(".")
    return f"{{{_SPACES[prefix]}}}{name}"


def _put(about: Element, tag: str, value: str | list[str] | dict[str, str]) -> None:
    """Adds a property: a plain text, a list, or texts by language as a list of alternatives."""
    one = SubElement(about, tag)
    if isinstance(value, str):
        one.text = value
        return
    kind = "Alt" if isinstance(value, dict) else "Seq"
    many = SubElement(one, f"{{{RDF}}}{kind}")
    for text in value.values() if isinstance(value, dict) else value:
        lang = {f"{{{XML}}}lang": "x-default"} if kind == "Alt" else {}
        SubElement(many, f"{{{RDF}}}li", lang).text = text


def check(claim: Claim) -> tuple[Message, ...]:
    properties(claim)
    return ()


def prepare(protected: Protected) -> Protected:
    """The picture with the packet that the encoder writes; unchanged where its packet already says
    everything."""
    plan = protected.plan
    keep, claim = plan.artwork.keep, plan.export.claim
    if holds(keep.xmp or b"", stated(claim, keep.xmp)):
        return protected
    packet, notes = merged(claim, keep.xmp), protected.notes
    if plan.export.format == "jpeg" and len(packet) > _SEGMENT:
        packet, notes = merged(claim, None), (*notes, message("metadata.too_long", what="XMP"))
    artwork = replace(plan.artwork, keep=replace(keep, xmp=packet))
    return replace(protected, plan=replace(plan, artwork=artwork), notes=notes)


def stamp(data: bytes, protected: Protected, report: Report) -> bytes:
    """Checks that the encoder wrote every property of the claim; adds nothing to the file."""
    plan = protected.plan
    if containers.signed(data):
        raise NotUsable("xmp.signed")
    given, back = said(plan.artwork.keep.xmp or b""), parsed(data)
    lost = tuple(key for key in properties(plan.export.claim) if back.get(key) != given.get(key))
    if lost:
        raise NotUsable("xmp.lost", format=plan.export.format, lost=lost)
    return data


def holds(packet: bytes, wanted: dict[str, Any]) -> bool:
    """Whether the packet has all these properties with these values."""
    told = said(packet)
    return all(told.get(key) == value for key, value in wanted.items())


def parsed(data: bytes) -> dict[str, Any]:
    """Every XMP property of a file, by exiv2's names; empty when it has none."""
    packet = containers.packet(data)
    return said(packet) if packet else {}


def said(packet: bytes) -> dict[str, Any]:
    """Property -> its text, its list of texts, or its texts by language."""
    return {_key(one.tag): _value(one) for one in _found(packet)}


def _key(tag: str) -> str:
    space, _, name = tag.removeprefix("{").partition("}")
    return f"Xmp.{_NAMES[space]}.{name}" if space in _NAMES else tag


def _value(one: Element) -> str | list[str] | dict[str, str]:
    items = list(one.iter(f"{{{RDF}}}li"))
    if not items:
        return one.get(f"{{{RDF}}}resource") or (one.text or "").strip()
    if any(item.get(f"{{{XML}}}lang") for item in items):
        return {f'lang="{item.get(f"{{{XML}}}lang", "")}"': item.text or "" for item in items}
    return [item.text or "" for item in items]


def _found(packet: bytes) -> list[Element]:
    """Every property of a packet; none where it is no XMP or is refused as too large."""
    try:
        return properties_in(packet)
    except Refused:
        return []


def read(data: bytes, anchors: str = "") -> Found | None:
    containers.check_metadata(data)
    told = parsed(data)
    mining = str(told.get(_MINING, ""))
    if not mining:
        return None
    policy: Field = next((one.says for one in POLICIES.values() if one.plus == mining), mining)
    named = told.get("Xmp.dc.creator") or ()
    makers = (named,) if isinstance(named, str) else tuple(named)
    if makers:
        return Found("xmp", message("xmp.states_by", policy=policy, makers=makers), told)
    return Found("xmp", message("xmp.states", policy=policy), told)


ENTRY = Mark(
    says="Do not train, creator and rights in the file's metadata (XMP, IPTC)",
    label="“No AI training” in the metadata",
    stage="metadata",
    check=check,
    prepare=prepare,
    stamp=stamp,
    read=read,
    formats=("png", "jpeg", "webp", "tiff", "avif"),
    note=(
        "States your reservation where machines look for it. Most platforms strip it on upload. "
        "Adobe Stock bars files whose Content Credentials refuse training and may bar these too."
    ),
)
