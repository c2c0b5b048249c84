"""Everything there is to choose, as plain data. The docker draws its menus from it."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import pyvips

from ..errors import EntryMissing
from ..formats import FORMATS
from ..machine import weights
from ..marks import MARKS, Mark
from ..purifiers import PURIFIERS, Purifier
from ..purifiers.sites import SITES, Site
from ..surrogates import SURROGATES, Surrogate
from ..targets import TARGETS
from .encode import writable_formats
from .recipes import RECIPES, SCORES, STEPS

Row = dict[str, Any]

THUMBNAIL = 64  # pixels


def catalogue() -> dict[str, Any]:
    return {
        "recipes": [{"name": name, "says": recipe.says} for name, recipe in RECIPES.items()],
        "efforts": [{"name": name, "steps": steps} for name, steps in STEPS.items()],
        "strengths": [{"name": name, "score": score} for name, score in SCORES.items()],
        "surrogates": rows(SURROGATES, surrogate_row),
        "targets": rows(TARGETS, lambda name, entry: {"says": entry.says}),
        "styles": choice_rows("style"),
        "concepts": choice_rows("concept"),
        "purifiers": rows(PURIFIERS, purifier_row),
        "marks": rows(MARKS, mark_row),
        "formats": [format_row(name) for name in writable_formats()],
        "sites": [site_row(name, site) for name, site in SITES.items()],
    }


def rows(registry: Mapping[str, Any], describe: Callable[[str, Any], Row]) -> list[Row]:
    """One row per entry; one that cannot run here is listed with the reason."""
    found = []
    for name in registry:
        try:
            found.append({"name": name, "missing": "", **describe(name, registry[name])})
        except EntryMissing as error:
            found.append({"name": name, "says": name, "missing": str(error)})
    return found


def surrogate_row(name: str, entry: Surrogate) -> Row:
    there = not entry.weights or weights.present(entry.folder)
    return {"says": entry.covers, "present": there}


def purifier_row(name: str, entry: Purifier) -> Row:
    return {"says": entry.says, "kind": entry.kind, "slow": entry.slow}


def site_row(name: str, site: Site) -> Row:
    """The longest side up to which that site keeps a picture's pixels."""
    return {"name": name, "says": site.says, "longest": site.longest}


def mark_row(name: str, entry: Mark) -> Row:
    return {
        "says": entry.says,
        "note": entry.note,
        "stage": entry.stage,
        "formats": list(entry.formats),
    }


def format_row(name: str) -> Row:
    entry = FORMATS[name]
    return {
        "name": name,
        "says": entry.says,
        "suffixes": list(entry.suffixes),
        "lossy": entry.lossy,
        "depths": list(entry.depths),
    }


def choice_rows(kind: str) -> list[Row]:
    """What a target can be asked for by name, with a thumbnail (PNG in base64) of each."""
    offered = TARGETS[kind].choices if kind in TARGETS else None
    if offered is None:
        return []
    return [
        {"name": row["name"], "says": row["says"], "thumbnail": thumbnail(row["picture"])}
        for row in offered()
    ]


@cache
def thumbnail(picture: str) -> str:
    """Small enough that all of them fit into the engine's first frame."""
    data = base64.b64decode(picture)
    small = pyvips.Image.thumbnail_buffer(data, THUMBNAIL, height=THUMBNAIL, crop="centre")
    return base64.b64encode(small.write_to_buffer(".png", strip=True)).decode()
