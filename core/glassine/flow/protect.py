"""All verbs in a row, for callers who want a single call."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..evidence.sight import Sight, sighted
from ..explore.ahead import ahead
from ..machine.device import choose
from ..types import Artwork, Encoded, Intent, Progress, Protected, Report, Watch, quiet
from .encode import check_name, check_unread, encode_unrecorded, note_in_ledger
from .mark import mark
from .optimise import optimise
from .plan import plan
from .read import read
from .settle import settle
from .verify import USUAL, verify


@dataclass(frozen=True)
class Verified:
    """The protected picture with its evidence, not a file yet.

    sight  the pictures that were measured: the page shows them; holds the encoded file as well
    """

    protected: Protected
    report: Report
    sight: Sight


def protect(
    source: Path | bytes, intent: Intent, *, device: str = "auto", watch: Watch = quiet
) -> tuple[Encoded, Protected, Report]:
    """The protected copy as a file's bytes, with the picture and the report behind it."""
    told = check_unread(intent.export)  # before any work
    artwork = read(source)
    checked = (*told, *check_name(intent.export, artwork.keep.creators))
    made = verified(artwork, intent, device=device, watch=watch)
    done = encode_unrecorded(made.protected, made.report, checked, made.sight.coded)
    note_in_ledger(done, made.protected, made.report)
    return done, made.protected, made.report


def verified(
    artwork: Artwork, intent: Intent, *, device: str = "auto", watch: Watch = quiet
) -> Verified:
    """From the plan to the report. The caller has checked before that the export can be written,
    with `check_export` or its two halves."""
    planned = plan(artwork, intent, device=device)
    if said := ahead(planned, choose(planned.device)):
        watch(Progress(0, planned.steps, "optimise", said))
    change = optimise(planned, watch=watch)
    protected = mark(settle(change, watch=watch), watch=watch)
    sight = sighted(protected)
    report = verify(protected, purifiers=USUAL, sight=sight, watch=watch)
    return Verified(protected, report, sight)
