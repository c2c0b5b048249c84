"""`glassine report`: what a protected picture still does after handling and removal."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ...errors import NotUsable, NotWritable
from ...flow.names import original_stem, page_names, report_path
from ...messages import Message, message
from .. import options, output, speech
from ..names import Name
from ..numbers import Whole
from ..usage import Command

if TYPE_CHECKING:
    from ...plain import Said
    from ...record import RunRecord
    from ...types import Artwork, Face, Intent, Plan, Protected, Report

_KIND = b'"kind": "glassine report"'
NAMED = ("goal.style", "goal.concept")
"""Codes of goals whose fields are the words asked for: `style`, or `shows` and `teach`."""

NEARLY = 4  # levels; different pictures differ by more on average, unless both are nearly empty

EPILOG = """\b
Examples:
  glassine report painting.glassine.png
  glassine report posted.jpg --original painting.png --json report.json
  glassine report painting.glassine.png --quick
  glassine report painting.glassine.png --after jpeg75,waifu2x

The original is looked for beside the picture (painting.png beside painting.glassine.png), the
target in the page that `glassine protect` wrote. Writes NAME.report.html, or, for a picture that is
no PNG, NAME.jpg.report.html, so that reports of two formats lie side by side.
"""


def with_model(command: options.F) -> options.F:
    """The options for a model on this machine, whatever recipe the copy was made with."""
    return options.with_options(command, (*options.MODEL, options.REDRAW))


@click.command(cls=Command, epilog=EPILOG)
@click.argument("picture", metavar="PICTURE", type=Name(path_type=Path))
@click.option(
    "--original",
    metavar="ORIGINAL",
    type=Name(path_type=Path),
    help="The picture before it was protected. Without it: looked for beside PICTURE.",
)
@click.option(
    "--target",
    metavar="PICTURE",
    type=Name(),
    help="The picture that the copy was pulled towards, where no page says.",
)
@click.option("--quick", is_flag=True, help="Measure cost and effect only; takes seconds.")
@click.option("--slow", is_flag=True, help="Also try removers that take minutes.")
@click.option(
    "--after", metavar="NAME,...", default="", help="Try only these handlings and removers."
)
@click.option(
    "--side",
    type=Whole(64, 4096),
    default=None,
    help="Side of the measured square, in pixels.",
)
@with_model
@options.DEVICE
@click.option("-o", "--out", metavar="PAGE", type=Name(path_type=Path), help="The page to write.")
@click.option(
    "--json",
    "data",
    metavar="FILE",
    type=Name(allow_dash=True),
    help="Also write the report as JSON; - for standard output.",
)
def command(
    picture: Path,
    original: Path | None,
    target: str | None,
    quick: bool,
    slow: bool,
    after: str,
    side: int | None,
    device: str,
    out: Path | None,
    data: str | None,
    **model: Any,  # noqa: ANN401
) -> None:
    """Measure what a protected PICTURE still does after handling and removal.

    Everything is measured on this machine, beside its controls. Nothing is uploaded.
    """
    from ...evidence.page.render import html
    from ...evidence.schema import as_json
    from ...evidence.sight import sighted
    from ...flow.verify import verify
    from ...machine import files

    original, page = original or original_beside(picture), out or report_path(picture)
    check_model_options(model)
    check_outputs(page, data, [picture, original, *([Path(target)] if target else [])])
    protected = seen_by_model(as_protected(picture, original, target, device), model)
    names = () if quick else chosen_purifiers(after, slow)
    sight = sighted(protected, side)
    with output.progress_of(picture.name, silent=data == "-") as watch:
        found = verify(protected, purifiers=names, sight=sight, watch=watch)
    files.write(page, html(protected, found, sight).encode())
    text = json.dumps(as_json(found), indent=1)
    if data == "-":
        click.echo(text)
        return
    if data:
        files.write(Path(data), text.encode())
    away = protected.plan.recipe.away
    click.echo("\n".join(report_lines(picture, found, page, away=away)))


def check_model_options(given: dict[str, Any]) -> None:
    """Raises where --model is no model's folder, or where it is missing beside options about it."""
    from ...denoisers.folder import parts_in
    from ...denoisers.loaded import check_libraries
    from ...machine.weights import model_folder
    from ..unused import MODEL, typed

    if given["model"]:
        parts_in(model_folder(given["model"]))
        check_libraries()
        return
    for name in MODEL:
        if typed(given, name) and given[name]:
            raise speech.misused("cli.report_no_model", name=name)


def seen_by_model(protected: Protected, given: dict[str, Any]) -> Protected:
    """With --model in its plan, whose denoiser is measured too, and redraws both if asked."""
    from dataclasses import replace

    from ...machine.weights import model_folder
    from ...types import Intent

    if not given["model"]:
        return protected
    model, prompt = str(model_folder(given["model"])), given["prompt"] or Intent.prompt
    plan = replace(protected.plan, model=model, prompt=prompt, redraw=given["redraw"])
    return replace(protected, plan=plan)


def check_outputs(page: Path, data: str | None, never: Sequence[Path]) -> None:
    """Raises where a picture or somebody's file would be lost, before minutes of work."""
    from ...flow import pages
    from ...machine import files

    pages.check_page(page, never=never)
    if data in (None, "-"):
        return
    file = Path(str(data))
    files.check_writable(file, never=never)
    if files.same_file(file, page):
        raise speech.misused("cli.report_one_file", path=file)
    if files.is_foreign(file, _KIND):
        raise NotWritable("cli.report_foreign", path=file)


def chosen_purifiers(after: str, slow: bool) -> tuple[str, ...]:
    """Every purifier, or those named; slow ones only where asked for."""
    from ...purifiers import PURIFIERS

    if after:
        names = tuple(name.strip() for name in after.split(",") if name.strip())
        for name in names:
            _ = PURIFIERS[name]  # an unknown name stops here, not after minutes
        return names
    return tuple(name for name in PURIFIERS if slow or not PURIFIERS[name].slow)


def original_beside(picture: Path) -> Path:
    """painting.png beside painting.glassine.png; of several the one that the copy's page tells of.

    painting.jpg.glassine.png is the copy of painting.jpg beside a painting.png.
    """
    from ...flow import pages
    from ...formats import FORMATS

    stem = original_stem(picture)
    ends = ("", *pages.picture_endings(FORMATS))
    near = [picture.with_name(stem + end) for end in ends if stem != picture.stem]
    there = [path for path in near if path.is_file()]
    if not there:
        raise NotUsable("cli.report_no_original", name=picture.name)
    told = pages.settings_of(picture) if len(there) > 1 else None
    return next((path for path in there if told and pages.tells_of_original(told, path)), there[0])


def as_protected(picture: Path, original: Path, target: str | None, device: str) -> Protected:
    """The two files as one Protected; its plan says what was aimed at, as far as is known."""
    from dataclasses import replace

    from ...flow import pages
    from ...flow.read import read
    from ...record import RunRecord
    from ...types import Protected

    told, after, before = pages.settings_of(picture), read(picture), read(original)
    refuse_two(before, after, original.name, picture.name)
    before = matched(before, after, original.name, picture.name)
    lent = options.named_picture(target)
    plan = planned(before, told or RunRecord(), lent, device)
    if told and told.engine:
        plan = replace(plan, caption=told.caption, steps=told.steps)
    notes = (message("cli.report_as_read", name=picture.name),)
    return Protected(plan, after.rgb, (*notes, *([] if told or target else overlooked(picture))))


def refuse_two(before: Artwork, after: Artwork, original: str, picture: str) -> None:
    """Raises NotUsable where one is no copy of the other, or a turned one: what is measured would
    mean nothing."""
    from ...flow.examine import ALIKE, bits_between, turned

    if bits_between(before, after) <= ALIKE or nearly_equal(before, after):
        return
    for way, other in turned(before):
        if bits_between(other, after) <= ALIKE:
            said = message(f"cli.turned_{way}")
            raise NotUsable("cli.report_turned", picture=picture, original=original, way=said)
    raise NotUsable("cli.report_two", picture=picture, original=original)


def nearly_equal(before: Artwork, after: Artwork) -> bool:
    """Whether their pixels are: where a picture is flat, the bits of its fingerprint are chance."""
    from ...units import Levels, to_unit

    if before.rgb.shape != after.rgb.shape:
        return False
    return bool((before.rgb - after.rgb).abs().mean() < to_unit(Levels(NEARLY)))


def overlooked(picture: Path) -> list[Message]:
    """A note for each page beside the picture that tells of another file."""
    from ...flow import pages

    return [
        message("cli.report_other_page", name=page.name)
        for page in page_names(picture)
        if pages.page_record(page)
    ]


def matched(before: Artwork, after: Artwork, original: str, picture: str) -> Artwork:
    """The original at the picture's size; raises NotUsable where their shapes differ."""
    from dataclasses import replace

    from ...pixels.resize import lanczos_seen

    size, height = after.rgb.shape[1:], after.rgb.shape[1]
    if before.rgb.shape[1:] == size:
        return before
    ratio = before.rgb.shape[2] / before.rgb.shape[1] * height / size[1]
    if abs(ratio - 1) > 0.01:
        raise NotUsable(
            "cli.report_shapes",
            picture=picture,
            original=original,
            width=size[1],
            height=size[0],
            wide=before.rgb.shape[2],
            high=before.rgb.shape[1],
        )
    rgb, alpha = lanczos_seen(before.rgb, before.alpha, *size)
    was = {"width": before.rgb.shape[2], "height": before.rgb.shape[1]}
    note = message("cli.report_resized", **was)
    return replace(before, rgb=rgb, alpha=alpha, notes=(*before.notes, note))


def planned(artwork: Artwork, told: RunRecord, target: Any, device: str) -> Plan:  # noqa: ANN401
    """The plan of the copy, made again from its page; without goals where the page tells none."""
    from dataclasses import replace

    from ...flow.plan import plan
    from ...units import Score

    wanted, known = remembered(told, target)
    made = plan(artwork, wanted, device=device)
    if not known:
        made = replace(made, goals=())
    if made.faces and told.measured:
        made = replace(made, faces=(face_measured(made, told),))
    held = tuple(name for name in told.held_out if name in made.held_out)
    return replace(made, score=Score(told.score), held_out=held or made.held_out)


def face_measured(made: Plan, told: RunRecord) -> Face:
    """The face that was measured when the copy was made, though the picture may have another size:
    the largest face now may be one that was not cloaked."""
    left, top, width, height = told.measured
    (high, wide), size = made.artwork.rgb.shape[1:], told.size or made.artwork.rgb.shape[:0:-1]
    middle = complex((left + width / 2) * wide / size[0], (top + height / 2) * high / size[1])

    def away(face: Face) -> float:
        left, top, right, bottom = face.box
        return abs(complex((left + right) / 2, (top + bottom) / 2) - middle)

    return min(made.faces, key=away)


def remembered(told: RunRecord, target: Any) -> tuple[Intent, bool]:  # noqa: ANN401
    """What was asked for when the copy was made, and whether its target is known."""
    from dataclasses import replace

    from ...flow.recipes import FACE_RECIPES
    from ...types import Export, Intent

    wanted = goal_words(told.goals)
    recipe, seed, names = told.recipe or "cloak", told.seed, told.surrogates or None
    export = Export(format="png", quality=100)
    if recipe in FACE_RECIPES:
        known = target is not None or "person" not in dict(FACE_RECIPES[recipe].goals)
        asked = Intent(recipe=recipe if known else "lowkey", seed=seed, surrogates=names)
        return replace(asked, target=target, export=export), known
    if target is not None:
        return Intent(target=target, seed=seed, surrogates=names, export=export), True
    if recipe == "cloak" and wanted.get("style"):
        intent = Intent(style=wanted["style"], seed=seed, surrogates=names, export=export)
        return intent, True
    if recipe != "cloak" and wanted.get("shows") and wanted.get("teach"):
        intent = Intent(
            recipe=recipe,
            style=wanted.get("style"),
            shows=wanted["shows"],
            teach=wanted["teach"],
            seed=seed,
            surrogates=names,
            export=export,
        )
        return intent, True
    return Intent(style="texture", seed=seed or 0, surrogates=names, export=export), False


def goal_words(goals: Sequence[Said]) -> dict[str, str]:
    """The name of a cloak's style and the two words of a poison, from the page's goals.

    A page of an older version has sentences there, which say nothing to a program.
    """
    told: dict[str, str] = {}
    for goal in goals:
        if isinstance(goal, Message) and goal.code in NAMED:
            told |= {name: str(word) for name, word in goal.fields.items()}
    return told


def report_lines(picture: Path, found: Report, page: Path, *, away: bool) -> list[str]:
    """Doubts first, then what is visible, the effect, and what is left of it.

    away  whether the recipe moves away from the original, so that the distance is the effect
    """
    from .. import results

    tried = [trial for trial in found.trials if trial.verdict != "not run"]
    worst = sorted((t for t in tried if t.left == t.left), key=lambda t: t.left)[:3]
    lines = [
        f"{picture.name}",
        *(f"  {speech.phrase('cli.doubt', doubt=speech.spoken(one))}" for one in found.doubts),
        f"  {results.visible_line(found)}",
        f"  {results.effect_line(found, away=away)}",
    ]
    if worst:
        least = tuple(message("cli.left_after", trial=one.says, left=one.left) for one in worst)
        lines.append(f"  {speech.phrase('cli.least_left', trials=least)}")
    said = found.record.notes if found.record else ()
    notes = (f"  {speech.phrase('cli.note', note=note)}" for note in said)
    return [*lines, *notes, f"  {speech.phrase('cli.page', page=page)}"]
