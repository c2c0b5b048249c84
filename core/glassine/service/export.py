"""A flattened picture from Krita -> the bytes of the file that will be posted, and the evidence."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

from .. import ledger
from ..errors import NotUsable, Unreadable
from ..evidence.page.render import html
from ..evidence.sight import sighted
from ..flow.encode import check_export, encode_unrecorded
from ..flow.mark import mark
from ..flow.optimise import optimise
from ..flow.plan import plan
from ..flow.read import file_contents
from ..flow.settle import settle
from ..flow.verify import USUAL, verify
from ..formats import profiles, vips
from ..marks import receipt
from ..messages import Message
from ..record import RunRecord, parts, record_in, with_file
from ..types import Artwork, Effect, Keep, Plan, Protected, Report, Watch
from .answers import Exported
from .asked import Nothing, Pixels, PlacedAsk, ProtectAsk
from .call import Answer, Request
from .examine import refuse_again
from .raster import artwork, raster
from .requests import wanted_intent


def check_file(ask: ProtectAsk) -> tuple[Message, ...]:
    """Raises what makes the file impossible whatever its pixels are; returns what its marks say."""
    return check_export(wanted_intent(ask.intent).export, words_of(Path(ask.file)).creators)


def export(request: Request[ProtectAsk]) -> Answer:
    """Pixels in; the encoded file and its report (HTML) out. Nothing touches the disk here."""
    ask, state = request.ask, request.state
    checked = check_file(ask)
    picture = raster(ask.pixels, request.blobs["pixels"])
    whole, wanted = artwork(picture), wanted_intent(ask.intent, picture, request.mask, ask.pixels)
    whole = as_in_krita(with_words_of(whole, Path(ask.file)), ask.pixels)
    if not ask.as_is:
        refuse_again(ask, whole)
    made = plan(whole, wanted, device=state.wish)
    left = state.estimates.watched(state.estimates.stages(made, verify=True), request.watch)
    protected = mark(changed(made, ask, left), watch=left)
    sight = sighted(protected)
    tried = () if ask.as_is else USUAL  # without a change there is nothing to undo
    report = verify(protected, purifiers=tried, sight=sight, watch=left)
    left.end_of_stage()
    done = encode_unrecorded(protected, report, checked, sight.coded)
    report = with_file(report, protected, done)
    record = record_in(report, protected)
    page = html(protected, report, sight).encode()
    if "receipt" in done.marks:
        state.awaited[done.sha256] = receipt.entry(done.data, record)
    return Answer(export_result(record, report), {"file": done.data, "report": page})


def changed(made: Plan, ask: ProtectAsk, watch: Watch) -> Protected:
    """The change, settled: grey in a document without colours, and none for `as_is`."""
    if ask.as_is:
        return Protected(made, made.artwork.rgb)
    found = optimise(made, watch=watch)
    if ask.pixels.grey:
        found = replace(found, pixels=found.pixels.mean(0, keepdim=True).expand_as(found.pixels))
    return settle(found, watch=watch)


def as_in_krita(whole: Artwork, about: Pixels) -> Artwork:
    """With the colour space and the size on paper that a file which Krita itself wrote would state.

    Where the document states no size on paper, that of the file it was opened from stays.
    """
    kept = whole.keep
    profile = profiles.made(profiles.SRGB_SPACE)
    return replace(whole, keep=replace(kept, icc=profile, ppi=about.ppi or kept.ppi))


def with_words_of(whole: Artwork, file: Path) -> Artwork:
    """With the metadata of the file that the document was opened from."""
    return replace(whole, keep=replace(words_of(file), depth=whole.keep.depth))


def words_of(file: Path) -> Keep:
    """The metadata of that file; none where there is no such file, or one that is no picture."""
    try:
        data = file_contents(file) if file.is_file() else b""
    except (OSError, Unreadable):
        data = b""
    return vips.beside(data)


def placed(request: Request[PlacedAsk]) -> Answer:
    """Notes in the ledger an export that Krita has written now, and where, if asked to.

    Only now: the ledger must not tell of files that a full disk never took.
    """
    ask = request.ask
    awaited = request.state.awaited.pop(ask.sha256, None)
    if awaited is None:
        raise NotUsable("service.engine_gone")
    entry = ledger.record_export(awaited)
    if ask.path:
        ledger.keep_path(entry.sha256, Path(ask.path))
    return Answer(Nothing(), {"receipt": entry.sidecar()} if ask.sidecar else {})


def export_result(record: RunRecord, report: Report) -> Exported:
    effects = effects_as_is(report)
    whole = parts(record, (one.name for one in fields(Exported) if hasattr(record, one.name)))
    return Exported(
        **whole,
        doubts=report.doubts,
        cost=report.cost,
        effects=effects,
        glance=report.glance,
        offers=report.offers,
    )


def effects_as_is(report: Report) -> tuple[Effect, ...]:
    """Effects on the file as it is, without anything done to it afterwards."""
    return tuple(effect for effect in report.effects if not effect.after)
