"""A search's evidence, pictures side by side, as one HTML file that needs nothing else."""

from __future__ import annotations

import base64
from datetime import date
from html import escape

from ..errors import NotUsable
from ..ledger import fingerprint
from ..messages import Message
from .hits import Hit, Search
from .opened import small
from .own import Cluster

_SHOWN = 400
"""Hits with pictures; further ones are listed by name, or the page would not open."""

_STYLE = """
:root { color-scheme: light dark; --rule: #8884; --quiet: #777 }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.4rem; margin-bottom: .2rem } h2 { font-size: 1rem; margin: 0; font-weight: 600 }
.doubts { border-left: 3px solid #c80; padding: .2rem 1rem .2rem 2rem; margin: 1rem 0 }
article { border-top: 1px solid var(--rule); padding: 1rem 0; display: grid;
  grid-template-columns: 1fr 1fr 1.3fr; gap: 1rem; align-items: start }
figure { margin: 0 } img { width: 100%; height: 13rem; object-fit: contain; background: #8882 }
figcaption, .path { color: var(--quiet); font-size: .85rem; overflow-wrap: anywhere }
ul { padding-left: 1.1rem; margin: .4rem 0 } p { margin: .3rem 0 }
.row { display: flex; flex-wrap: wrap; gap: .5rem } .row figure { width: 9rem }
.row img { height: 7rem } section { border-top: 1px solid var(--rule); padding: 1rem 0 }
@media (max-width: 40rem) {
  article { grid-template-columns: 1fr 1fr } article > div { grid-column: 1/3 } }
"""


def page(search: Search) -> str:
    """A search as HTML: doubts, then hits, strongest first."""
    rows = [_article(hit) for hit in search.hits[:_SHOWN]]
    rest = [_line(hit) for hit in search.hits[_SHOWN:]]
    count = f"{search.found} of {search.files} files" if search.hits else "Nothing"
    if rest:
        rows.append(f"<section><h2>Further files</h2><ul>{''.join(rest)}</ul></section>")
    return _document(
        "Find my work",
        f"<h1>{count} found in {escape(str(search.folder))}</h1>"
        f"<p class=path>{search.works} works looked for, {date.today():%Y-%m-%d}</p>"
        + _list("doubts", search.doubts)
        + "".join(rows)
        + _problems(search.problems),
    )


def own_page(clusters: list[Cluster]) -> str:
    """Near-duplicates among the artist's exports as HTML."""
    groups = [
        f"<section><h2>{escape(str(one.says))}</h2><div class=row>"
        + "".join(_figure(work.view, work.name) for work in one.works)
        + "</div></section>"
        for one in clusters
    ]
    title = (
        f"{len(clusters)} pictures were exported more than once"
        if clusters
        else "No picture was exported more than once"
    )
    return _document("My own duplicates", f"<h1>{title}</h1>" + "".join(groups))


def _article(hit: Hit) -> str:
    try:
        found = fingerprint.small_jpeg(small(hit.path, 360))
    except (NotUsable, OSError):
        found = b""
    ours = _figure(hit.work.view, hit.work.name) if hit.work else "<figure></figure>"
    title = str(hit.says).capitalize()
    return (
        f"<article>{ours}{_figure(found, hit.path.name)}"
        f"<div><h2>{escape(title)}</h2><p class=path>{escape(str(hit.path))}</p>"
        f"{_list('', hit.evidence)}</div></article>"
    )


def _figure(picture: bytes, caption: str) -> str:
    data = base64.b64encode(picture).decode()
    image = f'<img loading=lazy alt="" src="data:image/jpeg;base64,{data}">' if picture else ""
    return f"<figure>{image}<figcaption>{escape(caption)}</figcaption></figure>"


def _line(hit: Hit) -> str:
    return f"<li>{escape(str(hit.path))}: {escape(str(hit.says))}</li>"


def _list(kind: str, said: tuple[Message, ...]) -> str:
    items = "".join(f"<li>{escape(str(one))}</li>" for one in said)
    return f'<ul class="{kind}">{items}</ul>' if items else ""


def _problems(problems: tuple[Message, ...]) -> str:
    if not problems:
        return ""
    return f"<section><h2>Not looked at</h2>{_list('', problems)}</section>"


def _document(title: str, body: str) -> str:
    """The whole page; bytes of a file's name that are no text show as question marks."""
    page = (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{title}</title>"
        f'<meta name=viewport content="width=device-width"><meta name=robots content=noindex>'
        f"<style>{_STYLE}</style><body>{body}</html>"
    )
    return page.encode("utf-8", "replace").decode()
