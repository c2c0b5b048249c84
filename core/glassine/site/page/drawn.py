"""The page in one language, with the words that its script says as data in it."""

from __future__ import annotations

import json
from html import escape
from pathlib import Path
from string import Template

from ...messages import LANGUAGES, in_words, message
from ...targets.style import styles
from ..limits import Limits

PLACE = Path(__file__).parent
PARTS = {"site.css": "text/css", "site.js": "text/javascript", "icon.svg": "image/svg+xml"}
"""Files that the page asks for, and what they are."""

_TEXTS = (
    *("title", "lead", "drop", "choose", "drop_note", "strength", "strength_auto", "subtle"),
    *("balanced", "strong", "style", "style_auto", "effort", "preview", "quick", "full", "start"),
    *("settings", "before", "after", "slider", "difference", "difference_note"),
    *("download", "report", "report_note", "remove", "again", "result", "people", "models", "away"),
    *("next", "doubts", "limits_title", "limits", "no_script", "language", "words"),
)
_SCRIPT = (
    *("ready", "sending", "waiting", "starting", "optimise", "fit", "mark", "verify", "done"),
    *("gone", "lost", "removed", "slider_value", "too_large"),
)
"""Rows that begin with "serve.page_": what stands on the page, and what its script says."""

_FORM = 4096  # bytes of a request that are not the picture's, at most


def drawn(language: str, limits: Limits) -> str:
    """The whole page as HTML."""
    fields = {"megabytes": limits.bytes >> 20, "megapixels": limits.pixels // 10**6}
    fields["minutes"] = round(limits.keep / 60)
    texts = {name: escape(text_of(name, language, fields)) for name in _TEXTS}
    spoken = json.dumps({name: text_of(name, language, fields) for name in _SCRIPT})
    return Template((PLACE / "index.html").read_text(encoding="utf-8")).substitute(
        texts,
        lang=language,
        styles=style_options(language),
        languages=language_links(language),
        most=limits.bytes - _FORM,
        spoken=spoken.replace("<", "\\u003c"),
    )


def text_of(name: str, language: str, fields: dict[str, int]) -> str:
    return in_words(message(f"serve.page_{name}", **fields), language)


def style_options(language: str) -> str:
    """<option>s by the names in the tables of words; a style without a row goes by its own."""
    called = {name: in_words(message(f"style.{name}"), language) for name in styles()}
    return "".join(
        f'<option value="{name}">{escape(name if says.startswith("style.") else says)}</option>'
        for name, says in called.items()
    )


def language_links(language: str) -> str:
    """Each language by its own name, so that whoever cannot read this page finds theirs."""
    here = {language: ' aria-current="true"'}
    return " ".join(
        f'<a href="?lang={one}" lang="{one}" hreflang="{one}"{here.get(one, "")}>'
        f"{escape(text_of('self', one, {}))}</a>"
        for one in LANGUAGES
    )
