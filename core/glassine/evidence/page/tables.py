"""The numbers of the page. Each stands beside what it has to be compared with."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

from ...surrogates import SURROGATES
from ...types import Cost, Denoised, Effect, HeldOut, Report, Trial
from ..offers import OFFERED
from ..trials import at_training_size

_KINDS = {
    "handling": (
        "survival",
        "What survives ordinary handling",
        "What sites and people do to a picture without any intent against it.",
    ),
    "removal": (
        "removal",
        "What survives removal",
        "What somebody runs at home to take the protection out. The score says what that costs "
        "the picture: 100 is unharmed.",
    ),
}


def number(value: float | None, form: str = ".3f") -> str:
    """A figure in that format; a dash for what was not measured."""
    return "&ndash;" if value is None or not math.isfinite(value) else format(value, form)


def html_table(
    caption: str, head: Sequence[str], rows: Sequence[Sequence[str]], texts: int = 1
) -> str:
    """A table that scrolls by itself where it is wide; its first `texts` columns are words."""
    columns = "".join(
        f'<th scope="col"{"" if at < texts else _RIGHT}>{name}</th>' for at, name in enumerate(head)
    )
    body = "".join(
        "<tr>"
        + f'<th scope="row">{row[0]}</th>'
        + "".join(
            f"<td{'' if at < texts else _RIGHT}>{cell}</td>" for at, cell in enumerate(row[1:], 1)
        )
        + "</tr>"
        for row in rows
    )
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(caption)}"><table>'
        f"<caption>{escape(caption)}</caption><thead><tr>{columns}</tr></thead>"
        f"<tbody>{body}</tbody></table></div>"
    )


_RIGHT = ' class="n"'


LPIPS = "0 is identical; only figures of the same network can be compared"
COLOURS = "CIELAB, means of 16 x 16 pixels; from about 2 on visible side by side"


Row = tuple[str, str, str]
"""A measure, its value, and how to read it."""


def cost_tables(cost: Cost) -> str:
    """Judges that the optimiser looks at, those that it does not, then plain counts."""
    return (
        noted_table("Judges that the optimiser may look at", judged_rows(cost))
        + noted_table(
            "Held out: judges that the optimiser never looked at", held_out_rows(cost.held_out)
        )
        + noted_table("What people and files notice", counted_rows(cost))
    )


def noted_table(caption: str, rows: Sequence[Row]) -> str:
    cells = [(name, value, f"<small>{note}</small>") for name, value, note in rows]
    return html_table(caption, ("Measure", "Value", "Read it as"), cells, texts=3) if cells else ""


def judged_rows(cost: Cost) -> list[Row]:
    score = number(cost.ssimulacra2, ".1f")
    return [
        ("SSIMULACRA2", score, "100 identical, 90 hard to see, 70 good"),
        *measured_row("LPIPS (SqueezeNet 1.1)", cost.lpips, LPIPS),
        *measured_row("LPIPS (AlexNet)", cost.lpips_alexnet, LPIPS),
        *measured_row("HaarPSI", cost.haarpsi, "1 is identical"),
    ]


def held_out_rows(found: HeldOut) -> list[Row]:
    return [
        *measured_row("FSIM, with colour", found.fsim, "1 is identical; looks at form and edges"),
        *measured_row("VSI", found.vsi, "1 is identical; looks most where the eye goes first"),
        *measured_row("MDSI", found.mdsi, "0 is identical; looks at edges and colours alike"),
    ]


def measured_row(name: str, value: float | None, note: str) -> list[Row]:
    """No row without a value: a doubt says why, unless the picture is too small for that judge."""
    return [] if value is None else [(name, number(value, ".4f"), note)]


def counted_rows(cost: Cost) -> list[Row]:
    growth = cost.bytes_after / cost.bytes_before - 1 if cost.bytes_before else math.nan
    return [
        ("SSIM", number(cost.ssim, ".4f"), "1 is identical"),
        ("PSNR", f"{number(cost.psnr, '.1f')} dB", "higher is closer"),
        ("Largest change", number(cost.largest_change, ".0f"), "of 255 levels"),
        ("Smooth colour shift", number(cost.colour_shift, ".1f"), COLOURS),
        ("Pixels changed", number(cost.changed_share, ".0%"), ""),
        (
            "File size",
            f"{file_size(cost.bytes_before)} &rarr; {file_size(cost.bytes_after)}",
            f"{number(growth, '+.0%')}, same format, settings and metadata",
        ),
    ]


def denoised_table(found: Sequence[Denoised]) -> str:
    """Losses of the model that was optimised through, for the copy and its controls."""
    rows = [
        (
            number(one.level, ".0%"),
            *(number(loss, ".4f") for loss in (one.original, one.protected)),
            *(number(loss, ".4f") for loss in (one.scattered, one.jpeg)),
        )
        for one in found
    ]
    head = ("Level of noise", "Original", "Protected", "Same change, scattered", "JPEG 90")
    return html_table("The denoiser's loss", head, rows) if rows else ""


def file_size(count: int) -> str:
    return f"{count / 1e6:.2f} MB" if count >= 1e6 else f"{count / 1e3:.0f} kB"


def offers_table(report: Report) -> str:
    """The same copy in smaller formats, size and effect side by side."""
    if not report.offers:
        return ""
    now = report.cost.bytes_after or math.nan
    rows = [
        (
            f"{OFFERED[one.format]}<small>quality {one.quality}</small>",
            f"{file_size(one.bytes)}<small>{number(one.bytes / now, '.0%')} of this copy</small>",
            f"{share_bar(one.left, 1)}{number(one.left, '.0%')}",
            number(one.ssimulacra2, ".1f"),
        )
        for one in report.offers
    ]
    head = ("Format", "File size", "Effect left", "SSIMULACRA2")
    return html_table("The same copy in smaller formats", head, rows, texts=1)


def effects_table(rows: Sequence[Effect]) -> str:
    """Share of the gap closed beside the blend's; distance moved beside scattered and JPEG."""
    note = (
        '<p class="note">Covered: how much of the way to the target the picture went, as that '
        "encoder sees it. The blend beside it is the target mixed in plainly, just as visible. "
        "Moved: how far, in any direction, beside the same change scattered at random and the "
        "clean picture saved as JPEG 90.</p>"
    )
    body = [
        (
            f"{escape(row.family)}<small>{escape(covers(row.family))}</small>",
            row.role,
            f"{share_bar(row.closed, 0.5)}{number(row.closed, '.1%')}",
            number(row.blend, ".1%"),
            number(row.moved),
            number(row.scattered),
            number(row.jpeg),
        )
        for row in rows
    ]
    head = ("Encoder", "Role", "Covered", "Blend", "Moved", "Scattered", "JPEG 90")
    return note + html_table("Effect per encoder, with controls", head, body, texts=2)


def covers(family: str) -> str:
    name = family.split("/")[-1]
    return str(SURROGATES.words(name)) if name in SURROGATES else ""


def share_bar(value: float, full: float, kind: str = "") -> str:
    """A small bar; decoration beside the number, so screen readers skip it."""
    if not math.isfinite(value):
        return ""
    width = 100 * min(max(value / full, 0), 1)
    inside = f'<i class="{kind}" style="width:{width:.0f}%"></i>'
    return f'<span class="bar" aria-hidden="true">{inside}</span>'


def trial_tables(report: Report) -> str:
    sections = []
    for kind, (anchor, title, note) in _KINDS.items():
        rows = [trial for trial in report.trials if trial.kind == kind]
        if rows:
            sections.append(
                f'<section aria-labelledby="{anchor}"><h2 id="{anchor}">{title}</h2>'
                f'<p class="note">{note} "Left": how much of the effect, beyond its control, is '
                f"left on the encoders that were optimised against{as_learnt_note(rows)}.</p>"
                f"{survived(title, rows, report)}</section>"
            )
    sections.append(
        '<p class="note">To try more sites and removers: glassine report PICTURE '
        "--original ORIGINAL</p>"
    )
    return "".join(sections)


def as_learnt_note(rows: Sequence[Trial]) -> str:
    """At which size models were shown the picture, where that is not its own."""
    side = next((one.side for one in rows if one.side and not at_training_size(one)), 0)
    return f", which see it reduced to as many pixels as {side} x {side} afterwards" if side else ""


def survived(title: str, rows: Sequence[Trial], report: Report) -> str:
    """A table of trials; held-out encoders have a column where there are any."""
    held = any(row.role == "held out" for row in report.effects)
    body = []
    for trial in rows:
        after = [row for row in report.effects if row.after == trial.name]
        gone = "gone" if trial.verdict == "removed" else ""
        below = str(trial.skipped or trial.source)
        seen = mean_share([row.closed for row in after if row.role == "held out"])
        body.append(
            (
                f"{escape(str(trial.says))}<small>{escape(below)}</small>",
                f'<span class="verdict-{trial.verdict.split()[0]}">{trial.verdict}</span>',
                f"{share_bar(trial.left, 1, gone)}{number(trial.left, '.0%')}",
                mean_share([row.closed for row in after if row.role == "used"]),
                mean_share([row.blend for row in after if row.role == "used"]),
                *((seen,) if held else ()),
                number(trial.ssimulacra2, ".0f"),
            )
        )
    head = ("What was done", "Verdict", "Left", "Covered", "Blend")
    return html_table(title, (*head, *(("Held out",) if held else ()), "Score"), body, texts=2)


def mean_share(values: Sequence[float]) -> str:
    real = [value for value in values if math.isfinite(value)]
    return number(sum(real) / len(real), ".1%") if real else "&ndash;"


_PLAINER = {
    "score": "SSIMULACRA2 asked for",
    "goal_names": "kinds of goal",
    "size": "width, height",
    "measured": "part that was measured: left, top, width, height",
}
"""What a field of the record is called where its own name says too little."""


def rows_of(facts: Mapping[str, object]) -> str:
    """Settings as a definition list; empty ones are left out."""
    return "".join(
        f"<dt>{escape(_PLAINER.get(name, name.replace('_', ' ')))}</dt>"
        f"<dd>{escape(listed_value(value))}</dd>"
        for name, value in facts.items()
        if value not in ("", [], ())
    )


def listed_value(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
