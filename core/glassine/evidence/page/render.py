"""Report -> one HTML page that stands alone: no script, no network, every picture inside."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from string import Template

from ...machine.device import choose
from ...messages import Message
from ...record import ON_PAGE, parts, record_in
from ...types import Protected, Report
from ..schema import as_json
from ..sight import Sight
from . import tables
from .pictures import Shown, model_views, overview, worst_places
from .tables import rows_of

PAGE = Path(__file__).parent / "page.html"

_NO_DECODER = (
    "To see the picture as a model keeps it, a real encoder with its decoder has to be here: "
    "glassine models get"
)


def html(protected: Protected, report: Report, sight: Sight) -> str:
    """`sight`: what was measured."""
    device = choose(protected.plan.device)
    return Template(PAGE.read_text(encoding="utf-8")).substitute(
        title="Glassine report",
        lead=escape(lead(protected)),
        doubts=doubts_section(report),
        words=caption_box(protected),
        pictures=pictures_section(sight),
        sees=model_section(model_views(protected.plan, sight, device)),
        cost=tables.cost_tables(report.cost),
        effects=tables.effects_table([row for row in report.effects if not row.after]),
        trials=tables.trial_tables(report),
        threat=escape(str(report.threat or "")),
        limits=items(report.limits),
        facts=rows_of(parts(record_in(report, protected), ON_PAGE)),
        data=json.dumps(as_json(report)).replace("<", "\\u003c"),
    )


def lead(protected: Protected) -> str:
    plan, (height, width) = protected.plan, protected.rgb.shape[1:]
    towards = " and ".join(str(goal.says) for goal in plan.goals)
    aim = f"{plan.recipe.name.capitalize()} towards {towards}" if towards else "Two files compared"
    return f"{aim}; {width} x {height} pixels, measured on what the file gives back."


def items(said: Iterable[Message]) -> str:
    return "".join(f"<li>{escape(str(one))}</li>" for one in said)


def doubts_section(report: Report) -> str:
    """First on the page, also when there are none: then what was not looked for is said."""
    if report.doubts:
        inside = f"<ul>{items(report.doubts)}</ul>"
    else:
        inside = (
            "<p>The measurements below gave no reason for doubt. They are still only proxies for "
            "what a training run would do.</p>"
        )
    return (
        '<section class="doubts" aria-labelledby="doubts">'
        f'<h2 id="doubts">Doubts first</h2>{inside}</section>'
    )


def caption_box(protected: Protected) -> str:
    """The caption without which a poisoned picture does nothing."""
    caption = protected.plan.caption
    if not caption:
        return ""
    return (
        f'<div class="words">Post it with these words:<strong>{escape(caption)}</strong>'
        "People should see what they say; models should learn something else from it.</div>"
    )


def figure(picture: Shown, kind: str = "") -> str:
    return (
        f'<figure class="{kind}"><img src="{picture.uri}" alt="{escape(picture.alt)}" '
        f'width="{picture.width}" height="{picture.height}">'
        f"<figcaption>{escape(picture.caption)}</figcaption></figure>"
    )


def pictures_section(sight: Sight) -> str:
    before, after, change = overview(sight)
    flip = (
        f'<figure class="flip"><img src="{after.uri}" alt="{escape(after.alt)}" '
        f'width="{after.width}" height="{after.height}">'
        f'<img class="over" src="{before.uri}" alt="" width="{before.width}" '
        f'height="{before.height}"><figcaption>{escape(after.caption)}</figcaption>'
        '<label><input type="checkbox"> Lay the original over it</label></figure>'
    )
    crops = worst_places(sight)
    shown = f'<div class="row">{figure(before)}{flip}{figure(change)}</div>'
    if not crops:
        return shown
    pairs = "".join(
        f'<div class="pair">{figure(one, "crop")}{figure(other, "crop")}</div>'
        for one, other in crops
    )
    return (
        f"{shown}<h3>Where it shows most</h3>"
        '<p class="note">The places where the change is largest against what surrounds it.</p>'
        f'<div class="row">{pairs}</div>'
    )


def model_section(views: Sequence[tuple[str, Sequence[Shown]]]) -> str:
    head = '<section aria-labelledby="sees"><h2 id="sees">What the model sees</h2>'
    if not views:
        return f'{head}<p class="note">{_NO_DECODER}</p></section>'
    rows = "".join(
        f'<h3>{escape(family)}</h3><div class="row">{"".join(map(figure, row))}</div>'
        for family, row in views
    )
    return (
        f'{head}<p class="note">What is kept of the measured part: the encoder\'s latents, turned '
        "back into a picture. Training learns from these, not from the pixels.</p>"
        f"{rows}</section>"
    )
