"""XMP with the IPTC and PLUS properties that say "do not train", where machines look for them.

Written into the finished file with exiv2, merged with what the file already says. AVIF is beyond
exiv2, so there the packet is handed to the encoder (`prepare`).
"""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import pyexiv2

from ..causes import details_of
from ..errors import NotUsable
from ..messages import Field, Message, message
from ..types import Claim, Protected, Report
from . import containers
from .base import Found, Mark
from .vocabulary import HANDMADE, POLICIES, SOURCE_TYPES

_LOCK = threading.Lock()  # exiv2's XMP toolkit is one per process
_CARRIER = bytes.fromhex(  # a white GIF-sized PNG, to merge packets where there is no file yet
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c49444154789c63f8ffff3f0005fe02fe0def46b80000000049454e44ae426082"
)

pyexiv2.set_log_level(4)  # silent: the service speaks frames on stdout
pyexiv2.registerNs("http://www.w3.org/ns/tdmrep/", "tdm")


def properties(claim: Claim) -> dict[str, Any]:
    """The claim as exiv2 keys; empty fields are left out, so they keep what the file says."""
    if claim.policy not in POLICIES:
        raise NotUsable("xmp.policy", policy=claim.policy, known=tuple(POLICIES))
    if claim.source_type not in HANDMADE:
        raise NotUsable("xmp.source_type", kind=claim.source_type, known=HANDMADE)
    words = {
        "Xmp.plus.DataMining": POLICIES[claim.policy].plus,
        "Xmp.tdm.reservation": "1",
        "Xmp.iptcExt.DigitalSourceType": SOURCE_TYPES + claim.source_type,
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


def merged(claim: Claim, existing: bytes | None) -> bytes:
    """The packet that says the claim and everything `existing` said besides."""
    with _LOCK, pyexiv2.ImageData(_CARRIER) as image:
        if existing and containers.packet(existing):
            image.modify_raw_xmp(existing.decode("utf-8", "replace"))
        image.modify_xmp(properties(claim))
        return str(image.read_raw_xmp()).encode()


def check(claim: Claim) -> tuple[Message, ...]:
    properties(claim)
    return ()


def prepare(protected: Protected) -> Protected:
    """Gives the encoder the packet, for the format that only it can write."""
    plan = protected.plan
    if plan.export.format != "avif":
        return protected
    packet = merged(plan.export.claim, plan.artwork.keep.xmp)
    keep = replace(plan.artwork.keep, xmp=packet)
    return replace(protected, plan=replace(plan, artwork=replace(plan.artwork, keep=keep)))


def stamp(data: bytes, protected: Protected, report: Report) -> bytes:
    """Merges the claim into the file's XMP, then reads it back."""
    claim = protected.plan.export.claim
    wanted = properties(claim)
    if containers.signed(data):
        raise NotUsable("xmp.signed")
    if containers.check_metadata(data) != "avif":
        data = _written(data, wanted)
    back = parsed(data)
    lost = tuple(key for key, value in wanted.items() if back.get(key) != value)
    if lost:
        raise NotUsable("xmp.lost", format=protected.plan.export.format, lost=lost)
    return data


def _written(data: bytes, wanted: dict[str, Any]) -> bytes:
    with _LOCK:
        try:
            with pyexiv2.ImageData(data) as image:
                image.modify_xmp(wanted)
                return bytes(image.get_bytes())
        except RuntimeError as error:
            raise NotUsable("xmp.refused", details=details_of(error)) from error


def parsed(data: bytes) -> dict[str, Any]:
    """Every XMP property of a file, by exiv2's names; empty when it has none."""
    packet = containers.packet(data)
    return said(packet) if packet else {}


def said(packet: bytes) -> dict[str, Any]:
    """Every property of an XMP packet."""
    with _LOCK, pyexiv2.ImageData(_CARRIER) as image:
        try:
            image.modify_raw_xmp(packet.decode("utf-8", "replace"))
            return dict(image.read_xmp())
        except RuntimeError:
            return {}  # not well-formed: it says nothing a machine could read


def read(data: bytes, anchors: str = "") -> Found | None:
    containers.check_metadata(data)
    told = parsed(data)
    mining = str(told.get("Xmp.plus.DataMining", ""))
    if not mining:
        return None
    policy: Field = next((one.says for one in POLICIES.values() if one.plus == mining), mining)
    makers = tuple(told.get("Xmp.dc.creator") or ())
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
    note="States your reservation where machines look for it. Most platforms strip it on upload.",
)
