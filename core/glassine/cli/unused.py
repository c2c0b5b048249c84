"""Options that would have no effect: they are refused, not ignored without a word."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import click
from click.core import ParameterSource

from .speech import misused

GOALS = {"style": ("style", "target"), "concept": ("shows", "teach", "anchor", "campaign")}
"""Kind of goal -> the options that only matter to it."""

MODEL = ("model", "prompt", "redraw")
"""Options that only matter to recipes with a denoiser."""

CARRIED = {
    "visible": ("visible",),
    "signature": ("visible",),
    "layout": ("visible",),
    "opacity": ("visible",),
    "certificate": ("c2pa",),
    "key": ("c2pa",),
    "artist": ("xmp", "c2pa"),
    "rights": ("xmp", "c2pa"),
    "url": ("xmp", "c2pa"),
    "policy": ("xmp", "c2pa"),
    "terms": ("xmp",),
    "title": ("xmp", "c2pa", "receipt"),
}
"""Option -> the marks that use it."""

RIVALS = (
    ("style", "target"),
    ("visible", "signature"),
    ("campaign", "teach"),
    ("campaign", "anchor"),
)
"""Pairs of options of which only one would have an effect."""


def implied_recipe(given: dict[str, Any]) -> str:
    """The recipe that was named, else the one that uses every option about a goal."""
    style, concept = (any(given[name] for name in names) for names in GOALS.values())
    return given["recipe"] or ("both" if style and concept else "poison" if concept else "cloak")


def refuse_unused(given: dict[str, Any], recipe: str, marks: Collection[str], format_: str) -> None:
    """Raises UsageError where an option on the command line would have no effect.

    One that was set in the environment is meant for many exports, and is not refused.
    """
    from ..flow.recipes import MODEL_RECIPES, RECIPES
    from ..formats import FORMATS

    if typed(given, "quality") and not FORMATS[format_].lossy:
        raise misused("cli.quality_unused", format=format_)
    for one, other in RIVALS:
        if typed(given, one) and typed(given, other):
            raise misused("cli.rivals", one=one, other=other)
    goals = dict((RECIPES | MODEL_RECIPES)[recipe].goals)
    for name in MODEL:
        if recipe not in MODEL_RECIPES and typed(given, name):
            raise misused(
                "cli.model_unused", name=name, recipe=recipe, recipes=tuple(MODEL_RECIPES)
            )
    for kind, names in GOALS.items():
        for name in names:
            if kind not in goals and typed(given, name):
                raise misused("cli.recipe_unused", name=name, recipe=recipe)
    for name, carriers in CARRIED.items():
        if typed(given, name) and not set(carriers) & set(marks):
            wanted = ",".join((carriers[0], *marks))
            raise misused(
                "cli.carried_by_none",
                count=len(carriers),
                name=name,
                marks=carriers,
                wanted=wanted,
            )


def typed(given: dict[str, Any], name: str) -> bool:
    """Whether the option stands on the command line, with a value."""
    context = click.get_current_context(silent=True)
    source = context.get_parameter_source(name) if context else ParameterSource.COMMANDLINE
    return source is ParameterSource.COMMANDLINE and given[name] not in (None, "")
