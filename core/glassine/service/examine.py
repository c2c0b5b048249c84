"""Whether a picture came out of Glassine before: on request, and before it is protected."""

from __future__ import annotations

from pathlib import Path

from ..errors import NotUsable, Unreadable
from ..flow.examine import Examination, examine_pixels
from ..flow.examine import examine as examine_file
from ..types import Artwork
from .answers import Examined, MarkFound
from .asked import ExamineAsk, ProtectAsk
from .call import Answer, Request
from .raster import artwork, raster


class AlreadyProtected(NotUsable):
    """The message is the evidence alone; whoever asked decides whether to go on."""


def examine(request: Request[ExamineAsk]) -> Answer:
    """What the document's file carries, and its pixels where they came along."""
    ask, blobs = request.ask, request.blobs
    picture = artwork(raster(ask.pixels, blobs["pixels"])) if ask.pixels else None
    seen = [one for one in (of_file(ask.file), of_pixels(picture)) if one is not None]
    found = tuple(MarkFound(told.mark, told.says) for one in seen for told in one.found)
    protected = next((one.protected for one in seen if one.protected), None)
    return Answer(Examined(protected, found))


def refuse_again(ask: ProtectAsk, picture: Artwork) -> None:
    """Raises the evidence that it is protected already, unless the request says "again"."""
    if ask.again:
        return
    for seen in (of_file(ask.file), of_pixels(picture)):
        if seen is not None and seen.protected:
            raise AlreadyProtected(seen.protected.code, **seen.protected.fields)


def of_file(file: str) -> Examination | None:
    """The file that the document was opened from; it may be gone, or of another kind."""
    path = Path(file)
    try:
        return examine_file(path) if path.is_file() else None
    except (OSError, Unreadable):
        return None


def of_pixels(picture: Artwork | None) -> Examination | None:
    return None if picture is None else examine_pixels(picture)
