"""A flattened picture from Krita -> the bytes of the file that will be posted, and the evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path

from .. import ledger
from ..encode import check, encode
from ..mark import mark
from ..optimise import optimise
from ..plan import plan
from ..types import Effect, Encoded, Protected, Report, Watch
from ..verify import html, verify
from . import pace
from .answer import Answer, Json
from .examine import refuse_twice
from .raster import artwork, raster
from .requests import intent


def export(ask: Json, blobs: Mapping[str, bytearray], watch: Watch) -> Answer:
    """Pixels in; the encoded file and its report (HTML) out. Nothing touches the disk here."""
    picture = raster(ask["pixels"], blobs["pixels"])
    whole, wanted = artwork(picture), intent(ask["intent"], picture, blobs.get("mask", b""))
    check(wanted.export)
    refuse_twice(ask, whole)
    made = plan(whole, wanted)
    left = pace.Left(pace.stages(made, verify=True), watch)
    protected = mark(optimise(made, watch=left), watch=left)
    report = verify(protected, watch=left)
    left.end_of_stage()
    done = encode(protected, report)
    page = html(protected, report, done).encode()
    said = told(protected, report, done)
    files = {"file": done.data, "report": page}
    entry = ledger.by_sha256(said["sha256"]) if wanted.export.sidecar else None
    return Answer(said, files | ({"receipt": entry.sidecar()} if entry else {}))


def placed(ask: Json, blobs: Mapping[str, bytearray], watch: Watch) -> Answer:
    """Notes where Krita put an exported file; asked only where the artist wants it kept."""
    ledger.keep_path(ask["sha256"], Path(ask["path"]))
    return Answer({})


def told(protected: Protected, report: Report, done: Encoded) -> Json:
    height, width = protected.rgb.shape[1:]
    return {
        "format": done.format,
        "marks": done.marks,
        "sha256": sha256(done.data).hexdigest(),
        "width": width,
        "height": height,
        "caption": protected.plan.caption,
        "seed": protected.plan.seed,
        "notes": [*protected.plan.artwork.notes, *protected.notes, *done.notes],
        "doubts": [asdict(doubt) for doubt in report.doubts],
        "cost": asdict(report.cost),
        "effects": [asdict(effect) for effect in plain(report)],
        "surrogates": protected.plan.surrogates,
    }


def plain(report: Report) -> list[Effect]:
    """Effects on the file as it is, without anything done to it afterwards."""
    return [effect for effect in report.effects if not effect.after]
