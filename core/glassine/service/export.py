"""A flattened picture from Krita -> the bytes of the file that will be posted, and the evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path

from .. import ledger
from ..encode import check, encoded
from ..errors import NotUsable
from ..mark import mark
from ..marks import receipt
from ..optimise import optimise
from ..plan import plan
from ..types import Effect, Encoded, Protected, Report, Watch
from ..verify import html, verify
from . import here, pace
from .answer import Answer, Json
from .examine import refuse_twice
from .raster import artwork, raster
from .requests import intent

_awaited: dict[str, ledger.Entry] = {}
"""What the ledger will say of files that Krita has not written yet, by their digests."""


def export(ask: Json, blobs: Mapping[str, bytearray], watch: Watch) -> Answer:
    """Pixels in; the encoded file and its report (HTML) out. Nothing touches the disk here."""
    picture = raster(ask["pixels"], blobs["pixels"])
    whole, wanted = artwork(picture), intent(ask["intent"], picture, blobs.get("mask", b""))
    check(wanted.export)
    refuse_twice(ask, whole)
    made = plan(whole, wanted, device=here.wish())
    left = pace.Left(pace.stages(made, verify=True), watch)
    protected = mark(optimise(made, watch=left), watch=left)
    report = verify(protected, watch=left)
    left.end_of_stage()
    done = encoded(protected, report)
    page = html(protected, report, done).encode()
    said = told(protected, report, done)
    if "receipt" in done.marks:
        _awaited[said["sha256"]] = receipt.entry(done.data, protected)
    return Answer(said, {"file": done.data, "report": page})


def placed(ask: Json, blobs: Mapping[str, bytearray], watch: Watch) -> Answer:
    """Notes an export that Krita has written now, and its place where the artist wants that kept.

    The ledger would otherwise tell of files that a full disk never took.
    """
    awaited = _awaited.pop(ask["sha256"], None)
    if awaited is None:
        raise NotUsable(
            "The engine that made this file ended before the file could be noted in the ledger. "
            "Export it once more."
        )
    entry = ledger.record(awaited)
    if "path" in ask:
        ledger.keep_path(entry.sha256, Path(ask["path"]))
    return Answer({}, {"receipt": entry.sidecar()} if ask.get("sidecar") else {})


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
