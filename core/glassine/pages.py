"""The pages of evidence beside pictures: where they go, and what a later report may believe."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from . import files
from .encode import writable
from .errors import GlassineError, NotWritable
from .formats import FORMATS
from .read import contents, read
from .verify.report import digest

_DATA = '<script type="application/json" id="report">'
_FOUND = ("<title>Find my work</title>", "<title>My own duplicates</title>")
_HEAD = 400
"""Characters in which a page of `find` says what it is."""


def check(page: Path, *, never: Iterable[Path] = (), search: bool = False) -> None:
    """Raises before any work where a page cannot go: an original, a page of somebody else.

    A page about a picture only replaces such a page, a page of a `search` only one of a search.
    """
    files.check(page, never=never)
    if page.suffix.lower() not in (".html", ".htm"):
        raise NotWritable(
            f"'{page}' was to become a page of evidence, and its name is no page's. Choose one "
            f"that ends in '.html'."
        )
    if page.exists() and not (searched(page) if search else _DATA in text(page)):
        kind = "a search" if search else "a protected picture"
        raise NotWritable(
            f"'{page}' was to become a page of evidence, and it is there already and not one of "
            f"Glassine's about {kind}. Move it, or choose another name with -o."
        )


def searched(page: Path) -> bool:
    """Whether `find` wrote it."""
    head = text(page)[:_HEAD]
    return any(title in head for title in _FOUND)


def text(page: Path) -> str:
    """Empty where there is none, or none that may be read."""
    try:
        return page.read_text(encoding="utf-8", errors="replace") if page.is_file() else ""
    except OSError:
        return ""


def facts(page: Path) -> dict[str, Any]:
    """What a page says about the run it was written for; empty where it says nothing."""
    inside = re.search(f"{re.escape(_DATA)}(.*?)</script>", text(page), re.DOTALL)
    try:
        told = json.loads(inside[1])["facts"] if inside else {}
    except (ValueError, KeyError, TypeError):
        return {}
    return told if isinstance(told, dict) else {}


def fits(told: dict[str, Any], picture: Path) -> bool:
    """Whether they were told of this very file, or of its pixels before it was saved again."""
    try:
        data = contents(picture)
        if told.get("sha256_file") == hashlib.sha256(data).hexdigest():
            return True
        if told.get("format") not in FORMATS or not FORMATS[told["format"]].opens(data):
            return False
        artwork = read(data)
    except GlassineError:
        return False
    return told.get("sha256_protected_pixels") == digest(artwork.rgb, artwork.keep.depth)


def clean(told: dict[str, Any], picture: Path) -> bool:
    """Whether they were told of a protected copy of this picture, at its own size."""
    try:
        artwork = read(picture)
    except GlassineError:
        return False
    return told.get("sha256_clean_pixels") == digest(artwork.rgb, artwork.keep.depth)


def both(picture: Path) -> tuple[Path, Path]:
    """The two names its page may have: painting.html, and painting.jpg.html."""
    return picture.with_suffix(".html"), picture.with_name(f"{picture.name}.html")


def settings(picture: Path) -> dict[str, Any]:
    """The facts of the page that was written for exactly this file; empty without one."""
    for page in both(picture):
        if (told := facts(page)) and fits(told, picture):
            return told
    return {}


def taken(copy: Path, source: Path) -> bool:
    """Whether that copy was made of a picture that lies beside the source under its name.

    painting.glassine.png is the copy of painting.png while painting.jpg is protected.
    """
    near = (source.with_suffix(suffix) for suffix in endings(FORMATS))
    others = [path for path in near if path.is_file() and not files.same(path, source)]
    told = settings(copy) if others and copy.is_file() else {}
    return bool(told) and any(clean(told, path) for path in others) and not clean(told, source)


def owner(page: Path) -> Path | None:
    """The picture of that name that the page was written for, while both lie there."""
    told = facts(page)
    near = (page.with_suffix(suffix) for suffix in endings(writable())) if told else ()
    return next((one for one in near if one.is_file() and fits(told, one)), None)


def endings(formats: Iterable[str]) -> list[str]:
    """What names of pictures in these formats end in; cameras write .JPG, and case may count."""
    small = [suffix for name in formats for suffix in FORMATS[name].suffixes]
    return [*small, *(suffix.upper() for suffix in small)]


def place(target: Path) -> tuple[Path, Path | None]:
    """Where its page goes, and where another picture's that lies there has to go before.

    painting.html; painting.jpg.html while the first is the page of painting.png. A PNG always has
    the first.
    """
    page, longer = both(target)
    other = another(page, target)
    if other and target.suffix.lower() != ".png":
        page, other = longer, another(longer, target)
    if other is None:
        return page, None
    room = both(other)[1]
    check(room)
    return page, room


def another(page: Path, target: Path) -> Path | None:
    """The picture that the page belongs to, where that is not the target."""
    found = owner(page)
    return None if found is None or files.same(found, target) else found
