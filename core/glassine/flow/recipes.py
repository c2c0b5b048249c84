"""Named ways to protect. A recipe is data: no recipe has code of its own."""

from ..explore.training_sizes import SIZES
from ..types import Recipe
from ..units import Levels, Score

STEPS = {"preview": 3, "quick": 10, "full": 30}
"""Optimiser steps by effort: three give a first idea, ten 95 % of what thirty give."""

EFFORTS = {"preview": "Draft", "quick": "Quick", "full": "Thorough"}
STRENGTHS = {"subtle": "subtle", "balanced": "balanced", "strong": "strong"}
"""What a menu calls them in English."""

AT_ONCE = {"full": 2}
"""Families that one step on the embedded surrogate looks at, where not one in turn.

Two close 8 % more in thirty steps at twice the cost, and 3 % more than sixty steps on one; all five
another 5 % at five times (lab/study/embedded).
"""

SCORES = {"subtle": Score(85), "balanced": Score(70), "strong": Score(55)}
"""What the words for strength mean: SSIMULACRA2 of the finished file."""

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
            sizes=tuple(SIZES),
        ),
        Recipe(
            name="poison",
            label="Poison",
            says="Moves what the picture shows, as models see it, towards another concept",
            goals=(("concept", 1.0),),
            reach=Levels(8),
            sizes=tuple(SIZES),
        ),
        Recipe(
            name="both",
            label="Both",
            says="Cloak and poison in one optimisation",
            goals=(("style", 0.5), ("concept", 0.5)),
            reach=Levels(8),
            sizes=tuple(SIZES),
        ),
    )
}
