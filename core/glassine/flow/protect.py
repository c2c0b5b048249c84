"""All verbs in a row, for callers who want one."""

from __future__ import annotations

from pathlib import Path

from ..types import Encoded, Intent, Protected, Report, Watch, quiet
from .encode import check_export, encode
from .mark import mark
from .optimise import optimise
from .plan import plan
from .read import read
from .settle import settle
from .verify import verify


def protect(
    source: Path | bytes, intent: Intent, *, device: str = "auto", watch: Watch = quiet
) -> tuple[Encoded, Protected, Report]:
    """The protected copy as bytes, with the picture and the evidence it was written from."""
    protected, report = verified(source, intent, device=device, watch=watch)
    return encode(protected, report), protected, report


def verified(
    source: Path | bytes, intent: Intent, *, device: str = "auto", watch: Watch = quiet
) -> tuple[Protected, Report]:
    """The protected picture with its evidence, not a file yet."""
    check_export(intent.export)  # what cannot be written is said before any work
    change = optimise(plan(read(source), intent, device=device), watch=watch)
    protected = mark(settle(change, watch=watch), watch=watch)
    return protected, verify(protected, watch=watch)
