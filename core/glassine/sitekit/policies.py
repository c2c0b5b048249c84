"""The files of a site that state a reservation: what crawlers find in them, or in their place."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from ..causes import details_of
from ..messages import Field, Message, message
from . import kit, rsl
from .fetch import LARGEST, Answer, Site
from .finding import GAP, GOOD, KNOW, Finding
from .robots import EVERYBODY, Robots, matches, read_robots

ROBOTS, TDMREP, AI = "/robots.txt", "/.well-known/tdmrep.json", "/ai.txt"
_NAMED = 3  # of a long list, how many are named
_BLOCKS = {
    "# START YOAST BLOCK": "Yoast SEO",
    "# BEGIN Cloudflare Managed content": "Cloudflare",
    "# As a condition of accessing this website": "Cloudflare",
    "Rank Math": "Rank Math",
    "All in One SEO": "All in One SEO",
}
"""Line in a robots.txt -> the plugin or service that left it there, and writes the file anew."""


def robots_of(site: Site) -> tuple[Robots | None, list[Finding]]:
    """Its rules, and what was found: also what its mere absence means (RFC 9309, 2.3.1)."""
    answer = site(ROBOTS, LARGEST)
    if not answer.there:
        closed = answer.status >= 500 or answer.status == 0
        means = message("site.means_closed") if closed else message("site.means_open")
        return None, [gone(answer, means)]
    if looks_like_page(answer):
        return None, [Finding(GAP, message("site.page_instead", path=ROBOTS))]
    read = read_robots(answer.text)
    found = [*oddities(answer, "text/plain"), *agents_refused(read), *for_everybody(read)]
    return read, [*found, *signals(read), *tools(answer.text, read)]


def gone(answer: Answer, means: Message) -> Finding:
    assert answer.problem is not None, "it is only asked of what is not there"
    return Finding(GAP, message("site.gone", path=answer.url, reason=answer.problem, means=means))


def looks_like_page(answer: Answer) -> bool:
    """Whether a web page came: some sites send their front page for whatever they do not have."""
    start = answer.text[:500].lstrip().lower()
    return start.startswith(("<!doctype html", "<html")) or answer.kind == "text/html"


def oddities(answer: Answer, *kinds: str) -> Iterator[Finding]:
    if answer.kind and answer.kind not in kinds:
        told = message("site.kind", kind=answer.kind, wanted=kinds[0])
        yield Finding(KNOW, message("site.read_with", path=answer.url, reason=told))
    if answer.cut:
        told = message("site.large", size=LARGEST >> 10)
        yield Finding(GAP, message("site.read_with", path=answer.url, reason=told))


def agents_refused(read: Robots) -> Iterator[Finding]:
    names = kit.agents(previews=True)
    let_in = [name for name in names if not read.refuses(name)]
    if let_in:
        some = tuple(let_in[:_NAMED])
        yield Finding(GAP, message("site.agents_let_in", count=len(let_in), names=some))
    if refused := len(names) - len(let_in):
        yield Finding(GOOD, message("site.agents_refused", count=refused, all=len(names)))
    if engines := tuple(name for name in kit.data()["search_engines"] if read.refuses(name)):
        yield Finding(GAP, message("site.engines_refused", names=engines[:_NAMED]))


def for_everybody(read: Robots) -> Iterator[Finding]:
    """Gaps in the groups for everybody: several that differ, and one joined with other names."""
    ruled = [
        tuple(line for line in one.lines if line[0] in ("allow", "disallow"))
        for one in read.groups
        if EVERYBODY in one.names
    ]
    if len(rules := {one for one in ruled if one}) > 1:
        yield Finding(GAP, message("site.everybody_twice", count=len(rules)))
    for one in read.groups:
        named = tuple(name for name in one.names if name not in (EVERYBODY, kit.NOBODY))
        if EVERYBODY in one.names and named:
            yield Finding(GAP, message("site.joined", names=named[:_NAMED]))


def signals(read: Robots) -> Iterator[Finding]:
    said = read.values(EVERYBODY, "content-signal")
    if not said:
        outside = [value for name, value in read.loose if name == "content-signal"]
        code = "site.signal_outside" if outside else "site.no_signal"
        yield Finding(GAP if outside else KNOW, message(code))
        return
    yield Finding(GOOD, message("site.signal", signal=said[0]))
    own = {name for one in read.groups for name in one.names if EVERYBODY not in one.names}
    own -= {kit.NOBODY}
    if lost := sorted(
        n for n in own if not read.values(n, "content-signal") and not read.refuses(n)
    ):
        yield Finding(KNOW, message("site.signal_lost", names=tuple(lost[:_NAMED])))


def tools(text: str, read: Robots) -> Iterator[Finding]:
    """Tools that write the file anew, and one that counts its lines as faults."""
    for name in dict.fromkeys(name for mark, name in _BLOCKS.items() if mark in text):
        yield Finding(KNOW, message("site.written_by", tool=name))
    if read.licences():
        yield Finding(KNOW, message("site.lighthouse"))


def licence_of(site: Site, read: Robots | None, host: str) -> Iterator[Finding]:
    """The licence that robots.txt names, as a reader of RSL finds it."""
    named = read.licences() if read else []
    if not named:
        yield Finding(KNOW, message("site.no_licence"))
    for address in named:
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            yield Finding(GAP, message("site.licence_short", url=address))
            continue
        if host and parts.hostname != host:
            yield Finding(KNOW, message("site.licence_elsewhere", url=address))
            continue
        yield from licence_at(site, parts.path or "/")


def licence_at(site: Site, path: str) -> Iterator[Finding]:
    answer = site(path, LARGEST)
    if not answer.there:
        yield gone(answer, message("site.means_silent"))
        return
    yield from oddities(answer, rsl.KIND, "application/xml", "text/xml")
    wrong = list(rsl.faults(answer.body))
    for fault in wrong:
        yield Finding(GAP, message("site.read_with", path=answer.url, reason=fault))
    if not wrong:
        uses = rsl.refused_uses(rsl.document(answer.body))
        yield Finding(GOOD, message("site.licence", url=answer.url, uses=uses))


def tdmrep_of(site: Site) -> tuple[list[dict[str, Any]], list[Finding]]:
    """The rules of tdmrep.json in their order, and what was found."""
    answer = site(TDMREP, LARGEST)
    if not answer.there:
        return [], [gone(answer, message("site.means_silent"))]
    if looks_like_page(answer):
        return [], [Finding(GAP, message("site.page_instead", path=TDMREP))]
    try:
        told = json.loads(answer.text)
    except (ValueError, RecursionError) as error:
        return [], [unreadable(answer, message("site.no_json", details=details_of(error)))]
    if not isinstance(told, list) or not all(isinstance(one, dict) for one in told):
        return [], [unreadable(answer, message("site.no_rules"))]
    held = reserved(told, "/picture.png") == "1"
    says = Finding(GOOD, message("site.tdmrep_reserves", path=answer.url))
    return told, [*oddities(answer, "application/json"), *((says,) if held else ())]


def unreadable(answer: Answer, reason: Field) -> Finding:
    return Finding(GAP, message("site.read_with", path=answer.url, reason=reason))


def reserved(rules: list[dict[str, Any]], path: str) -> str:
    """ "1" or "0" as the first rule says that matches; "" for none, and for anything else."""
    for rule in rules:
        if matches(str(rule.get("location", "")), path):
            said = rule.get("tdm-reservation")
            return str(said) if said in (0, 1) and not isinstance(said, bool) else ""
    return ""


def ai_txt_of(site: Site) -> list[Finding]:
    """Few crawlers read ai.txt, so its absence is no gap."""
    answer = site(AI, LARGEST)
    if not answer.there or looks_like_page(answer):
        return []
    read = read_robots(answer.text)
    if all(read.refuses(EVERYBODY, f"/picture.{end}") for end in ("png", "jpg", "webp")):
        return [Finding(GOOD, message("site.ai_txt_refuses"))]
    return [Finding(KNOW, message("site.ai_txt_open"))]
