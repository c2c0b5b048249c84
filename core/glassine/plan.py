"""Artwork + intent -> plan: every decision is made here and nowhere later."""

from __future__ import annotations

import math
import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

from torch import Generator, Tensor

from . import encoders, marks
from .device import choose
from .errors import NotUsable, UnknownEntry
from .formats import FORMATS
from .formats.vips import SMALLEST, check_sides
from .recipes import AT_ONCE, RECIPES, SCORES, STEPS
from .surrogates import SMALL, named
from .targets import TARGETS
from .targets.concept import tidy
from .targets.resize import lanczos, lanczos_seen
from .types import Artwork, Export, Goal, Intent, Plan, Recipe
from .units import Score
from .visibility import texture_allowance

T = TypeVar("T")


def plan(artwork: Artwork, intent: Intent, *, device: str = "auto") -> Plan:
    """Every choice that the intent left open is made; nothing is computed yet."""
    whole, artwork = artwork, resized(artwork, intent.export.longest_side)
    seed = secrets.randbelow(2**31) if intent.seed is None else intent.seed
    used, steps = surrogates(intent), known("effort", intent.effort, STEPS)
    recipe = gathered(known("recipe", intent.recipe, RECIPES), used, intent.effort)
    place = choose(device).kind
    check(intent)
    fits(artwork, intent.export)
    return Plan(
        artwork=artwork,
        recipe=recipe,
        export=decided(intent.export),
        surrogates=used,
        held_out=tuple(name for name in encoders.present() if name not in used),
        goals=goals(artwork, intent, recipe, seed, place),
        allowance=allowance(artwork, followed(intent.mask, whole, artwork)),
        score=score(intent),
        steps=steps,
        seed=seed,
        device=place,
        caption=caption(intent),
        warm=started(recipe, used, steps),
    )


def known(kind: str, name: str, table: Mapping[str, T]) -> T:
    if name not in table:
        raise UnknownEntry(kind, name, table)
    return table[name]


def check(intent: Intent) -> None:
    """Names and networks that are used only at the end fail now, not after minutes of work."""
    encoders.sound()
    _ = FORMATS[intent.export.format], [marks.MARKS[name] for name in intent.export.marks]


def fits(artwork: Artwork, export: Export) -> None:
    """The same for a picture that is longer than its format can hold."""
    entry = FORMATS[export.format]
    if entry.largest is not None:
        check_sides(artwork.rgb, entry.largest, entry.says.partition(",")[0])


def decided(export: Export) -> Export:
    """What the marks choose where the claim leaves it open: a watermark's id."""
    for _, mark in marks.named(export.marks):
        if mark.decide:
            export = replace(export, claim=mark.decide(export.claim))
    return export


def surrogates(intent: Intent) -> tuple[str, ...]:
    """What was asked for, else every real one that is present, else the one that ships."""
    names = intent.surrogates or encoders.present() or (SMALL,)
    for name in names:
        named(name)
    return names


def gathered(recipe: Recipe, names: tuple[str, ...], effort: str) -> Recipe:
    """More families in every step where the effort allows it and the network is a cheap one."""
    cheap = all(named(name).draw for name in names)
    return replace(recipe, draw=AT_ONCE[effort]) if cheap and effort in AT_ONCE else recipe


def started(recipe: Recipe, names: tuple[str, ...], steps: int) -> int:
    """Steps of the cheap start. Where as many real ones follow, it adds nothing (measured)."""
    return recipe.warm if likened(names) and steps < recipe.warm else 0


def likened(names: tuple[str, ...]) -> bool:
    """Whether the embedded surrogate holds a likeness of one of them, and is not used itself."""
    covered = named(SMALL).families
    return SMALL not in names and any(name in covered for name in names)


def score(intent: Intent) -> Score:
    if isinstance(intent.strength, str):
        return known("strength", intent.strength, SCORES)
    return intent.strength


def goals(
    artwork: Artwork, intent: Intent, recipe: Recipe, seed: int, device: str
) -> tuple[Goal, ...]:
    """The recipe's goals as pictures; a picture or texture the artist names replaces the style."""
    draw, found = Generator().manual_seed(seed), []
    for kind, weight in recipe.goals:
        if kind == "style" and intent.target is not None:
            kind = "picture"
        elif kind == "style" and intent.style == "texture":
            kind = "texture"
        found.append(replace(TARGETS[kind].picture(artwork, intent, draw, device), weight=weight))
    return tuple(found)


def caption(intent: Intent) -> str:
    """Poison without its word does nothing: the words that must stand beside the picture."""
    if not intent.shows or intent.recipe == "cloak":
        return ""
    word = tidy(intent.shows)
    return f"a picture of {'an' if word[:1] in tuple('aeiou') else 'a'} {word}"


def allowance(artwork: Artwork, mask: Tensor | None) -> Tensor:
    """(1, H, W) in [0, 1]: more in texture, less in flats, nothing outside mask and alpha."""
    limit = texture_allowance(artwork.rgb)
    if mask is not None:
        if mask.shape != limit.shape:
            raise NotUsable(
                f"The mask is {mask.shape[2]} x {mask.shape[1]} pixels and the picture is "
                f"{limit.shape[2]} x {limit.shape[1]}. Paint the mask over the same picture."
            )
        limit = limit * mask
    if artwork.alpha is not None:
        limit = limit * (artwork.alpha > 0)
    if not limit.any():
        raise NotUsable(
            "This picture was to be protected, but no pixel of it may change: it is all "
            "transparent or all masked out. Check the mask and the layers that are shown."
        )
    return limit


def resized(artwork: Artwork, longest: int | None) -> Artwork:
    """At export size first: what is protected is what will be posted."""
    height, width = artwork.rgb.shape[1:]
    if longest is None or longest >= max(height, width):
        return artwork
    factor = longest / max(height, width)
    size = max(1, round(height * factor)), max(1, round(width * factor))
    if longest < (needed := least(artwork)):
        raise NotUsable(
            f"A copy of {size[1]} x {size[0]} pixels was asked for, and Glassine needs {SMALLEST} "
            f"on each side. Ask for a longest side of at least {needed} for this picture."
        )
    rgb, alpha = lanczos_seen(artwork.rgb, artwork.alpha, *size)
    return replace(artwork, rgb=rgb, alpha=alpha)


def least(artwork: Artwork) -> int:
    """The longest side in pixels at which the other one is still large enough to be protected."""
    sides = artwork.rgb.shape[1:]
    return math.ceil(SMALLEST * max(sides) / min(sides))


def followed(mask: Tensor | None, before: Artwork, after: Artwork) -> Tensor | None:
    """The mask, as small as its picture has become; one of a wrong size stays as it is."""
    if mask is None or mask.shape[1:] != before.rgb.shape[1:]:
        return mask
    height, width = after.rgb.shape[1:]
    return lanczos(mask, height, width)
