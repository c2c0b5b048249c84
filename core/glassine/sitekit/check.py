"""A site -> what it says to AI crawlers, file by file and picture by picture, and what counts.

What counts where two places differ, with sources: docs/sitekit.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from ..errors import NotUsable, Unreadable
from ..formats.carried import xmp
from ..marks import containers
from ..messages import message
from ..pixels.packet import PLUS, TDM, Refused, properties
from . import kit, policies, rsl
from .fetch import LARGEST, PICTURE, Answer, Site, of_address, of_folder
from .finding import GAP, GOOD, KNOW, Finding
from .page import Page, read_page

MOST = 5  # pictures that are looked at
_MINING, _RESERVATION = f"{{{PLUS}}}DataMining", f"{{{TDM}}}reservation"


@dataclass(frozen=True)
class Said:
    """What one place says of one file; "" for nothing. reservation: "1" (reserved) or "0"."""

    robots: str = ""
    reservation: str = ""
    licence: str = ""

    @property
    def words(self) -> tuple[str, ...]:
        told = (self.robots, self.reservation and f"tdm-reservation: {self.reservation}")
        return tuple(filter(None, (*told, self.licence and f"license: {self.licence}")))


def checked(place: str) -> list[Finding]:
    """A folder is read; an address that begins with http is asked."""
    if place.lower().startswith(("http://", "https://")):
        kit.checked_address(place)
        return findings(of_address(place), place)
    folder = Path(place)
    if not folder.is_dir():
        raise NotUsable("site.no_folder", folder=folder)
    shown = sorted(one for one in folder.rglob("*") if one.suffix.lower() in SUFFIXES)
    paths = ["/" + quote(one.relative_to(folder).as_posix()) for one in shown]
    return [*findings(of_folder(folder), "", paths), Finding(KNOW, message("site.folder_only"))]


SUFFIXES = tuple(f".{one}" for one in kit.data()["suffixes"])


def findings(site: Site, base: str, more: list[str] | None = None) -> list[Finding]:
    """base: the site's address, "" for a folder; more: pictures beside those of the front page."""
    host = urlsplit(base).hostname or ""
    read, found = policies.robots_of(site)
    found += policies.licence_of(site, read, host)
    rules, told = policies.tdmrep_of(site)
    found += [*told, *policies.ai_txt_of(site)]
    front = site(path_of(base), LARGEST)
    page = read_page(front.text, base or "/") if front.there else Page()
    found += front_page(front, page, rules, served=bool(base))
    own = (one for one in page.pictures if (urlsplit(one).hostname or "") in ("", host))
    paths = list(dict.fromkeys((*map(path_of, own), *(more or []))))[:MOST]
    shown = [(path, site(path, PICTURE)) for path in paths]
    if not shown:
        return [*found, Finding(KNOW, message("site.no_pictures"))]
    if base:
        found += lost_headers(front, [answer for _, answer in shown if answer.there])
    for path, answer in shown:
        found += one_picture(answer, path, rules, served=bool(base))
    return found


def path_of(url: str) -> str:
    parts = urlsplit(url)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def front_page(
    front: Answer, page: Page, rules: list[dict[str, Any]], *, served: bool
) -> Iterator[Finding]:
    if not front.there:
        yield policies.gone(front, message("site.means_silent"))
        return
    header, inside = by_headers(front), by_page(page)
    if inside.words:
        yield Finding(GOOD, message("site.page_says", path=front.url, said=inside.words))
    else:
        yield Finding(KNOW, message("site.page_silent", path=front.url))
    if header.robots and inside.robots and directives(header) != directives(inside):
        yield Finding(KNOW, message("site.stricter", header=header.robots, page=inside.robots))
    if served and not header.words:
        yield Finding(GAP, message("site.headers_silent", path=front.url))
    yield from winner(front.url, path_of(front.url), rules, (header, inside))


def lost_headers(front: Answer, pictures: list[Answer]) -> Iterator[Finding]:
    """nginx gives a server's headers to no location that has one of its own."""
    told = by_headers(front).words if front.there else ()
    bare = tuple(one.url for one in pictures if told and not by_headers(one).words)
    if bare:
        yield Finding(GAP, message("site.headers_lost", files=bare))


def one_picture(
    answer: Answer, path: str, rules: list[dict[str, Any]], *, served: bool
) -> Iterator[Finding]:
    if not answer.there:
        yield policies.gone(answer, message("site.means_silent"))
        return
    header, inside = by_headers(answer), by_file(answer.body)
    if header.words:
        yield Finding(GOOD, message("site.headers_say", path=answer.url, said=header.words))
    elif served:
        yield Finding(GAP, message("site.headers_silent", path=answer.url))
    if inside.words:
        yield Finding(GOOD, message("site.file_says", path=answer.url, said=inside.words))
    else:
        yield Finding(KNOW, message("site.file_silent", path=answer.url))
    yield from winner(answer.url, path, rules, (header, inside))


def winner(
    url: str, path: str, rules: list[dict[str, Any]], later: tuple[Said, Said]
) -> Iterator[Finding]:
    """TDMRep: the file of the site, then the header, then what stands inside; the last that says
    something counts, and silence takes nothing back."""
    told = {
        message("site.by_tdmrep"): policies.reserved(rules, path),
        message("site.by_header"): later[0].reservation,
        message("site.by_inside"): later[1].reservation,
    }
    said = [(where, value) for where, value in told.items() if value]
    if not said:
        yield Finding(GAP, message("site.unreserved", path=url))
        return
    where, value = said[-1]
    over = tuple(name for name, other in said if other != value)
    level = GOOD if value == "1" else GAP
    if over:
        told_of = KNOW if level == GOOD else GAP
        yield Finding(told_of, message("site.wins", path=url, where=where, over=over))
    yield Finding(level, message(f"site.reserved_{value}", path=url, where=where))


def by_headers(answer: Answer) -> Said:
    value = answer.headers.get("tdm-reservation", "").strip()
    links = answer.headers.get("link", "")
    licence = links.partition(">")[0].lstrip(" <") if rsl.KIND in links else ""
    robots = answer.headers.get("x-robots-tag", "")
    return Said(robots, value if value in ("0", "1") else "", licence)


def by_page(page: Page) -> Said:
    value = page.meta.get("tdm-reservation", "")
    licence = page.licences[0] if page.licences else ""
    return Said(page.meta.get("robots", ""), value if value in ("0", "1") else "", licence)


def by_file(data: bytes) -> Said:
    """XMP in the picture itself, which stays with a copy."""
    try:
        packet = containers.packet(data)
        found = properties(packet) if packet else []
    except (Unreadable, Refused):
        return Said()
    told, _ = xmp.authorship(found)
    value = next((text for _, text in told.get(_RESERVATION, ())), "")
    mining = next((text for _, text in told.get(_MINING, ())), "")
    return Said(mining.rpartition("/")[2], value if value in ("0", "1") else "")


def directives(said: Said) -> set[str]:
    return {one.strip().lower() for one in said.robots.split(",")}
