"""Content Credentials: a signed statement in the file that says "do not train" (C2PA 2.2, CAWG).

Some of the standard's features are always off: thumbnails and ingredients, because they would put
the clean picture into the protected file; fetching manifests and asking OCSP servers, because
reading a file must not tell anyone that it was read.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import c2pa

from ..causes import details_of
from ..errors import NotUsable
from ..messages import Field, Message, message
from ..types import Claim, Protected, Report
from ..version import engine_version
from . import certificate, containers
from .base import Found, Mark
from .certificate import EKUS, Signing
from .vocabulary import POLICIES, SOURCE_TYPES

_MIMES = {kind: f"image/{kind}" for kind in ("png", "jpeg", "webp", "tiff", "avif")}
_CONTEXT = {
    "plus": "http://ns.useplus.org/ldf/xmp/1.0/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "xmpRights": "http://ns.adobe.com/xap/1.0/rights/",
}


def settings(anchors: str = "") -> dict[str, Any]:
    """Settings for c2pa-rs: no network, no thumbnails."""
    trust = {"trust_config": "\n".join(EKUS), "verify_trust_list": True}
    if anchors:
        trust["user_anchors"] = anchors
    return {
        "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False},
        "builder": {"thumbnail": {"enabled": False}},
        "trust": trust,
    }


def manifest(claim: Claim) -> dict[str, Any]:
    """The manifest that is signed. It does not say how the picture was protected."""
    policy = POLICIES[claim.policy]
    created = {
        "action": "c2pa.created",
        "digitalSourceType": SOURCE_TYPES + claim.source_type,
    }
    told = {
        "plus:DataMining": policy.plus,
        "dc:creator": [claim.creator] if claim.creator else None,
        "dc:rights": claim.rights,
        "xmpRights:WebStatement": claim.url,
    }
    return {
        "claim_generator_info": [{"name": "Glassine", "version": engine_version()}],
        "title": claim.title or "picture",
        "assertions": [
            {"label": "c2pa.actions.v2", "data": {"actions": [created]}},
            {
                "label": "cawg.training-mining",
                "data": {"entries": {key: {"use": "notAllowed"} for key in policy.refuses}},
            },
            {
                "label": "cawg.metadata",
                "data": {"@context": _CONTEXT, **{k: v for k, v in told.items() if v}},
            },
        ],
    }


def check(claim: Claim) -> tuple[Message, ...]:
    """Raises where the certificate cannot sign; says in whose name it does, and whether it expires
    soon. A passphrase is asked for now."""
    signer = certificate.signing(claim.certificate, claim.key, claim.creator)
    who = certificate.common_name(signer.chain[0])
    told = message("c2pa.signs_as", who=who)
    if signer.own and claim.creator and claim.creator != who:
        told = message("c2pa.signs_both", who=who, creator=claim.creator)
    return (told, signer.soon) if signer.soon else (told,)


def in_the_files_name(claim: Claim, creators: tuple[str, ...]) -> Claim:
    """The claim; where it names no creator, with the names that the file gives. Each name has a key
    of its own: one key for all would show that they are one person's."""
    return claim if claim.creator or not creators else replace(claim, creator="; ".join(creators))


def stamp(data: bytes, protected: Protected, report: Report) -> bytes:
    """Signs the finished file, which must not change afterwards."""
    claim = in_the_files_name(protected.plan.export.claim, protected.plan.artwork.keep.creators)
    signer = certificate.signing(claim.certificate, claim.key, claim.creator)
    signed = sign(data, claim, signer)
    found = read(signed)
    if found is None or found.facts["state"] == "Invalid":
        reason = tuple(found.facts["failures"]) if found else message("c2pa.no_manifest")
        raise NotUsable("c2pa.does_not_hold", reason=reason)
    return signed


def sign(data: bytes, claim: Claim, signer: Signing) -> bytes:
    """The file with a signed manifest; raises NotUsable where it cannot carry one."""
    mime = _MIMES.get(containers.check_metadata(data))
    if mime is None:
        raise NotUsable("c2pa.no_carrier", known=tuple(_MIMES))
    out = io.BytesIO()
    try:
        with (
            c2pa.Signer.from_callback(
                signer.sign, c2pa.C2paSigningAlg[signer.alg], signer.pem, None
            ) as hand,
            c2pa.Context.from_dict(settings()) as context,
            c2pa.Builder(manifest(claim), context) as builder,
        ):
            builder.sign(hand, mime, io.BytesIO(data), out)
    except c2pa.C2paError as error:
        raise NotUsable("c2pa.refused", details=details_of(error)) from error
    return out.getvalue()


def read(data: bytes, anchors: str = "") -> Found | None:
    """What a file's manifest says, and whether it is valid; `anchors` are trusted PEM roots."""
    mime = _MIMES.get(containers.check_metadata(data))
    if mime is None or not containers.signed(data):
        return None
    try:
        with (
            c2pa.Context.from_dict(settings(anchors)) as context,
            c2pa.Reader(mime, io.BytesIO(data), context=context) as reader,
        ):
            told = _table(json.loads(reader.json()))
    except c2pa.C2paError as error:
        return Found(
            "c2pa",
            message("c2pa.unreadable", details=details_of(error)),
            {"state": "Invalid", "failures": [str(error)], "entries": {}},
        )
    return _found(told)


def _found(told: dict[str, Any]) -> Found:
    """The library's JSON as what the mark says. Values of wrong types are ignored: the file may be
    anybody's."""
    manifests = _table(told.get("manifests"))
    active = _table(manifests.get(str(told.get("active_manifest"))))
    results = _table(_table(told.get("validation_results")).get("activeManifest"))
    codes = [str(one.get("code", "")) for one in _rows(results.get("failure"))]
    state, signed = (
        str(told.get("validation_state", "Invalid")),
        _table(active.get("signature_info")),
    )
    who = str(signed.get("common_name") or signed.get("issuer") or "")
    serial = signed.get("cert_serial_number")
    facts = {
        "state": state,
        "failures": codes,
        "signer": who,
        "generator": generator(active),
        "serial": serial,
        "assertions": [str(one.get("label", "")) for one in _rows(active.get("assertions"))],
        "entries": _entries(active),
        "thumbnails": thumbnails(told),
    }
    facts["ai"] = ai_kinds(told)
    says = _verdict(state, codes, who or message("c2pa.unnamed"), serial)
    refused = tuple(key for key, one in _entries(active).items() if one.get("use") != "allowed")
    if refused:
        says = message("c2pa.refuses", verdict=says, uses=refused)
    if facts["ai"]:
        kinds = tuple(AI[kind] for kind in ai_kinds(told))
        by = generator(active) or message("c2pa.unnamed_generator")
        says = message("c2pa.tells_of_ai", verdict=says, kinds=kinds, generator=by)
    return Found("c2pa", says, facts)


def _table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _rows(value: object) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _all_rows(told: dict[str, Any], name: str) -> Iterator[dict[str, Any]]:
    """The rows of that name in all manifests, the picture's and its ingredients'."""
    for one in _table(told.get("manifests")).values():
        yield from _rows(_table(one).get(name))


AI = {
    "trainedAlgorithmicMedia": message("c2pa.ai_made"),
    "trainedAlgorithmicData": message("c2pa.ai_made"),
    "compositeWithTrainedAlgorithmicMedia": message("c2pa.ai_parts"),
    "compositeSynthetic": message("c2pa.ai_parts"),
}
"""Digital source types of IPTC and C2PA that mean a trained model, in words for people."""
_DEPTH = 20  # most lists and tables inside each other


def ai_kinds(told: dict[str, Any]) -> list[str]:
    """Digital source types that mean AI, in actions and metadata of all manifests."""
    data = (one.get("data") for one in _all_rows(told, "assertions"))
    kinds = (str(kind).rpartition("/")[2] for one in data for kind in source_types(one))
    return sorted({kind for kind in kinds if kind in AI})


def source_types(data: object, depth: int = 0) -> Iterator[object]:
    """Every value that is named a digital source type, by C2PA's name or with IPTC's prefix."""
    if depth > _DEPTH:
        return
    if isinstance(data, list):
        for one in data:
            yield from source_types(one, depth + 1)
    for name, value in _table(data).items():
        if name.rpartition(":")[2].lower() == "digitalsourcetype":
            yield from value if isinstance(value, list) else [value]
        else:
            yield from source_types(value, depth + 1)


def _verdict(state: str, codes: list[str], who: Field, serial: str | None) -> Message:
    if any("mismatch" in code for code in codes):
        return message("c2pa.changed", who=who)
    if state == "Invalid":
        return message("c2pa.invalid", who=who, codes=tuple(codes))
    if state == "Trusted":
        return message("c2pa.trusted", who=who)
    if serial and serial in certificate.local_serials():
        return message("c2pa.local", who=who)
    return message("c2pa.unknown", who=who)


def generator(active: dict[str, Any]) -> str:
    """The program that made the manifest, as C2PA 2 or C2PA 1 names it."""
    named = next((one.get("name") for one in _rows(active.get("claim_generator_info"))), None)
    return str(named or active.get("claim_generator") or "")


def _entries(active: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The training and mining statement, in CAWG's form or in C2PA 1's."""
    for one in _rows(active.get("assertions")):
        label = str(one.get("label", ""))
        if label.startswith(("cawg.training-mining", "c2pa.training-mining")):
            entries = _table(_table(one.get("data")).get("entries"))
            return {key: value for key, value in entries.items() if isinstance(value, dict)}
    return {}


def thumbnails(told: dict[str, Any]) -> list[str]:
    """Every thumbnail that the manifests hold; Glassine's hold none."""
    wholes = [_table(one) for one in _table(told.get("manifests")).values()]
    parts = [*wholes, *_all_rows(told, "ingredients")]
    found = [str(part["thumbnail"]) for part in parts if part.get("thumbnail")]
    labels = (str(one.get("label", "")) for one in _all_rows(told, "assertions"))
    return [*found, *(label for label in labels if "thumbnail" in label)]


ENTRY = Mark(
    says="Content Credentials: a signed statement that refuses training (C2PA)",
    label="Content Credentials",
    stage="signature",
    check=check,
    stamp=stamp,
    read=read,
    formats=tuple(_MIMES),
    note=(
        "Adobe Stock bars uploads that carry this statement. Names Glassine as the program and "
        "you as the creator. With the certificate made here, viewers show an unknown signer."
    ),
)
