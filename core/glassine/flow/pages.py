"""The pages of evidence beside pictures: where they go, and which picture a page belongs to."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ..errors import GlassineError, NotWritable
from ..formats import FORMATS
from ..machine import files
from ..pixels.grid import pixel_digest
from ..record import RunRecord, read_record
from .encode import writable_formats
from .names import page_names
from .read import file_contents, read

_DATA = '<script type="application/json" id="report">'
_FOUND = ("<title>Find my work</title>", "<title>My own duplicates</title>")
_HEAD = 400
"""Characters at the start of a page among which a page of `find` has its title."""


def check_page(page: Path, *, never: Iterable[Path] = (), search: bool = False) -> None:
    """Raises, before any work, where the page would replace an original or a foreign file.

    A page of evidence may only replace a page of evidence, a page of `find` only a page of `find`.

    search  whether the page is one of `find`
    """
    files.check_writable(page, never=never)
    if page.suffix.lower() not in (".html", ".htm"):
        raise NotWritable("page.ending", path=page)
    if page.exists() and not (is_search_page(page) if search else _DATA in page_text(page)):
        raise NotWritable("page.no_search" if search else "page.no_evidence", path=page)


def is_search_page(page: Path) -> bool:
    """Whether `glassine find` wrote the page."""
    head = page_text(page)[:_HEAD]
    return any(title in head for title in _FOUND)


def page_text(page: Path) -> str:
    """The page's text; empty where it does not exist or cannot be read."""
    try:
        return page.read_text(encoding="utf-8", errors="replace") if page.is_file() else ""
    except OSError:
        return ""


def page_report(page: Path) -> dict[str, Any]:
    """The report that a page of evidence holds, as its plain data; empty where it holds none."""
    inside = re.search(f"{re.escape(_DATA)}(.*?)</script>", page_text(page), re.DOTALL)
    try:
        found = json.loads(inside[1]) if inside else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def page_record(page: Path) -> RunRecord | None:
    """The record of the run that the page tells of; None where it holds none."""
    facts = page_report(page).get("facts")
    return read_record(facts) if facts and isinstance(facts, dict) else None


def tells_of(told: RunRecord, picture: Path) -> bool:
    """Whether the record is of this very file, or of the same pixels saved in the same format."""
    try:
        data = file_contents(picture)
        if told.sha256_file == hashlib.sha256(data).hexdigest():
            return True
        if told.format not in FORMATS or not FORMATS[told.format].opens(data):
            return False
        artwork = read(data)
    except GlassineError:
        return False
    return told.sha256_protected_pixels == pixel_digest(artwork.rgb, artwork.keep.depth)


def tells_of_original(told: RunRecord, picture: Path) -> bool:
    """Whether the record is of a protected copy of this picture, at the picture's own size."""
    try:
        artwork = read(picture)
    except GlassineError:
        return False
    return told.sha256_clean_pixels == pixel_digest(artwork.rgb, artwork.keep.depth)


def settings_of(picture: Path) -> RunRecord | None:
    """The record in the page that was written for exactly this file; None without such a page."""
    for page in page_names(picture):
        if (told := page_record(page)) and tells_of(told, picture):
            return told
    return None


def is_taken(copy: Path, source: Path) -> bool:
    """Whether the copy belongs to another picture that has the source's name in another format.

    While painting.jpg is protected, painting.glassine.png may be the copy of painting.png.
    """
    near = (source.with_suffix(suffix) for suffix in picture_endings(FORMATS))
    others = [path for path in near if path.is_file() and not files.same_file(path, source)]
    told = settings_of(copy) if others and copy.is_file() else None
    return (
        told is not None
        and any(tells_of_original(told, path) for path in others)
        and not tells_of_original(told, source)
    )


def page_owner(page: Path) -> Path | None:
    """The picture of that name that the page was written for; None where it is not there."""
    told = page_record(page)
    if told is None:
        return None
    near = (page.with_suffix(suffix) for suffix in picture_endings(writable_formats()))
    return next((one for one in near if one.is_file() and tells_of(told, one)), None)


def picture_endings(formats: Iterable[str]) -> list[str]:
    """Suffixes of these formats in lower and upper case: cameras write .JPG, and case may count."""
    small = [suffix for name in formats for suffix in FORMATS[name].suffixes]
    return [*small, *(suffix.upper() for suffix in small)]


def page_paths(target: Path) -> tuple[Path, Path | None]:
    """Where the target's page goes, and where another picture's page that is there has to move.

    The page is painting.html, or painting.jpg.html where painting.html is the page of painting.png.
    A PNG always has painting.html: a page of another picture there moves.
    """
    page, longer = page_names(target)
    other = other_owner(page, target)
    if other and target.suffix.lower() != ".png":
        page, other = longer, other_owner(longer, target)
    if other is None:
        return page, None
    room = page_names(other)[1]
    check_page(room)
    return page, room


def other_owner(page: Path, target: Path) -> Path | None:
    """The picture that the page belongs to, where that is not the target."""
    found = page_owner(page)
    return None if found is None or files.same_file(found, target) else found
