"""Named ways to protect. A recipe is data: no recipe has code of its own."""

from ..types import ArtName, Denoising, Recipe, Strength
from ..units import Levels, Score

STEPS = {"preview": 4, "quick": 20, "full": 60}
"""Optimiser steps by effort, each through one family's encoder. Sixty have what 120 have, and at
the same visibility up to a quarter more than twenty (docs/eye.md)."""

FINE_STEPS = STEPS | {"quick": 40, "full": 120}
"""Where every step sees another face, or another level of a denoiser's noise."""

EFFORTS = {"preview": "Draft", "quick": "Quick", "full": "Thorough"}
STRENGTHS = {"subtle": "subtle", "balanced": "balanced", "strong": "strong"}
"""What a menu calls them in English."""

SCORES = {"subtle": Score(85), "balanced": Score(70), "strong": Score(55)}
"""What the words for strength mean: SSIMULACRA2 of the finished file."""

START: dict[ArtName, Strength] = {
    "photo": "balanced",
    "painting": "balanced",
    "grey": "balanced",
    "line": "subtle",
    "flat": "subtle",
    "pixel": "subtle",
}
"""What each kind of picture begins with: where nothing hides a change, little of it."""

DETAIL = 0.06
"""Share of the goals' fine detail with which the search on a small picture begins. With it a change
does more at the same visibility, most of all to encoders that no step looked at (docs/eye.md)."""

BOUND = 2.5
"""The most that steps may change a value, as a factor on the reach: the judges in the loop keep a
change from showing where it would, so the bound need not (docs/eye.md)."""

TRAVEL = float(STEPS["quick"])
"""More steps of the same size go back and forth: 120 then close no more than 20 do, and less after
a JPEG (docs/eye.md)."""

_POISON_NOTE = (
    "Not shown to work: of what a model drew that had learnt strong poison in our study, 1 % was "
    "taken for the other concept; after wrong captions it was 54 %."
)
"""lab/study/results says so; a test compares."""

RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            name="cloak",
            label="Cloak",
            says="Moves the picture's style, as models see it, towards another style",
            note="Raises the cost of imitating you; published methods can remove it again.",
            goals=(("style", 1.0),),
            reach=Levels(8),
            bound=BOUND,
            detail=DETAIL,
            momentum=0.5,
            travel=TRAVEL,
        ),
        Recipe(
            name="poison",
            label="Poison",
            says="Moves what the picture shows, as models see it, towards another concept",
            note=_POISON_NOTE,
            goals=(("concept", 1.0),),
            reach=Levels(8),
            bound=BOUND,
            detail=DETAIL,
            momentum=0.5,
            travel=TRAVEL,
        ),
        Recipe(
            name="both",
            label="Both",
            says="Cloak and poison in one optimisation",
            note=_POISON_NOTE,
            goals=(("style", 0.5), ("concept", 0.5)),
            reach=Levels(8),
            bound=BOUND,
            detail=DETAIL,
            momentum=0.5,
            travel=TRAVEL,
        ),
    )
}

FACE_RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            name="fawkes",
            label="Other face",
            says="Moves each face, as face networks see it, towards a drawn face far from it",
            note="Lowers the odds of being found by face; unknown networks are hardly moved.",
            goals=(("identity", 1.0),),
            reach=Levels(16),
            tint=0.0,
            on_faces=True,
        ),
        Recipe(
            name="lowkey",
            label="Face",
            says="Moves each face, as face networks see it, away from itself",
            note="Lowers the odds of being found by face; unknown networks are hardly moved.",
            goals=(("oneself", 1.0),),
            reach=Levels(16),
            tint=0.0,
            on_faces=True,
            away=True,
        ),
        Recipe(
            name="foggysight",
            label="Decoy",
            says="Moves each face, as face networks see it, towards that of a person to protect",
            note="Helps somebody else: look-ups for that person return this face too.",
            goals=(("person", 1.0),),
            reach=Levels(16),
            tint=0.0,
            on_faces=True,
        ),
    )
}
"""Against recognition, after Fawkes (Shan et al., 2020), LowKey (Cherepanova et al., 2021) and
FoggySight (Evtimov et al., 2020)."""

MODEL_RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            name="advdm",
            label="Against the denoiser",
            says="Makes the picture hard to denoise for a model that lies on this computer",
            note="Needs a local model; works against that model and its relatives.",
            goals=(),
            reach=Levels(8),
            tint=0.0,
            away=True,
            denoising=Denoising(loss="error", source="Liang et al. (2023), arXiv 2302.04578"),
        ),
        Recipe(
            name="advdm-word",
            label="Against a word",
            says="The same at little noise, where a model learns a word of its own for pictures",
            note="Needs a local model; against textual inversion, which learns at little noise.",
            goals=(),
            reach=Levels(8),
            tint=0.0,
            away=True,
            denoising=Denoising(
                loss="error", high=0.5, source="Styborski et al. (2025), arXiv 2507.10578"
            ),
        ),
        Recipe(
            name="advdm-early",
            label="Against the first steps",
            says="The same at much noise, where models of flow matching decide what is drawn",
            note="Needs a local model; made for Stable Diffusion 3 and FLUX.1.",
            goals=(),
            reach=Levels(8),
            tint=0.0,
            away=True,
            denoising=Denoising(
                loss="error", low=0.7, source="Shen et al. (2025), arXiv 2512.16625"
            ),
        ),
        Recipe(
            name="sds",
            label="Smoothed by the denoiser",
            says="Moves the picture to where a model on this computer finds nothing left to learn",
            note="Needs a local model; works against that model and its relatives.",
            goals=(),
            reach=Levels(8),
            tint=0.0,
            denoising=Denoising(loss="distilled", source="Xue et al. (2024), arXiv 2311.12832"),
        ),
        Recipe(
            name="mist",
            label="Texture through the denoiser",
            says="Moves what a model on this computer sees, and its denoiser, towards a texture",
            note="Needs a local model; works against that model and its relatives.",
            goals=(("texture", 1.0),),
            reach=Levels(8),
            denoising=Denoising(
                loss="goal", share=0.5, source="Zheng et al. (2023), arXiv 2310.04687"
            ),
        ),
        Recipe(
            name="cloak-sds",
            label="Cloak and denoiser",
            says="Cloak, and every second step as a model's denoiser would smooth the picture",
            note="Needs a local model; works against that model and its relatives.",
            goals=(("style", 1.0),),
            reach=Levels(8),
            denoising=Denoising(
                loss="distilled", share=0.5, source="Xue et al. (2024), arXiv 2311.12832"
            ),
        ),
        Recipe(
            name="subject",
            label="A set of pictures",
            says="Makes a set of pictures hard to learn for a model that is taught them meanwhile",
            note="Needs a local model and hours; for a whole folder at once.",
            goals=(),
            reach=Levels(8),
            tint=0.0,
            away=True,
            denoising=Denoising(
                loss="error",
                rounds=10,
                lessons=10,
                source="Van Le et al. (2023), arXiv 2303.15433",
            ),
        ),
    )
}
"""Through the denoiser of a model that the artist names by its folder."""

FACES_OFFERED = ("lowkey", "fawkes")
"""Of these, what a picture alone is enough for: what the docker offers beside the others."""


def steps_by_effort(recipe: Recipe) -> dict[str, int]:
    """Steps of the recipe, by effort."""
    return FINE_STEPS if recipe.on_faces or recipe.denoising else STEPS
