"""The site kit: robots.txt, tdmrep.json, ai.txt, meta tags, headers.

All of it states a reservation in a form that machines can read. None of it prevents anything:
who ignores it can still copy the pictures.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ..errors import NotUsable, NotWritable
from ..machine import files
from ..messages import Message, message
from . import rsl

DATA = Path(__file__).with_name("signals.json")

WHERE = {
    "robots.txt": message("sitekit.robots"),
    rsl.FILE: message("sitekit.license"),
    ".well-known/tdmrep.json": message("sitekit.tdmrep"),
    "ai.txt": message("sitekit.ai_txt"),
    "head.html": message("sitekit.head"),
    "headers-apache.conf": message("sitekit.apache"),
    "headers-nginx.conf": message("sitekit.nginx"),
    "headers-netlify.txt": message("sitekit.netlify"),
}

NOBODY = "glassine-end-of-group"


@dataclass(frozen=True)
class Piece:
    """One file of the kit. `where` says what to do with it, `source` who defined it."""

    path: str
    where: Message
    source: str
    text: str


@lru_cache(maxsize=1)
def data() -> dict[str, Any]:
    """The vocabulary, with its sources and the day they were read; data, so it can be updated."""
    found: dict[str, Any] = json.loads(DATA.read_text("utf-8"))
    return found


def kit(policy: str = "", *, site: str = "", previews: bool = True) -> tuple[Piece, ...]:
    """Every piece.

    policy    the address of your licence page
    site      the address of your site, for the line by which robots.txt names license.xml
    previews  keeps link previews
    """
    checked_address(policy)
    checked_address(site)
    sources = data()["sources"]
    texts = {
        "robots.txt": robots(previews, site),
        rsl.FILE: rsl.licence(policy),
        ".well-known/tdmrep.json": tdmrep(policy),
        "ai.txt": ai_txt(),
        "head.html": head(policy, site),
        "headers-apache.conf": apache(headers(policy, site)),
        "headers-nginx.conf": nginx(headers(policy, site)),
        "headers-netlify.txt": netlify(headers(policy, site)),
    }
    pieces = [Piece(path, WHERE[path], _cited(sources, path), text) for path, text in texts.items()]
    return (*pieces, Piece("READ-ME.txt", message("sitekit.read_first"), "", readme(pieces)))


def checked_address(policy: str) -> str:
    """The address as it may stand in a header; raises when it is not one."""
    parts = urlsplit(policy)
    odd = any(letter.isspace() or letter in "\"'<>\\;" or ord(letter) > 126 for letter in policy)
    if policy and (odd or parts.scheme not in ("http", "https") or not parts.netloc):
        raise NotUsable("sitekit.no_address", policy=policy)
    return policy


def _cited(sources: dict[str, Any], path: str) -> str:
    name = data()["pieces"][path]
    return f"{sources[name]['title']} ({sources[name]['read']})"


def agents(previews: bool) -> list[str]:
    """User agents to refuse. previews: without those that only fetch link previews.

    Many parsers look for a listed name inside the visitor's: a name that is part of a search
    engine's would refuse that engine too, and is left out.
    """
    spared = {name.casefold() for name in data()["previews"]} if previews else set()
    engines = [name.casefold() for name in data()["search_engines"]]
    names = (name for name in data()["agents"] if name.casefold() not in spared)
    return [name for name in names if not any(name.casefold() in one for one in engines)]


def robots(previews: bool, site: str) -> str:
    """Our group for everybody has no rule of paths: some readers heed only the first or the last
    of two such groups, and what the site's own group refuses must stay refused.

    Readers that follow RFC 9309 join a group without a rule with the one below it, and what that
    refuses would be refused to everybody. So a group that names nobody comes last and ends ours.
    """
    signal = f"Content-Signal: {data()['content_signal']}"
    lines = [f"# {data()['says']}", f"# Agents read {data()['sources']['agents']['read']}.", ""]
    if site:
        lines += [f"License: {site.rstrip('/')}/{rsl.FILE}", ""]
    lines += [f"User-agent: {name}" for name in agents(previews)]
    lines += [signal, "Disallow: /", "", "User-agent: *", signal, ""]
    lines += ["# Names nobody: it ends the group above, whatever follows.", f"User-agent: {NOBODY}"]
    return "\n".join([*lines, "Disallow:", ""])


def tdmrep(policy: str) -> str:
    rule: dict[str, Any] = {"location": "/*", "tdm-reservation": 1}
    return json.dumps([rule | ({"tdm-policy": policy} if policy else {})], indent=2) + "\n"


def ai_txt() -> str:
    kinds = [f"Disallow: *.{suffix}" for suffix in data()["suffixes"]]
    return "\n".join([f"# {data()['says']}", "User-Agent: *", *kinds, ""])


def head(policy: str, site: str) -> str:
    """For the <head> of every page that shows pictures."""
    lines = [
        f'<meta name="robots" content="{data()["robots_directives"]}">',
        '<meta name="tdm-reservation" content="1">',
    ]
    if policy:
        lines.append(f'<meta name="tdm-policy" content="{escape(policy)}">')
    if site:
        where = escape(f"{site.rstrip('/')}/{rsl.FILE}")
        lines.append(f'<link rel="license" type="{rsl.KIND}" href="{where}">')
    return "\n".join([*lines, ""])


def headers(policy: str, site: str) -> dict[str, str]:
    found = {"X-Robots-Tag": data()["robots_directives"], "tdm-reservation": "1"}
    found |= {"tdm-policy": policy} if policy else {}
    return found | ({"Link": rsl.link(site)} if site else {})


def apache(told: dict[str, str]) -> str:
    """`add` for Link, since a page may have other links, which `set` would replace."""
    quoted = {name: value.replace('"', '\\"') for name, value in told.items()}
    lines = [
        f'  Header {"add" if name == "Link" else "set"} {name} "{value}"'
        for name, value in quoted.items()
    ]
    kind = [f'<Files "{rsl.FILE}">', f"  ForceType {rsl.KIND}", "</Files>"]
    return "\n".join(["<IfModule mod_headers.c>", *lines, "</IfModule>", *kind, ""])


def nginx(told: dict[str, str]) -> str:
    """nginx forgets a server's headers in each location that has one of its own."""
    says = [f"# {line}" for line in data()["nginx"]]
    lines = [f"add_header {name} '{value}' always;" for name, value in told.items()]
    return "\n".join([*says, *lines, ""])


def netlify(told: dict[str, str]) -> str:
    lines = [f"  {name}: {value}" for name, value in told.items()]
    return "\n".join(["/*", *lines, f"/{rsl.FILE}", f"  Content-Type: {rsl.KIND}", ""])


def readme(pieces: list[Piece]) -> str:
    lines = [data()["says"], data()["limits"], ""]
    for piece in pieces:
        lines += [piece.path, f"    {piece.where}", f"    After: {piece.source}", ""]
    lines.append("Sources:")
    for source in data()["sources"].values():
        lines.append(f"  {source['title']}: {source['url']}, read {source['read']}")
    return "\n".join([*lines, ""])


def write(folder: Path, pieces: tuple[Piece, ...]) -> list[Path]:
    """All pieces below a folder. Nothing that is there already is written over."""
    taken = [piece.path for piece in pieces if (folder / piece.path).exists()]
    if taken:
        raise NotWritable("sitekit.taken", folder=folder, files=tuple(taken))
    for piece in pieces:
        target = folder / piece.path
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            reason = files.why(target, error)
            raise NotWritable("sitekit.not_written", folder=folder, reason=reason) from error
        files.write(target, piece.text.encode())
    return [folder / piece.path for piece in pieces]
