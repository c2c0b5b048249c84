"""Everything that can be chosen, as plain data. The docker draws its menus from this."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from functools import cache
from itertools import chain
from typing import Any

import pyvips

from ..denoisers import DENOISERS
from ..embedders import EMBEDDERS
from ..errors import EntryMissing
from ..formats import FORMATS, Format
from ..machine import weights
from ..marks import MARKS, Mark
from ..messages import learn, with_english
from ..purifiers import PURIFIERS, Purifier
from ..purifiers.sites import SITES
from ..registry import english
from ..surrogates import SURROGATES, Surrogate
from ..targets import TARGETS
from ..types import Recipe
from .encode import writable_formats
from .recipes import (
    EFFORTS,
    FACE_RECIPES,
    FACES_OFFERED,
    MODEL_RECIPES,
    RECIPES,
    SCORES,
    STEPS,
    STRENGTHS,
)

Row = dict[str, Any]

THUMBNAIL = 64  # pixels


def catalogue() -> dict[str, Any]:
    """Rows by kind; `code` is the message that describes a row, `says` its English text."""
    offered = RECIPES | {name: FACE_RECIPES[name] for name in FACES_OFFERED}
    return {
        "recipes": [recipe_row(name, recipe) for name, recipe in offered.items()],
        "model_recipes": [
            recipe_row(name, recipe)
            for name, recipe in MODEL_RECIPES.items()
            if recipe.denoising and not recipe.denoising.rounds  # for one picture
        ],
        "efforts": [
            coded("effort", name, EFFORTS[name]) | {"steps": STEPS[name]} for name in STEPS
        ],
        "strengths": [
            coded("strength", name, STRENGTHS[name]) | {"score": SCORES[name]} for name in SCORES
        ],
        "surrogates": rows("surrogate", SURROGATES, surrogate_row),
        "targets": rows("target", TARGETS, lambda entry: {"says": entry.says}),
        "styles": choice_rows("style"),
        "concepts": choice_rows("concept"),
        "purifiers": rows("purifier", PURIFIERS, purifier_row),
        "marks": rows("mark", MARKS, mark_row),
        "formats": rows("format", {name: FORMATS[name] for name in writable_formats()}, format_row),
        "sites": [
            coded("site", name, site.says) | {"longest": site.longest}
            for name, site in SITES.items()
        ],
    }


def coded(kind: str, name: str, says: str) -> Row:
    return {"name": name, "code": f"{kind}.{name}", "says": says}


def entry_words() -> dict[str, str]:
    """Message code -> English text, for texts that stand in entries' own files and not in
    en.json."""
    found: dict[str, str] = {}
    for row in chain.from_iterable(catalogue().values()):
        found |= english(row["code"], row) if "code" in row else {}
    for name in FORMATS:  # the catalogue lists only formats that can be written
        found |= english(f"format.{name}", vars(FORMATS[name]))
    for name, recipe in (FACE_RECIPES | MODEL_RECIPES).items():
        found |= english(f"recipe.{name}", vars(recipe))
    for name in DENOISERS:
        found |= english(f"denoiser.{name}", vars(DENOISERS[name]))
    for name in EMBEDDERS:
        found |= english(f"embedder.{name}", vars(EMBEDDERS[name]))
    learn(found)
    return found


def rows(kind: str, registry: Mapping[str, Any], describe: Callable[[Any], Row]) -> list[Row]:
    """One row per entry; for an entry that cannot run here, `missing` says why."""
    found = []
    for name in registry:
        try:
            entry = registry[name]
        except EntryMissing as error:
            found.append(coded(kind, name, name) | {"missing": with_english(error.message)})
        else:
            found.append(coded(kind, name, name) | {"missing": None} | describe(entry))
    return found


def recipe_row(name: str, recipe: Recipe) -> Row:
    """One recipe's row. Its `needs` are what the artist has to give with it: what its targets need,
    a model for its denoiser, or which faces."""
    kinds = [] if recipe.on_faces else [TARGETS[kind] for kind, _ in recipe.goals]
    needs = dict.fromkeys(one for kind in kinds for one in kind.needs)
    needs |= {"model": None} if recipe.denoising else {}
    needs |= {"faces": None} if recipe.on_faces else {}
    words = {"label": recipe.label, "note": recipe.note}
    return coded("recipe", name, recipe.says) | words | {"needs": list(needs)}


def surrogate_row(entry: Surrogate) -> Row:
    there = not entry.weights or weights.present(entry.folder)
    return {"says": entry.covers, "present": there}


def purifier_row(entry: Purifier) -> Row:
    return {"says": entry.says, "kind": entry.kind, "slow": entry.slow}


def mark_row(entry: Mark) -> Row:
    return {
        "says": entry.says,
        "label": entry.label,
        "note": entry.note,
        "stage": entry.stage,
        "formats": list(entry.formats),
    }


def format_row(entry: Format) -> Row:
    return {
        "says": entry.says,
        "suffixes": list(entry.suffixes),
        "lossy": entry.lossy,
        "depths": list(entry.depths),
    }


def choice_rows(kind: str) -> list[Row]:
    """The styles or concepts that can be chosen by name, each with a thumbnail (PNG in base64).

    A choice whose name is the same in every language has no code.
    """
    offered = TARGETS[kind].choices if kind in TARGETS else None
    return [
        {"name": row["name"], "says": row["says"], "thumbnail": thumbnail(row["picture"])}
        | ({"code": f"{kind}.{row['name']}"} if row["says"] != row["name"] else {})
        for row in (offered() if offered else ())
    ]


@cache
def thumbnail(picture: str) -> str:
    """A picture (base64) as PNG in base64, so small that all fit into the engine's first frame."""
    data = base64.b64decode(picture)
    small = pyvips.Image.thumbnail_buffer(data, THUMBNAIL, height=THUMBNAIL, crop="centre")
    return base64.b64encode(small.write_to_buffer(".png", strip=True)).decode()
