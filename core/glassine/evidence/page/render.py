"""Report -> one HTML page that stands alone: no script, no network, every picture inside."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from string import Template

from ...explore.redrawn import STRENGTH
from ...machine.device import choose
from ...messages import Message
from ...record import ON_PAGE, parts, record_in
from ...types import Plan, Protected, Report
from ..brief import Brief, briefs
from ..schema import as_json
from ..sight import Sight
from . import tables
from .pictures import GOOD, Shown, model_views, overview, redrawn_views, worst_places
from .tables import rows_of

PAGE = Path(__file__).parent / "page.html"

_STOPS = 20
"""Places, from left to right, at which the line between original and protected can stand."""
_FOUR = (
    ("people", "For people"),
    ("models", "For models"),
    ("away", "What takes it away"),
    ("next", "What to do next"),
)


def html(protected: Protected, report: Report, sight: Sight) -> str:
    """The page. `sight`: both pictures, and the part that was measured."""
    device = choose(protected.plan.device)
    before, after, change = overview(sight)
    return Template(PAGE.read_text(encoding="utf-8")).substitute(
        title="Glassine report",
        lead=escape(lead(protected)),
        doubts=doubts_section(report),
        words=caption_box(protected),
        glance=glance_section(report, before, after),
        stops=stop_rules(),
        pictures=pictures_section(change, worst_places(sight)),
        sees=model_section(model_views(protected.plan, sight, device))
        + redrawn_section(protected.plan, redrawn_views(protected.plan, sight, device)),
        cost=tables.cost_tables(report.cost) + tables.offers_table(report),
        effects=tables.effects_table([row for row in report.effects if not row.after])
        + tables.denoised_table(report.denoised),
        trials=tables.trial_tables(report),
        threat=escape(str(report.threat or "")),
        limits=items(report.limits),
        facts=rows_of(parts(record_in(report, protected), ON_PAGE)),
        data=json.dumps(as_json(report)).replace("<", "\\u003c"),
    )


def lead(protected: Protected) -> str:
    plan, (height, width) = protected.plan, protected.rgb.shape[1:]
    towards = " and ".join(str(goal.says) for goal in plan.goals)
    way = "away from" if plan.recipe.away else "towards"
    aim = f"{plan.recipe.name.capitalize()} {way} {towards}" if towards else "Two files compared"
    if plan.recipe.denoising and not towards:
        aim = f"{plan.recipe.name.capitalize()} through the model {Path(plan.model).name}"
    return f"{aim}; {width} x {height} pixels, measured on what the file gives back."


def items(said: Iterable[Message]) -> str:
    return "".join(f"<li>{escape(str(one))}</li>" for one in said)


def doubts_section(report: Report) -> str:
    """The doubts; without any it says that proxies were measured, and no training."""
    if report.doubts:
        inside = f"<ul>{''.join(map(doubt_item, briefs(report.doubts)))}</ul>"
    else:
        inside = (
            "<p>The measurements below gave no reason for doubt. They are still only proxies for "
            "what a training run would do.</p>"
        )
    return (
        '<section class="doubts" aria-labelledby="doubts">'
        f'<h2 id="doubts">Doubts first</h2>{inside}</section>'
    )


def doubt_item(doubt: Brief) -> str:
    """A doubt in a few words, and its full text for whoever asks why."""
    says = escape(str(doubt.says))
    if not doubt.why:
        return f"<li>{says}</li>"
    why = "".join(f"<p>{escape(str(one))}</p>" for one in doubt.why)
    return f"<li><details><summary>{says} <em>Why?</em></summary>{why}</details></li>"


def caption_box(protected: Protected) -> str:
    """The caption without which a poisoned picture does nothing."""
    caption = protected.plan.caption
    if not caption:
        return ""
    return (
        f'<div class="words">Post it with these words:<strong>{escape(caption)}</strong>'
        "People should see what the words say; models should learn something else.</div>"
    )


def figure(picture: Shown, kind: str = "") -> str:
    return (
        f'<figure class="{kind}"><img src="{picture.uri}" alt="{escape(picture.alt)}" '
        f'width="{picture.width}" height="{picture.height}">'
        f"<figcaption>{escape(picture.caption)}</figcaption></figure>"
    )


def glance_section(report: Report, before: Shown, after: Shown) -> str:
    """The summary: both pictures with a line between them that moves, and four sentences."""
    told = report.glance
    rows = "".join(
        f"<dt>{title}</dt><dd>{escape(str(getattr(told, name)))}</dd>" for name, title in _FOUR
    )
    four = f'<dl class="four">{rows}</dl>' if told else ""
    return (
        '<section class="glance" aria-labelledby="glance"><h2 id="glance">At a glance</h2>'
        f'<div class="beside">{slider(before, after)}{four}</div></section>'
    )


def slider(before: Shown, after: Shown) -> str:
    """Radio buttons in columns over the picture: click, tap, arrow keys or hovering move the line.

    No script is needed, and whoever cannot see it hears how much of the original is shown.
    """
    stops = "".join(
        f'<label><input type="radio" name="wipe" aria-label="Original up to {at * 100 // _STOPS} %"'
        f"{' checked' if 2 * at == _STOPS else ''}></label>"
        for at in range(_STOPS + 1)
    )
    size = f'width="{after.width}" height="{after.height}"'
    return (
        '<fieldset class="wipe"><legend>Original on the left of the line, protected on the right. '
        "Click, tap or use the arrow keys to move it.</legend>"
        f'<div class="under"><img src="{after.uri}" alt="{escape(after.alt)}" {size}>'
        f'<img class="over" src="{before.uri}" alt="{escape(before.alt)}" {size}>'
        f'<div class="stops">{stops}</div></div>'
        f'<p class="note"><span>{escape(before.caption)}</span>'
        f"<span>{escape(after.caption)}</span></p></fieldset>"
    )


def stop_rules() -> str:
    """CSS that puts the line at the chosen column, or at the one that the mouse is over."""
    return "\n".join(
        f".under:has(label:nth-child({at + 1}) {chosen}) {{ --at: {at * 100 / _STOPS:g}%; }}"
        for chosen in ("input:checked", "input:hover")
        for at in range(_STOPS + 1)
    )


def pictures_section(change: Shown, crops: Sequence[tuple[Shown, Shown]]) -> str:
    shown = figure(change, "narrow")
    if not crops:
        return shown
    pairs = "".join(
        f'<div class="pair">{figure(one, "crop")}{figure(other, "crop")}</div>'
        for one, other in crops
    )
    return (
        f"{shown}<h3>Where it shows most</h3>"
        '<p class="note">The places where the change is largest against what surrounds it, without '
        f"loss. The pictures above are WebP of quality {GOOD}, to keep this page small."
        f'</p><div class="row">{pairs}</div>'
    )


def model_section(views: Sequence[tuple[str, Sequence[Shown]]]) -> str:
    rows = "".join(
        f'<h3>{escape(family)}</h3><div class="row">{"".join(map(figure, row))}</div>'
        for family, row in views
    )
    return (
        '<section aria-labelledby="sees"><h2 id="sees">What the model sees</h2>'
        '<p class="note">What the encoder keeps of the measured part: its latents, turned back '
        "into a picture. Training learns from latents, not from pixels. Original and protected "
        "look much alike here unless the effect is large: look at their difference.</p>"
        f"{rows}</section>"
    )


def redrawn_section(plan: Plan, views: Sequence[Shown]) -> str:
    """Nothing without pictures."""
    if not views:
        return ""
    return (
        '<section aria-labelledby="redrawn"><h2 id="redrawn">What the model makes of both</h2>'
        f'<p class="note">{escape(Path(plan.model).name)} was given the measured part to draw anew '
        f"(img2img at {STRENGTH:g}), told “{escape(plan.prompt)}”, with the same noise for both. "
        "It was trained on neither: this shows an effect on such edits, not on training."
        f'</p><div class="row">{"".join(map(figure, views))}</div></section>'
    )
