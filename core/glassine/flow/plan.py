"""Artwork + intent -> plan: every decision is made here and nowhere later."""

from __future__ import annotations

import math
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from torch import Generator, Tensor

from .. import marks
from ..denoisers.folder import parts_in
from ..denoisers.loaded import check_libraries
from ..errors import NotUsable, UnknownEntry
from ..explore.training_sizes import training_sizes
from ..faces.portrait import portrait
from ..formats import FORMATS
from ..formats.carried.publish import carrying
from ..formats.vips import SMALLEST, check_sides
from ..machine.device import choose
from ..machine.weights import RESEARCH, is_shipped, model_folder
from ..messages import Message, message
from ..pixels.art import art_of
from ..pixels.flatten import on_white
from ..pixels.resize import lanczos, lanczos_seen
from ..surrogates import SMALL, encoders, surrogate_named
from ..targets import TARGETS
from ..targets.concept import tidy
from ..types import Art, ArtName, Artwork, Export, Face, Goal, Intent, Plan, Recipe
from ..units import Score
from ..visibility import texture_allowance
from .recipes import FACE_RECIPES, MODEL_RECIPES, RECIPES, SCORES, START, steps_by_effort

T = TypeVar("T")
_WAS_GREY = ("colour.grey", "colour.grey_stored")  # said of a file that had one channel


def plan(artwork: Artwork, intent: Intent, *, device: str = "auto") -> Plan:
    """The plan for that intent: every open choice is made, and no step is taken yet."""
    artwork = carrying(artwork, intent.export)
    art = art_of(on_white(artwork.rgb, artwork.alpha))
    said = (*encoders.unusable_surrogates(), *told_of(art, intent))
    if stays_grey(artwork, art, intent):
        artwork = as_grey(artwork)
    artwork = replace(artwork, notes=(*artwork.notes, *said))
    whole, artwork = artwork, at_export_size(artwork, intent.export.longest_side)
    seed = secrets.randbelow(2**31) if intent.seed is None else intent.seed
    recipe = recipe_named(intent.recipe)
    sizes = training_sizes(*artwork.rgb.shape[1:])
    efforts = steps_by_effort(recipe)
    place = choose(device).kind
    check_asked(artwork, intent, recipe)
    aimed = (aimed_at_faces if recipe.on_faces else aimed_at_picture)(
        artwork, intent, recipe, seed, place
    )
    mask = masked(mask_at_export_size(intent.mask, whole, artwork), aimed.mask)
    return Plan(
        artwork=replace(artwork, notes=(*artwork.notes, *aimed.notes)),
        recipe=recipe,
        export=decide_marks(intent.export),
        surrogates=aimed.used,
        held_out=aimed.held_out,
        goals=aimed.goals,
        allowance=allowance_map(artwork, mask),
        score=score_of(intent, art.name),
        steps=entry_named("effort", intent.effort, efforts) * max(1, len(aimed.faces)),
        seed=seed,
        device=place,
        caption=caption_for(intent),
        also_at=() if recipe.on_faces else sizes,
        art=replace(art, grey=art.grey and not intent.in_colour),
        faces=aimed.faces,
        model=str(model_folder(intent.model)) if intent.model else "",
        prompt=intent.prompt if intent.model else "",
        found=intent.found,
        redraw=bool(intent.model) and intent.redraw,
    )


@dataclass(frozen=True)
class Aimed:
    """What a recipe works against, and where on the picture.

    used      surrogates or embedders to optimise against
    held_out  those that only measure
    mask      (1, H, W) in [0, 1]: where the picture may change; None: everywhere
    notes     for the artwork
    """

    used: tuple[str, ...]
    held_out: tuple[str, ...]
    goals: tuple[Goal, ...]
    faces: tuple[Face, ...] = ()
    mask: Tensor | None = None
    notes: tuple[Message, ...] = ()


def aimed_at_picture(
    artwork: Artwork, intent: Intent, recipe: Recipe, seed: int, place: str
) -> Aimed:
    encoders.check_weights(intent.surrogates or ())
    used = chosen_surrogates(intent)
    held = tuple(name for name in encoders.present_surrogates() if name not in used)
    return Aimed(used, held, goal_pictures(artwork, intent, recipe, seed, place))


def aimed_at_faces(
    artwork: Artwork, intent: Intent, recipe: Recipe, seed: int, place: str
) -> Aimed:
    """As `aimed_at_picture`, for a recipe on faces. The seed is not used: nothing is drawn."""
    seen = portrait(artwork, intent, recipe, place)
    return Aimed(seen.used, seen.held_out, seen.goals, seen.faces, seen.mask, seen.notes)


def masked(one: Tensor | None, other: Tensor | None) -> Tensor | None:
    """Both masks multiplied; where their sizes differ, the first as it is: `allowance_map` refuses
    it."""
    if one is None or other is None or one.shape != other.shape:
        return other if one is None else one
    return one * other


def recipe_named(name: str) -> Recipe:
    """Of every kind: for pictures, faces and models."""
    return entry_named("recipe", name, RECIPES | FACE_RECIPES | MODEL_RECIPES)


def entry_named(kind: str, name: str, table: Mapping[str, T]) -> T:
    if name not in table:
        raise UnknownEntry(kind, name, table)
    return table[name]


def check_asked(artwork: Artwork, intent: Intent, recipe: Recipe) -> None:
    """Raises now where something would fail only after minutes of work."""
    check_names(intent)
    check_model(intent, recipe)
    check_sides_fit(artwork, intent.export)


def check_names(intent: Intent) -> None:
    """Raises where the export's format or one of its marks is unknown or cannot run here."""
    _ = FORMATS[intent.export.format], [marks.MARKS[name] for name in intent.export.marks]


def check_model(intent: Intent, recipe: Recipe) -> None:
    """Raises where the recipe needs a model that is missing or incomplete, where a model is named
    and the recipe uses none, and where the recipe is for sets of pictures only."""
    if recipe.denoising and not intent.model:
        raise NotUsable("plan.no_model", recipe=recipe.name)
    if intent.model and not recipe.denoising:
        raise NotUsable("plan.model_unused", recipe=recipe.name, recipes=tuple(MODEL_RECIPES))
    if recipe.denoising and recipe.denoising.rounds and not intent.found:
        raise NotUsable("plan.only_sets", recipe=recipe.name)
    if intent.model:
        check_libraries()
        parts_in(model_folder(intent.model))


def check_sides_fit(artwork: Artwork, export: Export) -> None:
    """Raises where a side of the picture is longer than its format can hold."""
    entry = FORMATS[export.format]
    if entry.largest is not None:
        check_sides(artwork.rgb, entry.largest, entry.says.partition(",")[0])


def decide_marks(export: Export) -> Export:
    """The export with what marks choose where the claim leaves it open: a watermark's id."""
    for _, mark in marks.marks_in_order(export.marks):
        if mark.decide:
            export = replace(export, claim=mark.decide(export.claim))
    return export


def chosen_surrogates(intent: Intent) -> tuple[str, ...]:
    """The surrogates that were asked for, else the model's own encoder, else every real one that is
    present, else the one that ships."""
    own = own_encoder(intent.model or "")
    names = intent.surrogates or own or encoders.present_surrogates() or (SMALL,)
    for name in names:
        surrogate_named(name)
    return names


def own_encoder(model: str) -> tuple[str, ...]:
    """The encoder in front of that model, as `surrogate_named` takes it; none without a model."""
    if not model:
        return ()
    return (RESEARCH if is_shipped(model_folder(model)) else model,)


def score_of(intent: Intent, kind: ArtName) -> Score:
    if isinstance(intent.strength, str):
        word = START[kind] if intent.strength == "auto" else intent.strength
        return entry_named("strength", word, SCORES)
    return intent.strength


def told_of(art: Art, intent: Intent) -> tuple[Message, ...]:
    """Notes about what the kind of picture decided, or advises."""
    kind, start = message(f"art.{art.name}"), START[art.name]
    word = message(f"art.{start}")
    said = []
    if intent.strength == "auto" and start != "balanced":
        said.append(message("art.begun", kind=kind, strength=word, score=SCORES[start]))
    elif start == "subtle" and score_of(intent, art.name) < SCORES[start]:
        said.append(message("art.shows", kind=kind, strength=word))
    if art.grey and not intent.in_colour:
        said.append(message("art.grey_stays"))
    if art.grid:
        said.append(message("art.cells", cell=art.grid.cell))
    elif art.name == "pixel":
        said.append(message("art.no_cells"))
    return tuple(said)


def stays_grey(artwork: Artwork, art: Art, intent: Intent) -> bool:
    """Whether the copy can be stored with one channel: all three hold the same and will stay so.

    A colour profile stands against it, unless reading converted a grey file to that profile.
    """
    if not art.grey or intent.in_colour or "visible" in intent.export.marks:
        return False
    plain = artwork.keep.icc is None or any(note.code in _WAS_GREY for note in artwork.notes)
    return plain and bool((artwork.rgb == artwork.rgb[:1]).all())


def as_grey(artwork: Artwork) -> Artwork:
    """The artwork, to be stored with one channel; notes that it was stored with three are gone."""
    notes = tuple(note for note in artwork.notes if note.code not in _WAS_GREY)
    return replace(artwork, keep=replace(artwork.keep, grey=True, icc=None), notes=notes)


def goal_pictures(
    artwork: Artwork, intent: Intent, recipe: Recipe, seed: int, device: str
) -> tuple[Goal, ...]:
    """The recipe's goals as pictures. Where the artist gave a picture or chose "texture", that
    takes the place of the style."""
    draw, found = Generator().manual_seed(seed), []
    for kind, weight in recipe.goals:
        if kind == "style" and intent.target is not None:
            kind = "picture"
        elif kind == "style" and intent.style == "texture":
            kind = "texture"
        found.append(replace(TARGETS[kind].picture(artwork, intent, draw, device), weight=weight))
    return tuple(found)


def caption_for(intent: Intent) -> str:
    """The words that must stand beside a poisoned picture, "" for others: without them poison has
    no effect."""
    if intent.recipe not in ("poison", "both"):
        return ""
    return caption_of(intent.shows or "", intent.caption)


def caption_of(shows: str, rule: str = Intent.caption) -> str:
    """The caption for a picture of `shows`, by that rule; "" where `shows` is empty."""
    word = tidy(shows)
    concept = f"{'an' if word[:1] in tuple('aeiou') else 'a'} {word}"
    return rule.replace("{concept}", concept) if word else ""


def allowance_map(artwork: Artwork, mask: Tensor | None) -> Tensor:
    """(1, H, W) in [0, 1]: more in texture, less in flat areas, 0 outside mask and alpha.

    Raises NotUsable for a mask of another size, and where nothing may change.
    """
    limit = texture_allowance(artwork.rgb)
    if mask is not None:
        if mask.shape != limit.shape:
            (height, width), (high, wide) = mask.shape[1:], limit.shape[1:]
            raise NotUsable("plan.mask_size", width=width, height=height, wide=wide, high=high)
        limit = limit * mask
    if artwork.alpha is not None:
        limit = limit * (artwork.alpha > 0)
    if not limit.any():
        raise NotUsable("plan.nothing_free")
    return limit


def at_export_size(artwork: Artwork, longest: int | None) -> Artwork:
    """The artwork, reduced to the export's longest side: protect what will be posted."""
    height, width = artwork.rgb.shape[1:]
    if longest is None or longest >= max(height, width):
        return artwork
    factor = longest / max(height, width)
    size = max(1, round(height * factor)), max(1, round(width * factor))
    if longest < (needed := least_longest_side(artwork)):
        raise NotUsable(
            "plan.copy_too_small", width=size[1], height=size[0], least=SMALLEST, needed=needed
        )
    rgb, alpha = lanczos_seen(artwork.rgb, artwork.alpha, *size)
    return replace(artwork, rgb=rgb, alpha=alpha)


def least_longest_side(artwork: Artwork) -> int:
    """The longest side in pixels at which the shorter side still has SMALLEST pixels."""
    sides = artwork.rgb.shape[1:]
    return math.ceil(SMALLEST * max(sides) / min(sides))


def mask_at_export_size(mask: Tensor | None, before: Artwork, after: Artwork) -> Tensor | None:
    """The mask, reduced as its picture was; a mask of a wrong size stays, to be refused later."""
    if mask is None or mask.shape[1:] != before.rgb.shape[1:]:
        return mask
    height, width = after.rgb.shape[1:]
    return lanczos(mask, height, width)
