"""What may be asked of the service for one picture: the command line's settings, by their names.

Settings are left out that would name a file of the server's, sign with its certificate, or note a
stranger's picture in its ledger.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from ..flow.recipes import SCORES
from ..targets.style import styles
from ..types import Claim, Effort, Export, Intent, Strength, Visible
from ..units import Score

CARRIED = ("xmp", "visible")
"""Marks that need no file, certificate or ledger of the server's."""

Words = Annotated[str, Field(max_length=300)]
Word = Annotated[str, Field(max_length=60)]


class Settings(BaseModel):
    """One job's settings; each means what the option of its name means."""

    model_config = ConfigDict(extra="forbid")

    recipe: Literal["cloak", "poison", "both"] | None = None
    style: Word | None = None
    shows: Word | None = None
    teach: Word | None = None
    strength: Word = "auto"
    in_colour: bool = False
    effort: Literal["preview", "quick", "full"] = "quick"
    format: Literal["png", "jpeg", "webp", "tiff", "avif"] = "png"
    quality: Annotated[int, Field(ge=1, le=100)] = 95
    longest_side: Annotated[int, Field(ge=32, le=16384)] | None = None
    seed: Annotated[int, Field(ge=0, le=2**32 - 1)] | None = None
    marks: Word = "xmp"
    artist: Words = ""
    rights: Words = ""
    url: Words = ""
    title: Words = ""
    terms: Words = ""
    policy: Literal["search-only", "no-mining", "no-training", "no-generative"] = "search-only"
    visible: Word = ""
    keep_private: bool = False

    @field_validator("style")
    @classmethod
    def _known_style(cls, name: str | None) -> str | None:
        """Only a name that ships: a path would read a file of the server's."""
        if name is not None and name not in styles():
            raise ValueError(f"one of {', '.join(styles())}")
        return name

    @field_validator("strength")
    @classmethod
    def _known_strength(cls, word: str) -> str:
        if word != "auto" and word not in SCORES and not 0 < _number(word) < 100:
            raise ValueError(f"auto, {', '.join(SCORES)}, or a number between 0 and 100")
        return word

    @field_validator("marks")
    @classmethod
    def _carried(cls, names: str) -> str:
        if names != "none" and not set(_listed(names)) <= set(CARRIED):
            raise ValueError(f"none, or some of {', '.join(CARRIED)}")
        return names

    def intent(self) -> Intent:
        """What the engine is asked for."""
        export = Export(
            format=self.format,
            quality=self.quality,
            longest_side=self.longest_side,
            marks=() if self.marks == "none" else _listed(self.marks),
            claim=self._claim(),
            keep_private=self.keep_private,
        )
        effort: Effort = self.effort
        return Intent(
            recipe=self._implied_recipe(),
            style=self.style,
            shows=self.shows,
            teach=self.teach,
            strength=self._strength(),
            in_colour=self.in_colour,
            effort=effort,
            seed=self.seed,
            export=export,
        )

    def _claim(self) -> Claim:
        return Claim(
            creator=self.artist,
            rights=self.rights,
            url=self.url,
            title=self.title,
            usage_terms=self.terms,
            policy=self.policy,
            visible=Visible(text=self.visible) if self.visible else Visible(),
        )

    def _implied_recipe(self) -> str:
        """As on the command line: the recipe that has a use for every goal that is named."""
        concept = bool(self.shows or self.teach)
        implied = "both" if self.style and concept else "poison" if concept else "cloak"
        return self.recipe or implied

    def _strength(self) -> Strength | Score:
        known: dict[str, Strength] = {
            "auto": "auto",
            "subtle": "subtle",
            "balanced": "balanced",
            "strong": "strong",
        }
        return known.get(self.strength) or Score(_number(self.strength))


def _number(word: str) -> float:
    try:
        return float(word)
    except ValueError:
        return 0.0


def _listed(names: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in names.split(",") if name.strip())
