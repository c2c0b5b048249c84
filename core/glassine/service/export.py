"""A flattened picture from Krita -> the bytes of the file that will be posted, and the evidence."""

from __future__ import annotations

from pathlib import Path

from .. import ledger
from ..errors import NotUsable
from ..evidence.page.render import html
from ..evidence.sight import sighted
from ..flow.encode import check_export, encode_unrecorded
from ..flow.mark import mark
from ..flow.optimise import optimise
from ..flow.plan import plan
from ..flow.settle import settle
from ..flow.verify import verify
from ..marks import receipt
from ..types import Effect, Encoded, Protected, Report
from .answers import Exported
from .asked import Nothing, PlacedAsk, ProtectAsk
from .call import Answer, Request
from .examine import refuse_again
from .raster import artwork, raster
from .requests import wanted_intent


def export(request: Request[ProtectAsk]) -> Answer:
    """Pixels in; the encoded file and its report (HTML) out. Nothing touches the disk here."""
    ask, state = request.ask, request.state
    picture = raster(ask.pixels, request.blobs["pixels"])
    whole, wanted = artwork(picture), wanted_intent(ask.intent, picture, request.mask)
    checked = check_export(wanted.export)
    refuse_again(ask, whole)
    made = plan(whole, wanted, device=state.wish)
    left = state.estimates.watched(state.estimates.stages(made, verify=True), request.watch)
    protected = mark(settle(optimise(made, watch=left), watch=left), watch=left)
    sight = sighted(protected)
    report = verify(protected, sight=sight, watch=left)
    left.end_of_stage()
    done = encode_unrecorded(protected, report, checked, sight.coded)
    page = html(protected, report, sight, done).encode()
    said = export_result(protected, report, done)
    if "receipt" in done.marks:
        state.awaited[done.sha256] = receipt.entry(done.data, protected)
    return Answer(said, {"file": done.data, "report": page})


def placed(request: Request[PlacedAsk]) -> Answer:
    """Notes an export that Krita has written now, and its place where the artist wants that kept.

    The ledger would otherwise tell of files that a full disk never took.
    """
    ask = request.ask
    awaited = request.state.awaited.pop(ask.sha256, None)
    if awaited is None:
        raise NotUsable("service.engine_gone")
    entry = ledger.record_export(awaited)
    if ask.path:
        ledger.keep_path(entry.sha256, Path(ask.path))
    return Answer(Nothing(), {"receipt": entry.sidecar()} if ask.sidecar else {})


def export_result(protected: Protected, report: Report, done: Encoded) -> Exported:
    height, width = protected.rgb.shape[1:]
    return Exported(
        format=done.format,
        marks=done.marks,
        sha256=done.sha256,
        width=width,
        height=height,
        caption=protected.plan.caption,
        seed=protected.plan.seed,
        surrogates=protected.plan.surrogates,
        notes=(*protected.plan.artwork.notes, *protected.notes, *done.notes),
        doubts=report.doubts,
        cost=report.cost,
        effects=effects_as_is(report),
    )


def effects_as_is(report: Report) -> tuple[Effect, ...]:
    """Effects on the file as it is, without anything done to it afterwards."""
    return tuple(effect for effect in report.effects if not effect.after)
